// The twelve operations of records, the same for every type that the sandbox keeps (platform 7).

import assert from 'node:assert/strict';

const AND = (...filters) => ({ filterGroups: [{ filters }] });

// What a new record of each type must carry, made unlike all others by `n`; `at` is where it stands.
const TYPES = {
  deals: (n, at) => ({ dealname: `Conformance ${n}`, amount: '12.50', pipeline: at.pipeline, dealstage: at.stage }),
  contacts: (n) => ({ email: `conformance-${n}@example.test`, firstname: 'Ada', lastname: `Lovelace ${n}` }),
  companies: (n) => ({ name: `Conformance ${n}`, domain: `conformance-${n}.example` }),
  tickets: (n, at) => ({ subject: `Conformance ${n}`, hs_pipeline: at.pipeline, hs_pipeline_stage: at.stage }),
};
const NAMES = { deals: 'dealname', contacts: 'lastname', companies: 'name', tickets: 'subject' };

// `room` is where the client has the operations, `before` the arguments that come first there.
function cases(type, room, before) {
  const name = NAMES[type];
  const title = `${room}${before.length ? ` for ${type}` : ''}`;
  const plain = title.replace(/\W+/g, '-').toLowerCase();
  const fresh = async (s, n) => {
    s.counter = (s.counter ?? 0) + 1;
    if (!['deals', 'tickets'].includes(type)) return TYPES[type](`${plain}-${n ?? s.counter}`);
    const { results } = await s.call('crm.pipelines.pipelinesApi.getAll', type);
    return TYPES[type](`${plain}-${n ?? s.counter}`, { pipeline: results[0].id, stage: results[0].stages[0].id });
  };
  return [
    [`${title}: read`, async (s) => {
      const all = await s.walk(`${room}.basicApi.getPage`, [100], (limit, after) => [...before, limit, after, [name]], { most: 20_000 });
      assert.ok(all.length > 0, 'no records');
      const one = await s.call(`${room}.basicApi.getById`, ...before, all[0].id, [name, 'no_such_property'], [name], ['contacts', 'companies']);
      assert.equal(one.properties[name], all[0].properties[name]);
      assert.ok(one.propertiesWithHistory[name].length > 0, 'no history');
      const read = await s.call(`${room}.batchApi.read`, ...before, { inputs: all.slice(0, 3).map(({ id }) => ({ id })), properties: [name], propertiesWithHistory: [] });
      assert.deepEqual(read.results.map(({ id }) => id).sort(), all.slice(0, 3).map(({ id }) => id).sort());
      await s.refused(`${room}.basicApi.getById`, [...before, '999999999999'], { code: 404 });
      await s.refused(`${room}.basicApi.getPage`, [...before, 101], { code: 400, category: 'VALIDATION_ERROR' });
      if (!before.length) {
        const gathered = await s.client.crm[type].getAll(100);
        assert.deepEqual(gathered.map(({ id }) => id), all.map(({ id }) => id));
        s.helped.add(`crm.${type}.getAll`);
      }
    }],
    [`${title}: search`, async (s) => {
      const search = `${room}.searchApi.doSearch`;
      const query = { ...AND({ propertyName: 'hs_object_id', operator: 'HAS_PROPERTY' }), properties: [name], sorts: ['hs_object_id'] };
      const found = await s.walk(search, [200], (limit, after) => [...before, { ...query, limit, after: after ?? '0' }], { most: 20_000 });
      const wanted = found[3];
      const exact = AND({ propertyName: 'hs_object_id', operator: 'EQ', value: wanted.id });
      const { total, results } = await s.call(search, ...before, { ...exact, properties: [name], sorts: [], limit: 10, after: '0' });
      assert.equal(total, 1);
      assert.equal(results[0].id, wanted.id);
      const both = AND({ propertyName: 'hs_object_id', operator: 'IN', values: [found[0].id, found[1].id] });
      assert.equal((await s.call(search, ...before, { ...both, limit: 10, after: '0' })).total, 2);
      const unknown = AND({ propertyName: 'no_such_property', operator: 'EQ', value: '1' });
      await s.refused(search, [...before, { ...unknown, limit: 10, after: '0' }], { code: 400, category: 'VALIDATION_ERROR' });
    }],
    [`${title}: write`, async (s) => {
      const made = await s.call(`${room}.basicApi.create`, ...before, { properties: await fresh(s), associations: [] });
      const changed = await s.call(`${room}.basicApi.update`, ...before, made.id, { properties: { [name]: 'Changed' } });
      assert.equal(changed.properties[name], 'Changed');
      await s.refused(`${room}.basicApi.create`, [...before, { properties: { ...(await fresh(s)), no_such_property: '1' }, associations: [] }], { code: 400, category: 'VALIDATION_ERROR' });
      const inputs = [];
      for (let n = 0; n < 3; n += 1) inputs.push({ properties: await fresh(s), associations: [] });
      const batch = await s.call(`${room}.batchApi.create`, ...before, { inputs });
      assert.equal(batch.status, 'COMPLETE');
      assert.equal(batch.results.length, 3);
      const [first, second, third] = batch.results;
      const updated = await s.call(`${room}.batchApi.update`, ...before, { inputs: [{ id: first.id, properties: { [name]: 'First' } }] });
      assert.equal(updated.results[0].properties[name], 'First');
      const merge = { primaryObjectId: first.id, objectIdToMerge: second.id };
      // The client's rooms for any type have no merge.
      if (s.methods.has(`${room}.basicApi.merge`)) {
        const merged = await s.call(`${room}.basicApi.merge`, merge);
        const kept = await s.call(`${room}.basicApi.getById`, ...before, second.id);
        assert.equal(kept.id, merged.id);
      }
      await s.call(`${room}.batchApi.archive`, ...before, { inputs: [{ id: third.id }] });
      await s.refused(`${room}.basicApi.getById`, [...before, third.id], { code: 404 });
      await s.call(`${room}.basicApi.archive`, ...before, made.id);
      const archived = await s.call(`${room}.basicApi.getById`, ...before, made.id, undefined, undefined, undefined, true);
      assert.equal(archived.archived, true);
      assert.ok(archived.archivedAt instanceof Date);
    }],
    [`${title}: upsert`, async (s) => {
      // One that only this case's record has; there may be no room for another unique property.
      const { results } = await s.call('crm.properties.coreApi.getAll', type);
      const unique = results.find((property) => property.hasUniqueValue && property.type === 'string' && !property.modificationMetadata?.readOnlyValue);
      const key = unique?.name ?? 'conformance_key';
      if (!unique) {
        await s.call('crm.properties.coreApi.create', type, { name: key, label: 'Key', type: 'string', fieldType: 'text', groupName: results[0].groupName, hasUniqueValue: true });
      }
      const id = `${plain}@conformance.example`;
      const inputs = [{ id, idProperty: key, properties: { ...(await fresh(s, 'upsert')), [key]: id } }];
      const made = await s.call(`${room}.batchApi.upsert`, ...before, { inputs });
      assert.equal(made.results[0]._new, true);
      const again = await s.call(`${room}.batchApi.upsert`, ...before, { inputs });
      assert.equal(again.results[0]._new, false);
      assert.equal(again.results[0].id, made.results[0].id);
      const found = await s.call(`${room}.basicApi.getById`, ...before, id, [key], undefined, undefined, false, key);
      assert.equal(found.id, made.results[0].id);
    }],
  ];
}

export default [
  ...Object.keys(TYPES).flatMap((type) => cases(type, `crm.${type}`, [])),
  ...cases('deals', 'crm.objects', ['0-3']),
];
