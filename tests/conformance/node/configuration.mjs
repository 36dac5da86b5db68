// What a portal's configuration is read with (platform 6.2).

import assert from 'node:assert/strict';

const TYPES = ['contacts', 'deals', '0-2', 'tickets'];

export default [
  ['owners', async (s) => {
    const owners = await s.walk('crm.owners.ownersApi.getPage', [500, 100, 37], (limit, after) => [undefined, after, limit, false]);
    const one = await s.call('crm.owners.ownersApi.getById', Number(owners[0].id));
    assert.deepEqual(one, owners[0]);
    const byUser = await s.call('crm.owners.ownersApi.getById', owners[1].userId, 'userId');
    assert.equal(byUser.id, owners[1].id);
    const byMail = await s.call('crm.owners.ownersApi.getPage', owners[2].email);
    assert.deepEqual(byMail.results.map(({ id }) => id), [owners[2].id]);
    const inactive = await s.walk('crm.owners.ownersApi.getPage', [500], (limit, after) => [undefined, after, limit, true]);
    assert.ok(inactive.every(({ archived }) => archived));
    await s.refused('crm.owners.ownersApi.getById', [1], { code: 404 });
  }],
  ['properties', async (s) => {
    for (const type of TYPES) {
      const { results } = await s.call('crm.properties.coreApi.getAll', type);
      assert.ok(results.length > 20, `${type} has ${results.length} properties`);
      const one = await s.call('crm.properties.coreApi.getByName', type, results[0].name);
      assert.equal(one.label, results[0].label);
      const names = results.slice(0, 50).map(({ name }) => name);
      const batch = await s.call('crm.properties.batchApi.read', type, { archived: false, inputs: names.map((name) => ({ name })) });
      assert.equal(batch.status, 'COMPLETE');
      assert.deepEqual(batch.results.map(({ name }) => name).sort(), [...names].sort());
      const archived = await s.call('crm.properties.coreApi.getAll', type, true);
      assert.ok(archived.results.every((property) => property.archived));
      const groups = await s.call('crm.properties.groupsApi.getAll', type);
      const known = new Set(groups.results.map(({ name }) => name));
      assert.ok(results.every(({ groupName }) => known.has(groupName)), `a property of ${type} is in no group`);
      const group = await s.call('crm.properties.groupsApi.getByName', type, results[0].groupName);
      assert.equal(group.name, results[0].groupName);
    }
    await s.refused('crm.properties.coreApi.getByName', ['contacts', 'no_such_property'], { code: 404 });
    await s.refused('crm.properties.coreApi.getAll', ['no_such_type'], { code: 400 });
  }],
  ['schemas', async (s) => {
    const { results } = await s.call('crm.schemas.coreApi.getAll');
    assert.ok(results.length > 0, 'no custom objects');
    for (const schema of results.slice(0, 2)) {
      for (const key of [schema.objectTypeId, schema.fullyQualifiedName]) {
        const one = await s.call('crm.schemas.coreApi.getById', key);
        assert.equal(one.id, schema.id);
      }
    }
  }],
  ['pipelines and stages', async (s) => {
    for (const type of ['deals', 'tickets']) {
      const { results } = await s.call('crm.pipelines.pipelinesApi.getAll', type);
      assert.ok(results.length > 0);
      for (const pipeline of results) {
        const one = await s.call('crm.pipelines.pipelinesApi.getById', type, pipeline.id);
        assert.deepEqual(one, pipeline);
        const stages = await s.call('crm.pipelines.pipelineStagesApi.getAll', type, pipeline.id);
        assert.deepEqual(stages.results.map(({ id }) => id).sort(), pipeline.stages.map(({ id }) => id).sort());
        const stage = await s.call('crm.pipelines.pipelineStagesApi.getById', type, pipeline.id, pipeline.stages[0].id);
        assert.equal(stage.label, pipeline.stages[0].label);
        await s.call('crm.pipelines.pipelineAuditsApi.getAudit', type, pipeline.id);
        // The client leaves `{pipelineId}` in the path, so that it reaches no pipeline.
        await s.refused('crm.pipelines.pipelineStageAuditsApi.getAudit', [type, stage.id], { code: 404, counts: true });
      }
    }
    await s.refused('crm.pipelines.pipelinesApi.getById', ['deals', 'no-such-pipeline'], { code: 404 });
  }],
  ['association labels', async (s) => {
    const { results } = await s.call('crm.associations.v4.schema.definitionsApi.getAll', 'contacts', 'companies');
    assert.ok(results.some(({ category }) => category === 'HUBSPOT_DEFINED'));
    await s.call('crm.associations.schema.typesApi.getAll', 'contacts', 'companies');
  }],
  ['lists', async (s) => {
    const search = (offset, count) => ({ offset, count, processingTypes: [], additionalProperties: [], listIds: [] });
    const found = [];
    for (let offset = 0, more = true; more; ) {
      const page = await s.call('crm.lists.listsApi.doSearch', search(offset, 500));
      found.push(...page.lists);
      assert.equal(page.offset, offset + page.lists.length);
      assert.equal(page.hasMore, page.offset < page.total);
      [offset, more] = [page.offset, page.hasMore];
      if (!more) assert.equal(found.length, page.total);
    }
    assert.equal(new Set(found.map(({ listId }) => listId)).size, found.length);
    const { list } = await s.call('crm.lists.listsApi.getById', found[0].listId, true);
    assert.equal(list.name, found[0].name);
    const some = await s.call('crm.lists.listsApi.getAll', found.slice(0, 5).map(({ listId }) => listId));
    assert.deepEqual(some.lists.map(({ listId }) => listId).sort(), found.slice(0, 5).map(({ listId }) => listId).sort());
    await s.call('crm.lists.foldersApi.getAll', '0');
    const named = await s.call('crm.lists.listsApi.getByName', found[0].name, found[0].objectTypeId);
    assert.equal(named.list.listId, found[0].listId);
    await s.refused('crm.lists.mappingApi.translateLegacyListIdToListId', ['999999999'], { code: 404, counts: true });
    await s.refused('crm.lists.listsApi.getById', ['999999999'], { code: 404 });
  }],
  ['imports', async (s) => {
    const imports = await s.walk('crm.imports.coreApi.getPage', [100, 3], (limit, after) => [after, undefined, limit]);
    const id = Number(imports[0].id);
    assert.equal((await s.call('crm.imports.coreApi.getById', id)).state, imports[0].state);
    await s.walk('crm.imports.publicImportsApi.getErrors', [100], (limit, after) => [id, after, limit]);
    // Exports cannot be listed, so there is none to be found.
    await s.refused('crm.exports.publicExportsApi.getStatus', [1], { code: 404, counts: true });
  }],
  ['users, roles, teams, business units', async (s) => {
    const users = await s.walk('settings.users.usersApi.getPage', [100, 37], (limit, after) => [limit, after]);
    const one = await s.call('settings.users.usersApi.getById', users[0].id);
    assert.deepEqual(one, users[0]);
    const byMail = await s.call('settings.users.usersApi.getById', users[1].email, 'EMAIL');
    assert.equal(byMail.id, users[1].id);
    await s.refused('settings.users.usersApi.getById', ['1'], { code: 404 });
    await s.call('settings.users.rolesApi.getAll');
    await s.call('settings.users.teamsApi.getAll');
    await s.call('settings.businessUnits.businessUnitApi.getByUserID', users[0].id);
  }],
];
