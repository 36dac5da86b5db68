// Runs the suites, each in a process of its own against a sandbox of its own, and says how it went.
//
//   PORTICO_NODE_HOME=…  PORTICO_PYTHON_HOME=…  PORTICO_SANDBOX=…  node run.mjs [FILTER]
//
// `cargo xtask test --only conformance[:FILTER]` fetches the clients, builds the sandbox and starts
// this. What the suites told is left in $CONFORMANCE_OUT for table.mjs. The last line is the count.

import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { appOf } from './lib/app.mjs';
import { start } from './lib/sandbox.mjs';
import { staleness } from './lib/table.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const program = process.env.PORTICO_SANDBOX ?? 'portico-sandbox';
const out = process.env.CONFORMANCE_OUT ?? join(here, '../../out/conformance');
const python = process.env.PORTICO_PYTHON ?? 'python3';
const filter = process.argv[2] ?? '';

// Longest first, for two run at a time.
const SUITES = [
  { name: 'hubspot-sdk (Python)', command: [python, 'python/suite.py'] },
  { name: '@hubspot/api-client 13', command: [process.execPath, 'node/suite.mjs', '13'] },
  { name: '@hubspot/api-client 14', command: [process.execPath, 'node/suite.mjs', '14'] },
  { name: 'the judge', command: [process.execPath, 'judge/suite.mjs'] },
  { name: 'octokit', command: [process.execPath, 'github/suite.mjs'] },
];
const AT_ONCE = 2;

const results = { cases: [], methods: [] };
const failures = [];

async function run(suite) {
  const app = appOf(program, out);
  const sandbox = await start(program, ['--control', '--fixture', 'enterprise', '--app', app.file, ...(suite.options ?? [])]);
  const child = spawn(suite.command[0], suite.command.slice(1), {
    cwd: here,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      SANDBOX_URL: sandbox.url,
      SANDBOX_PROGRAM: program,
      SANDBOX_APP: JSON.stringify({ ...app, appId: 4242, developerKey: sandbox.developerKey }),
      CONFORMANCE_FILTER: filter,
      PYTHONPATH: process.env.PORTICO_PYTHON_HOME ?? '',
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    if (!line.startsWith('{"kind"')) return console.log(line);
    const { kind, ...told } = JSON.parse(line);
    if (kind === 'method') return results.methods.push(told);
    results.cases.push({ suite: suite.name, ...told });
    console.log(`${told.error ? 'FAILED' : 'passed'}  ${suite.name}: ${told.name} (${told.milliseconds} ms)`);
    if (told.error) {
      failures.push(`${suite.name}: ${told.name}`);
      console.log(told.error.replace(/^/gm, '    '));
    }
  });
  const [code] = await Promise.all([
    new Promise((resolve) => child.once('close', resolve)),
    new Promise((resolve) => lines.once('close', resolve)),
  ]);
  await sandbox.stop();
  if (code !== 0) failures.push(`${suite.name}: the suite's process ended with ${code}`);
}

mkdirSync(out, { recursive: true });
const queue = [...SUITES];
await Promise.all(
  Array.from({ length: AT_ONCE }, async () => {
    for (let suite = queue.shift(); suite; suite = queue.shift()) {
      await run(suite).catch((error) => failures.push(`${suite.name}: ${error.stack}`));
    }
  }),
);

if (filter) {
  if (results.cases.length === 0) failures.push(`no case's name holds ${filter}`);
} else {
  const key = ({ client, name }) => `${client} ${name}`;
  const by = (a, b) => (key(a) < key(b) ? -1 : 1);
  results.methods.sort(by);
  writeFileSync(join(out, 'results.json'), JSON.stringify(results, null, 1));
  for (const { client, name, http, path, state } of results.methods) {
    if (state === 'uncovered') failures.push(`${client}: ${name}: ${http} ${path} is served and no case calls it`);
    if (state === 'unlisted') failures.push(`${client}: ${name}: ${http} ${path} answers and --routes does not list it`);
  }
  failures.push(...staleness(results));
}
for (const failure of failures) console.log(`FAILED  ${failure}`);
const passed = results.cases.filter(({ error }) => !error).length;
console.log(`${passed} cases passed, ${results.cases.length - passed} failed, ${failures.length} complaints`);
process.exitCode = failures.length ? 1 : 0;
