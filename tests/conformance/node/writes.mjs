// The write side of a portal's configuration (platform 6.2, "Write side").

import assert from 'node:assert/strict';
import { grant } from '../lib/sandbox.mjs';

const property = (name, more = {}) => ({ name, label: `Label of ${name}`, type: 'string', fieldType: 'text', groupName: 'conformance', ...more });
const stage = (label, displayOrder, metadata) => ({ label, displayOrder, metadata });
const ids = (records) => records.map(({ id }) => id).sort();

// A case in an account that has room for another object type, which the suite's own has not.
const elsewhere = (body) => async (s) => {
  const mine = [s.portal, s.token];
  await s.refused('crm.schemas.coreApi.create', [EGG], { code: 400, category: 'VALIDATION_ERROR' });
  await s.act('save-snapshot', { name: 'before' });
  await s.act('reset', { fixture: 'agency' });
  try {
    s.portal = 49660028;
    s.use((await grant(s.url, s.app, s.portal)).access_token);
    await body(s);
  } finally {
    await s.act('restore-snapshot', { name: 'before' });
    s.portal = mine[0];
    s.use(mine[1]);
  }
};

const EGG = {
  name: 'conformance_car',
  labels: { singular: 'Car', plural: 'Cars' },
  primaryDisplayProperty: 'vin',
  requiredProperties: ['vin'],
  searchableProperties: ['vin'],
  secondaryDisplayProperties: [],
  properties: [{ name: 'vin', label: 'VIN', type: 'string', fieldType: 'text', hasUniqueValue: true }],
  associatedObjects: ['CONTACT'],
};

