// How a suite tells the runner what happened: one JSON object a line on stdout. Every suite, in
// whatever language, speaks this; anything else a suite prints is for people.

const tell = (record) => process.stdout.write(`${JSON.stringify(record)}\n`);

/** A case ended; `error` is the text of what went wrong, none where it went well. */
export const tellCase = (name, milliseconds, error) => tell({ kind: 'case', name, milliseconds: Math.round(milliseconds), error });

/**
 * A client's method: `state` is passed, refused (passed by the refusal that is its only
 * answer), failed, unserved, uncovered (served, and no case calls it), or unlisted (answers, and --routes is silent).
 */
export const tellMethod = ({ client, name, http, path }, state) => tell({ kind: 'method', client, name, http, path, state });

/**
 * Runs `[name, body]` cases one after the other; `filter` leaves those whose name
 * holds it. Where `argument` has a `told()`, what it tells after a case fails that case.
 */
export async function runCases(cases, filter, argument) {
  const names = cases.map(([name]) => name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice) throw new Error(`two cases are called ${twice}`);
  let failed = 0;
  for (const [name, body] of cases) {
    if (filter && !name.includes(filter)) continue;
    const before = performance.now();
    let error;
    try {
      await body(argument);
      error = argument.told?.() || undefined;
    } catch (thrown) {
      error = `${argument.told?.() ?? ''}\n${thrown?.stack ?? thrown}`;
    }
    if (error) failed += 1;
    tellCase(name, performance.now() - before, error);
  }
  return failed;
}
