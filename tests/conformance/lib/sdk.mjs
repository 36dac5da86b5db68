// Reads @hubspot/api-client: which methods it has, which endpoint each calls, and what its models
// demand. Owns no case and calls no endpoint.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { require } from './packages.mjs';

/**
 * Everything the client can call: a map from its dotted name (`crm.owners.ownersApi.getPage`) to
 * `{ name, http, path, answer, models }`, where `answer` is the declared type of a good answer.
 *
 * Throws where the package no longer looks as this reader expects, so that no method is lost.
 */
export function methodsOf(client) {
  const found = new Map();
  for (const [name, api] of apisOf(client)) {
    const room = roomOf(api);
    const endpoints = endpointsOf(room.file, room.className);
    for (const method of ownMethods(api)) {
      const endpoint = endpoints.get(method);
      if (!endpoint) throw new Error(`no endpoint was found for ${name}.${method} in ${room.file}`);
      found.set(`${name}.${method}`, { name: `${name}.${method}`, ...endpoint, models: room.models });
    }
  }
  if (found.size < 300) throw new Error(`only ${found.size} methods were found`);
  return found;
}

/** Helpers that stand beside the API objects (`crm.deals.getAll`) and call no endpoint of their own. */
export function helpersOf(client) {
  const found = [];
  walk(client, '', (name, value) => {
    if (isApi(value)) return;
    for (const method of Object.getOwnPropertyNames(Object.getPrototypeOf(value))) {
      const about = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(value), method);
      if (method !== 'constructor' && typeof about.value === 'function') found.push(`${name}.${method}`);
    }
  });
  return found;
}

/** The member of the client at a dotted name, bound. */
export function bound(client, name) {
  const parts = name.split('.');
  const method = parts.pop();
  const owner = parts.reduce((at, part) => at[part], client);
  return owner[method].bind(owner);
}

function apisOf(client) {
  const found = [];
  walk(client, '', (name, value) => isApi(value) && found.push([name, value]));
  return found;
}

const isApi = (value) => /^Promise\w+Api$/.test(value.constructor.name);

// Rooms of the client are getters of its prototype or plain members; what begins with an
// underscore is a getter's memory.
function walk(at, name, visit) {
  const getters = Object.entries(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(at)))
    .filter(([, about]) => about.get)
    .map(([key]) => key);
  for (const key of new Set([...Object.keys(at), ...getters])) {
    const value = at[key];
    if (key.startsWith('_') || key === 'config' || value === null || typeof value !== 'object') continue;
    const path = name ? `${name}.${key}` : key;
    visit(path, value);
    if (!isApi(value)) walk(value, path, visit);
  }
}

const ownMethods = (api) =>
  Object.getOwnPropertyNames(Object.getPrototypeOf(api)).filter(
    (method) => method !== 'constructor' && !method.endsWith('WithHttpInfo'),
  );

function roomOf(api) {
  const className = api.constructor.name.slice('Promise'.length);
  const types = Object.values(require.cache).find(
    (module) =>
      module?.filename.endsWith('types/PromiseAPI.js') && module.exports[`Promise${className}`] === api.constructor,
  );
  if (!types) throw new Error(`the module of ${className} was not found`);
  const room = dirname(dirname(types.filename));
  return { className, file: join(room, 'apis', `${className}.js`), models: modelsOf(room) };
}

const endpointFiles = new Map();

function endpointsOf(file, className) {
  const key = `${file} ${className}`;
  if (endpointFiles.has(key)) return endpointFiles.get(key);
  const text = readFileSync(file, 'utf8');
  const [factory, processor] = text.split(`class ${className}ResponseProcessor`);
  const found = new Map();
  for (const part of factory.split(/\n {4}(?=\w+\([^)]*_options\) \{)/).slice(1)) {
    const path = /const localVarPath = '([^']+)'/.exec(part)?.[1];
    const http = /HttpMethod\.([A-Z]+)\)/.exec(part)?.[1];
    if (path && http) found.set(part.slice(0, part.indexOf('(')), { http, path });
  }
  for (const part of processor.split(/\n {4}(?=\w+WithHttpInfo\(response\) \{)/).slice(1)) {
    const method = part.slice(0, part.indexOf('WithHttpInfo('));
    // Codes in the 2xx range only; 0 stands for errors.
    const good = [...part.matchAll(/isCodeInRange\)\("(2\d\d)"[\s\S]*?\n {12}\}/g)].map(([text, code]) => ({
      code: Number(code),
      type: /parse\([^;]*?contentType\), "((?:[^"\\]|\\.)+)"/.exec(text)?.[1] ?? (/getBodyAsFile|binary/.test(text) ? 'HttpFile' : 'void'),
    }));
    if (!found.has(method)) throw new Error(`${file}: ${method} has an answer but no request`);
    if (!good.length) good.push({ code: undefined, type: 'void' });
    found.get(method).answers = good;
  }
  endpointFiles.set(key, found);
  return found;
}

const modelRooms = new Map();

// Of each model: its class, and which attributes its declaration demands.
function modelsOf(room) {
  if (modelRooms.has(room)) return modelRooms.get(room);
  const folder = join(room, 'models');
  const all = require(join(folder, 'ObjectSerializer.js'));
  // Some classes are declared in another's file.
  const declarations = readdirSync(folder)
    .filter((file) => file.endsWith('.d.ts'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .join('\n');
  const models = new Map();
  for (const [name, model] of Object.entries(all)) {
    if (name === 'ObjectSerializer') continue;
    if (typeof model === 'function') {
      models.set(name, { model, required: requiredOf(declarations, name) });
    } else {
      models.set(name, { values: Object.values(model) });
    }
  }
  modelRooms.set(room, models);
  return models;
}

function requiredOf(text, name) {
  const start = text.indexOf(`declare class ${name} `);
  if (start < 0) throw new Error(`the declaration of ${name} was not found`);
  const body = text.slice(start);
  const own = body.slice(0, body.indexOf('static readonly'));
  const required = new Set();
  for (const [, attribute, optional] of own.matchAll(/^ {4}'(\w+)'(\?)?: /gm)) {
    if (!optional) required.add(attribute);
  }
  return required;
}
