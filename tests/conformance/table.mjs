// Checks or writes the tables of every method, from what the last run of the suites told:
// `node table.mjs [--write]`.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { staleness, write } from './lib/table.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.env.CONFORMANCE_OUT ?? join(here, '../../out/conformance');
const results = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
if (process.argv[2] === '--write') write(results);
const wrong = staleness(results);
for (const fault of wrong) console.log(fault);
process.exitCode = wrong.length ? 1 : 0;
