// The table of every method of every client: what it says, where it stands, whether it is true.
//
// Renders from what the suites told; owns crates/sandbox/CONFORMANCE.md and the part of the
// sandbox's README between two markers.

import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { idleReasons, reasonFor } from './reasons.mjs';

const sandbox = join(dirname(fileURLToPath(import.meta.url)), '../../../crates/sandbox');
const PAGE = join(sandbox, 'CONFORMANCE.md');
const README = join(sandbox, 'README.md');
const BEGIN = '<!-- conformance:begin -->';
const END = '<!-- conformance:end -->';
const WRITE = 'write it anew with: node tests/conformance/table.mjs --write';

/** What is wrong with the written tables, given what the suites told; an empty list where they are true. */
export function staleness(results) {
  const found = results.methods
    .filter((method) => method.state === 'unserved' && !method.path.startsWith('helper') && !reasonFor(method))
    .map(({ client, name, http, path }) => `${client}: ${name}: ${http} ${path} is not served, and lib/reasons.mjs does not say why`);
  found.push(...idleReasons().map((pattern) => `lib/reasons.mjs: ${pattern} speaks of nothing that is not served`));
  if (readFileSync(PAGE, 'utf8') !== page(results.methods)) found.push(`crates/sandbox/CONFORMANCE.md is stale; ${WRITE}`);
  const [, part] = parts();
  if (part !== summary(results.methods)) found.push(`the table in crates/sandbox/README.md is stale; ${WRITE}`);
  return found;
}

/** Writes both tables. */
export function write(results) {
  writeFileSync(PAGE, page(results.methods));
  const [before, , after] = parts();
  writeFileSync(README, `${before}${summary(results.methods)}${after}`);
}

// The README before, between and after the markers.
function parts() {
  const text = readFileSync(README, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${README} lacks the markers ${BEGIN} and ${END}`);
  const start = begin + BEGIN.length;
  return [text.slice(0, start), text.slice(start, end), text.slice(end)];
}

// Version 13 and 14 have the same methods: one table says both, as long as that holds.
function clients(methods) {
  const by = group(methods, ({ client }) => client);
  const [thirteen, fourteen] = ['@hubspot/api-client 13', '@hubspot/api-client 14'].map((client) => by.get(client) ?? []);
  const line = ({ name, http, path, state }) => `${name} ${http} ${path} ${state}`;
  if (thirteen.map(line).join('\n') === fourteen.map(line).join('\n') && thirteen.length) {
    by.delete('@hubspot/api-client 13');
    by.delete('@hubspot/api-client 14');
    return [['@hubspot/api-client 13.5.0 and 14.0.1', thirteen], ...by];
  }
  return [...by];
}

function page(methods) {
  const lines = [
    '# Conformance, method by method',
    '',
    'Every method of every client that the sandbox is held against: passed, or why it is not served. Written by `node tests/conformance/table.mjs --write` after a run of `cargo xtask test --only conformance`, which fails where this page is stale. How a method passes is told in [tests/conformance](../../tests/conformance/README.md).',
  ];
  for (const [client, all] of clients(methods)) {
    lines.push('', `## ${client}`, '', `${count(all)} of ${all.length} methods pass.`);
    for (const [area, some] of group(all, areaOf(2))) {
      lines.push('', `### ${area}`, '', `${count(some)} of ${some.length}`, '');
      const passed = some.filter(({ state }) => state === 'passed');
      if (passed.length) lines.push(`- passed: ${names(passed, area)}`);
      const refused = some.filter(({ state }) => state === 'refused');
      if (refused.length) lines.push(`- passed by the refusal that is its only answer: ${names(refused, area)}`);
      for (const [reason, rest] of group(some.filter((method) => !well(method)), why)) {
        lines.push(`- ${reason}: ${names(rest, area)}`);
      }
    }
  }
  return `${lines.join('\n')}\n`;
}

function summary(methods) {
  const lines = [''];
  for (const [client, all] of clients(methods)) {
    lines.push('', `**${client}**: ${count(all)} of ${all.length} methods`, '', '| area | methods | pass | the others |', '| --- | --: | --: | --- |');
    const idle = [];
    for (const [area, some] of group(all, areaOf(1))) {
      const rest = some.filter((method) => !well(method));
      const reasons = [...group(rest, why).keys()];
      const shown = reasons.length > 2 ? `[${reasons.length} reasons](CONFORMANCE.md)` : reasons.join('; ');
      // octokit has forty areas of which nothing is served: one line says so.
      if (client.startsWith('@octokit') && rest.length === some.length) idle.push(...some);
      else lines.push(`| ${area} | ${some.length} | ${some.length - rest.length} | ${shown || '–'} |`);
    }
    if (idle.length) lines.push(`| all other areas | ${idle.length} | 0 | ${why(idle[0])} |`);
  }
  lines.push('');
  return `${lines.join('\n')}\n`;
}

const areaOf = (depth) => ({ name }) => name.split('.').slice(0, Math.max(1, Math.min(depth, name.split('.').length - 1))).join('.');
const well = ({ state }) => state === 'passed' || state === 'refused';
const count = (methods) => methods.filter(well).length;
const names = (methods, area) => methods.map(({ name }) => `\`${name.slice(area.length + 1)}\``).join(' ');

function why(method) {
  if (method.state !== 'unserved') return `**${method.state}**`;
  return reasonFor(method) ?? (method.path.startsWith('helper') ? 'a helper that walks a room which is not served' : '**no reason given**');
}

function group(members, key) {
  const found = new Map();
  for (const member of members) {
    const of = key(member);
    if (!found.has(of)) found.set(of, []);
    found.get(of).push(member);
  }
  return found;
}