export default [
  ['groups and properties are made, changed and archived', async (s) => {
    const type = 'contacts';
    const group = await s.call('crm.properties.groupsApi.create', type, { name: 'conformance', label: 'Conformance', displayOrder: -1 });
    assert.equal(group.name, 'conformance');
    await s.refused('crm.properties.groupsApi.create', [type, { name: 'conformance', label: 'Again' }], { code: 409, category: 'OBJECT_ALREADY_EXISTS' });
    const renamed = await s.call('crm.properties.groupsApi.update', type, 'conformance', { label: 'Renamed' });
    assert.equal(renamed.label, 'Renamed');

    const made = await s.call('crm.properties.coreApi.create', type, property('conformance_a', { hasUniqueValue: false }));
    assert.equal(made.name, 'conformance_a');
    const again = await s.refused('crm.properties.coreApi.create', [type, property('conformance_a')], { code: 409, category: 'OBJECT_ALREADY_EXISTS' });
    assert.equal(again.body.subCategory, 'Properties.PROPERTY_WITH_NAME_EXISTS');
    await s.refused('crm.properties.coreApi.create', [type, property('conformance_b', { type: 'number', fieldType: 'checkbox' })], { code: 400, category: 'VALIDATION_ERROR' });
    await s.refused('crm.properties.coreApi.create', [type, property('conformance_b', { groupName: 'no_such_group' })], { code: 400 });
    const changed = await s.call('crm.properties.coreApi.update', type, 'conformance_a', { label: 'Changed', description: 'Now with words' });
    assert.equal(changed.label, 'Changed');
    assert.deepEqual(await s.call('crm.properties.coreApi.getByName', type, 'conformance_a'), changed);

    const options = [{ label: 'One', value: 'one', hidden: false, displayOrder: 0 }, { label: 'Two', value: 'two', hidden: true, displayOrder: 1 }];
    const inputs = [property('conformance_c'), property('conformance_d', { type: 'enumeration', fieldType: 'select', options })];
    const batch = await s.call('crm.properties.batchApi.create', type, { inputs });
    assert.deepEqual(batch.results.map(({ name }) => name).sort(), ['conformance_c', 'conformance_d']);
    assert.deepEqual(batch.results.find(({ name }) => name === 'conformance_d').options.map(({ value }) => value), ['one', 'two']);
    await s.refused('crm.properties.groupsApi.archive', [type, 'conformance'], { code: 400 });

    await s.call('crm.properties.coreApi.archive', type, 'conformance_a');
    await s.call('crm.properties.batchApi.archive', type, { inputs: [{ name: 'conformance_c' }, { name: 'conformance_d' }] });
    await s.refused('crm.properties.coreApi.getByName', [type, 'conformance_a'], { code: 404 });
    const archived = await s.call('crm.properties.coreApi.getAll', type, true);
    assert.ok(archived.results.some(({ name }) => name === 'conformance_a'), 'an archived property is not listed as such');
    await s.call('crm.properties.groupsApi.archive', type, 'conformance');
    await s.refused('crm.properties.groupsApi.getByName', [type, 'conformance'], { code: 404 });
  }],

  ['pipelines and stages are made, changed, replaced and archived', async (s) => {
    const type = 'deals';
    const stages = [stage('Open', 0, { probability: '0.2' }), stage('Won', 1, { probability: '1.0' })];
    const made = await s.call('crm.pipelines.pipelinesApi.create', type, { label: 'Conformance', displayOrder: 9, stages });
    assert.deepEqual(made.stages.map(({ label }) => label), ['Open', 'Won']);
    assert.deepEqual(await s.call('crm.pipelines.pipelinesApi.getById', type, made.id), made);
    const changed = await s.call('crm.pipelines.pipelinesApi.update', type, made.id, { label: 'Changed' });
    assert.equal(changed.label, 'Changed');
    assert.deepEqual(ids(changed.stages), ids(made.stages), 'a PATCH touched the stages');

    const third = await s.call('crm.pipelines.pipelineStagesApi.create', type, made.id, stage('Lost', 2, { probability: '0.0' }));
    const one = await s.call('crm.pipelines.pipelineStagesApi.getById', type, made.id, third.id);
    assert.equal(one.label, 'Lost');
    const patched = await s.call('crm.pipelines.pipelineStagesApi.update', type, made.id, third.id, { label: 'Lost for now', metadata: { probability: '0.1' } });
    assert.equal(patched.label, 'Lost for now');
    assert.equal(patched.metadata.probability, '0.1');
    const replaced = await s.call('crm.pipelines.pipelineStagesApi.replace', type, made.id, third.id, stage('Gone', 2, { probability: '0.0' }));
    assert.equal(replaced.label, 'Gone');
    await s.call('crm.pipelines.pipelineStagesApi.archive', type, made.id, third.id);
    await s.refused('crm.pipelines.pipelineStagesApi.getById', [type, made.id, third.id], { code: 404 });

    const audit = await s.call('crm.pipelines.pipelineAuditsApi.getAudit', type, made.id);
    assert.ok(audit.results.every(({ portalId }) => portalId === s.portal));

    const whole = await s.call('crm.pipelines.pipelinesApi.replace', type, made.id, { label: 'Replaced', displayOrder: 8, stages: [stage('Only', 0, { probability: '0.5' })] });
    assert.deepEqual(whole.stages.map(({ label }) => label), ['Only']);
    await s.call('crm.pipelines.pipelinesApi.archive', type, made.id);
    await s.refused('crm.pipelines.pipelinesApi.getById', [type, made.id], { code: 404 });
    const { results } = await s.call('crm.pipelines.pipelinesApi.getAll', type);
    const inUse = results[0];
    await s.refused('crm.pipelines.pipelinesApi.archive', [type, inUse.id, true, true], { code: 400 });
  }],

  ['schemas are made, changed and archived', elsewhere(async (s) => {
    const made = await s.call('crm.schemas.coreApi.create', EGG);
    assert.equal(made.fullyQualifiedName, `p${s.portal}_conformance_car`);
    const key = made.objectTypeId;
    const changed = await s.call('crm.schemas.coreApi.update', key, { labels: { singular: 'Automobile', plural: 'Automobiles' } });
    assert.equal(changed.labels.singular, 'Automobile');
    const association = await s.call('crm.schemas.coreApi.createAssociation', key, { fromObjectTypeId: key, toObjectTypeId: '0-2', name: 'car_to_company' });
    assert.equal(association.toObjectTypeId, '0-2');
    await s.call('crm.schemas.coreApi.archiveAssociation', key, association.id);
    await s.refused('crm.schemas.coreApi.create', [EGG], { code: 409 });
    await s.call('crm.schemas.coreApi.archive', key);
    const { results } = await s.call('crm.schemas.coreApi.getAll');
    assert.ok(!results.some(({ objectTypeId }) => objectTypeId === key), 'an archived schema is still listed');
  })],

  ['association labels are made, changed and removed', async (s) => {
    const pair = ['contacts', 'companies'];
    const api = 'crm.associations.v4.schema.definitionsApi';
    const { results } = await s.call(`${api}.create`, ...pair, { name: 'conformance_advises', label: 'Advises', inverseLabel: 'Is advised by' });
    assert.equal(results.length, 2, 'a pair of labels has two types');
    const forward = results.find(({ label }) => label === 'Advises');
    await s.call(`${api}.update`, ...pair, { associationTypeId: forward.typeId, label: 'Counsels', inverseLabel: 'Is counselled by' });
    const listed = await s.call(`${api}.getAll`, ...pair);
    assert.ok(listed.results.some(({ label, typeId }) => label === 'Counsels' && typeId === forward.typeId));

    // The client has no room for the limits that admins set.
    const rules = '/crm/v4/associations/definitions/configurations';
    const spec = { category: 'USER_DEFINED', typeId: forward.typeId };
    const post = (verb, body) => s.request({ method: 'POST', path: `${rules}/contacts/companies/batch/${verb}`, body });
    const [, set] = await post('create', { inputs: [{ ...spec, maxToObjectIds: 3 }] });
    assert.equal(set.results[0].userEnforcedMaxToObjectIds, 3);
    assert.equal((await post('update', { inputs: [{ ...spec, maxToObjectIds: 5 }] }))[0], 200);
    const limitsOf = async (path) => (await s.request({ path }))[1].results.filter(({ typeId }) => typeId === forward.typeId);
    assert.deepEqual((await limitsOf(`${rules}/contacts/companies`)).map((row) => row.userEnforcedMaxToObjectIds), [5]);
    assert.deepEqual((await limitsOf(`${rules}/all`)).map((row) => row.userEnforcedMaxToObjectIds), [5]);
    assert.equal((await post('purge', { inputs: [spec] }))[0], 204);

    await s.call(`${api}.remove`, ...pair, forward.typeId);
    const left = await s.call(`${api}.getAll`, ...pair);
    assert.ok(!left.results.some(({ typeId }) => typeId === forward.typeId), 'a removed label is still listed');
  }],
];
