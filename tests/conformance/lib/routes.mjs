// What the sandbox says it serves, and whether an endpoint is among it.

import { execFileSync } from 'node:child_process';

/** Dated versions that a `{date}` in a pattern stands for. */
export const DATES = ['2026-03', '2026-09'];

/** The rows of `portico-sandbox --routes`. */
export function servedBy(program) {
  return execFileSync(program, ['--routes'], { encoding: 'utf8', maxBuffer: 1 << 24 })
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [http, path] = line.split(/\s+/);
      return { http, path, scopes: /\[(.*?)\]/.exec(line)?.[1] ?? '', parts: parts(path) };
    });
}

/** The row that answers an endpoint, whose own parameters stand in braces; none where nothing does. */
export function servingRow(rows, http, path) {
  const wanted = parts(path);
  return rows.find(
    (row) =>
      row.http === http &&
      row.parts.length === wanted.length &&
      row.parts.every((part, at) => {
        if (part === '{date}') return DATES.includes(wanted[at]);
        // A word of the client's fits a parameter only where it names a type of objects.
        if (isParameter(wanted[at]) || /objecttype/i.test(part)) return isParameter(part);
        return part === wanted[at];
      }),
  );
}

const isParameter = (part) => part.startsWith('{') && part.endsWith('}');
const parts = (path) => path.replace(/^\//, '').replace(/\/$/, '').split('/');
