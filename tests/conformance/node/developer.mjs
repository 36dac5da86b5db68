// App-level endpoints, which only the developer's key opens (platform 2 and 6.3).

import assert from 'node:assert/strict';

// A case whose calls are made with the developer's key, the app's id as its second argument.
const developer = (body) => async (s) => {
  const mine = s.token;
  s.asDeveloper();
  try {
    await body(s, s.app.appId);
  } finally {
    s.use(mine);
  }
};

export default [
  ['an installer opens no app-level endpoint', async (s) => {
    await s.refused('webhooks.settingsApi.getAll', [s.app.appId], { code: 401 });
  }],
  ['webhook settings and subscriptions', developer(async (s, app) => {
    const settings = await s.call('webhooks.settingsApi.configure', app, { targetUrl: 'https://app.example/hooks', throttling: { maxConcurrentRequests: 7 } });
    assert.equal(settings.throttling.maxConcurrentRequests, 7);
    assert.deepEqual(await s.call('webhooks.settingsApi.getAll', app), settings);
    const made = await s.call('webhooks.subscriptionsApi.create', app, { eventType: 'deal.propertyChange', propertyName: 'amount', active: false });
    const id = Number(made.id);
    assert.equal((await s.call('webhooks.subscriptionsApi.getById', id, app)).propertyName, 'amount');
    assert.equal((await s.call('webhooks.subscriptionsApi.update', id, app, { active: true })).active, true);
    const batch = await s.call('webhooks.subscriptionsApi.updateBatch', app, { inputs: [{ id, active: false }] });
    assert.equal(batch.results[0].active, false);
    const { results } = await s.call('webhooks.subscriptionsApi.getAll', app);
    assert.ok(results.some((subscription) => subscription.id === made.id));
    await s.call('webhooks.subscriptionsApi.archive', id, app);
    await s.refused('webhooks.subscriptionsApi.getById', [id, app], { code: 404 });
    await s.call('webhooks.settingsApi.clear', app);
  })],
  ['custom workflow actions', developer(async (s, app) => {
    const egg = { actionUrl: 'https://app.example/act', published: false, functions: [], inputFields: [], objectTypes: ['CONTACT'], labels: { en: { actionName: 'Conform' } } };
    const made = await s.call('automation.actions.definitionsApi.create', app, egg);
    const changed = await s.call('automation.actions.definitionsApi.update', made.id, app, { published: true });
    assert.equal(changed.published, true);
    assert.equal((await s.call('automation.actions.definitionsApi.getById', made.id, app)).labels.en.actionName, 'Conform');
    const all = await s.walk('automation.actions.definitionsApi.getPage', [100, 1], (limit, after) => [app, limit, after]);
    assert.ok(all.some(({ id }) => id === made.id));
    const revisions = await s.walk('automation.actions.revisionsApi.getPage', [100, 1], (limit, after) => [made.id, app, limit, after]);
    assert.equal(revisions.length, 2);
    await s.call('automation.actions.revisionsApi.getById', made.id, revisions[0].id, app);
    for (const { id } of all) await s.call('automation.actions.functionsApi.getPage', id, app);
    await s.call('automation.actions.definitionsApi.archive', made.id, app);
  })],
  ['timeline event templates and tokens', developer(async (s, app) => {
    const token = { name: 'why', label: 'Why', type: 'string', options: [] };
    const made = await s.call('crm.timeline.templatesApi.create', app, { name: 'Conformed', objectType: 'contacts', headerTemplate: 'It did', detailTemplate: 'Because', tokens: [] });
    await s.call('crm.timeline.tokensApi.create', made.id, app, token);
    assert.equal((await s.call('crm.timeline.tokensApi.update', made.id, 'why', app, { label: 'Reason', options: [] })).label, 'Reason');
    assert.equal((await s.call('crm.timeline.templatesApi.getById', made.id, app)).tokens.length, 1);
    const changed = await s.call('crm.timeline.templatesApi.update', made.id, app, { id: made.id, name: 'Conforms', headerTemplate: 'It does', detailTemplate: '', tokens: [] });
    assert.equal(changed.name, 'Conforms');
    const { results } = await s.call('crm.timeline.templatesApi.getAll', app);
    assert.ok(results.some(({ id }) => id === made.id));
    await s.call('crm.timeline.tokensApi.create', made.id, app, { ...token, name: 'other' });
    await s.call('crm.timeline.tokensApi.archive', made.id, 'other', app);
    await s.call('crm.timeline.templatesApi.archive', made.id, app);
    await s.refused('crm.timeline.templatesApi.getById', [made.id, app], { code: 404 });
  })],
];
