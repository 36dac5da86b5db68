// The judge of answers, judged: it must see each kind of fault, for else nothing that passes means anything.

import assert from 'node:assert/strict';
import { faults } from '../lib/model.mjs';
import { require } from '../lib/packages.mjs';
import { runCases } from '../lib/report.mjs';
import { servingRow } from '../lib/routes.mjs';
import { methodsOf } from '../lib/sdk.mjs';

const { Client } = require('hubspot-14');
const methods = methodsOf(new Client({ basePath: 'http://localhost' }));
const owner = methods.get('crm.owners.ownersApi.getById');
const { model: Owner } = owner.models.get('PublicOwner');
const date = new Date('2026-01-01T00:00:00Z');
const WHOLE = { id: '1', type: 'PERSON', createdAt: date, updatedAt: date, archived: false };

// What is changed of a whole owner, and a word of what must be found, none where nothing must be.
const OWNERS = [
  [{}],
  [{ email: undefined }],
  [{ teams: [] }],
  [{ id: undefined }, 'mandatory'],
  [{ id: null }, 'mandatory'],
  [{ id: 1 }, 'no string'],
  [{ archived: 'false' }, 'no boolean'],
  [{ userId: '7' }, 'no number'],
  [{ createdAt: new Date('yesterday') }, 'no valid date'],
  [{ createdAt: '2026-01-01T00:00:00Z' }, 'no valid date'],
  [{ type: 'ROBOT' }, 'not among'],
  [{ teams: {} }, 'no list'],
  [{ teams: [{ id: '1', name: 'A' }] }, 'mandatory'],
];

const VALUES = [
  ['', 'void'],
  [{ a: 1 }, 'void', 'something'],
  [null, 'string | null'],
  [null, 'string', 'null instead of string'],
  [{ a: 'b' }, '{ [key: string]: string; }'],
  [{ a: 1 }, '{ [key: string]: string; }', 'no string'],
  [{}, 'NoSuchModel', 'unknown to this reader'],
  [5, 'string | number'],
  [true, 'string | number', 'is no'],
];

const rows = [
  ['GET', '/crm/v3/objects/{objectType}'],
  ['GET', '/crm/v3/lists/{listId}'],
  ['GET', '/crm/lists/{date}/{listId}'],
].map(([http, path]) => ({ http, parts: path.slice(1).split('/') }));

const ROUTES = [
  ['GET', '/crm/v3/objects/{objectType}', true],
  ['GET', '/crm/v3/objects/contacts/', true],
  ['POST', '/crm/v3/objects/contacts', false],
  ['GET', '/crm/v3/lists/{listId}', true],
  ['GET', '/crm/v3/lists/folders', false],
  ['GET', '/crm/lists/2026-03/{list_id}', true],
  ['GET', '/crm/lists/2025-09/{list_id}', false],
];

const found = (all, word, of) => {
  if (word) assert.ok(all.some((fault) => fault.includes(word)), `${JSON.stringify(of)}: ${all}`);
  else assert.deepEqual(all, [], JSON.stringify(of));
};

await runCases(
  [
    ['every fault of a model is seen', () => {
      for (const [change, word] of OWNERS) found(faults(Object.assign(new Owner(), WHOLE, change), 'PublicOwner', owner.models), word, change);
    }],
    ['every kind of type is judged', () => {
      for (const [value, type, word] of VALUES) found(faults(value, type, owner.models), word, [value, type]);
    }],
    ['an endpoint is served by its own route alone', () => {
      for (const [http, path, served] of ROUTES) assert.equal(Boolean(servingRow(rows, http, path)), served, `${http} ${path}`);
    }],
    ['the reader finds what the client declares', () => {
      assert.deepEqual([owner.http, owner.path], ['GET', '/crm/v3/owners/{ownerId}']);
      assert.deepEqual([...owner.models.get('PublicOwner').required].sort(), ['archived', 'createdAt', 'id', 'type', 'updatedAt']);
    }],
  ],
  process.env.CONFORMANCE_FILTER,
  {},
);
