// Judges answers by GitHub's own description of its REST API, `@octokit/openapi`.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { require } from '../lib/packages.mjs';

const Ajv = require('ajv').default;
const formats = require('ajv-formats').default;

const folder = dirname(require.resolve('@octokit/openapi/package.json'));
const described = JSON.parse(readFileSync(join(folder, 'generated/api.github.com.json'), 'utf8'));

/** OpenAPI 3.0's `nullable` as JSON Schema says it; members that are no JSON Schema are left out. */
function plain(schema) {
  if (Array.isArray(schema)) return schema.map(plain);
  if (schema === null || typeof schema !== 'object') return schema;
  const out = {};
  for (const [name, value] of Object.entries(schema)) {
    if (['nullable', 'example', 'discriminator', 'deprecated', 'externalDocs', 'xml'].includes(name) || name.startsWith('x-')) continue;
    // Names of members are no keywords.
    if (name === 'properties') out[name] = Object.fromEntries(Object.entries(value).map(([member, below]) => [member, plain(below)]));
    else out[name] = ['enum', 'default', 'required'].includes(name) ? value : plain(value);
  }
  return schema.nullable ? { anyOf: [out, { type: 'null' }] } : out;
}

const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
formats(ajv);
// Kinds of numbers and a time zone's absence are no formats to JSON Schema.
for (const format of ['int64', 'timestamp', 'ssh-key']) ajv.addFormat(format, true);
const components = { schemas: Object.fromEntries(Object.entries(described.components.schemas).map(([name, schema]) => [name, plain(schema)])) };
ajv.addSchema({ $id: 'github', components });

const compiled = new Map();

const referred = (part) => (part?.$ref ? part.$ref.slice(2).split('/').reduce((at, name) => at[name], described) : part);

function validatorOf(schema) {
  const text = JSON.stringify(plain(schema)).replaceAll('"#/components/', '"github#/components/');
  if (!compiled.has(text)) compiled.set(text, ajv.compile(JSON.parse(text)));
  return compiled.get(text);
}

const templates = Object.keys(described.paths).map((template) => ({ template, parts: template.split('/') }));
const isParameter = (part) => part.startsWith('{');

/** The described path that an address is of: itself where its parameters stand in braces, else the most literal that fits. */
export function templateOf(method, address) {
  const path = address.split('?')[0];
  const parts = path.split('/');
  const fits = templates.filter(
    (candidate) =>
      described.paths[candidate.template][method.toLowerCase()] &&
      candidate.parts.length === parts.length &&
      candidate.parts.every((part, at) => part === parts[at] || (isParameter(part) && parts[at] !== '')),
  );
  const literal = ({ parts }) => parts.filter((part) => !isParameter(part)).length;
  return fits.find(({ template }) => template === path)?.template ?? fits.sort((a, b) => literal(b) - literal(a))[0]?.template ?? path;
}

/** What is wrong with an answer, as text; '' where it is as described. */
export function complaint(method, url, status, data, accept = '') {
  const operation = described.paths[url]?.[method.toLowerCase()];
  if (!operation) return `${method} ${url} is not described`;
  const response = referred(operation.responses[status]);
  if (!response) return status < 400 ? `${method} ${url}: ${status} is not described` : envelope(data);
  const contents = Object.entries(response.content ?? {});
  if (contents.length === 0) return data === undefined || data === '' ? (status < 400 ? '' : 'an error without a body') : status >= 400 ? envelope(data) : `${status} has a body`;
  const [, content] = contents.find(([media]) => accept.includes(media)) ?? contents.find(([media]) => media === 'application/json') ?? contents[0];
  // Errors are described by overlapping alternatives, of which any will do.
  const { oneOf } = content.schema;
  const valid = validatorOf(status >= 400 && oneOf ? { anyOf: oneOf } : content.schema);
  if (valid(data)) return status >= 400 ? envelope(data) : '';
  const errors = valid.errors.slice(0, 6).map((error) => `${error.instancePath} ${error.message} ${JSON.stringify(error.params)}`);
  return `${method} ${url} ${status}:\n  ${errors.join('\n  ')}`;
}

const envelope = (data) =>
  typeof data?.message === 'string' && /^https:\/\/docs\.github\.com\//.test(data.documentation_url ?? '') ? '' : `no error of GitHub's: ${JSON.stringify(data)}`;
