// Forms, e-mails, pages and what else the client reads outside the CRM (platform 6.3).

import assert from 'node:assert/strict';

// These pages take seven filters of time and order before `after` and `limit`.
const dated = (limit, after) => [...Array(7).fill(undefined), after, limit];

export default [
  ['forms', async (s) => {
    const forms = await s.walk('marketing.forms.formsApi.getPage', [50, 21], (limit, after) => [after, limit, false]);
    const one = await s.call('marketing.forms.formsApi.getById', forms[0].id);
    assert.deepEqual(one, forms[0]);
    await s.refused('marketing.forms.formsApi.getById', ['00000000-0000-0000-0000-000000000000'], { code: 404 });
  }],
  ['marketing e-mails', async (s) => {
    const api = 'marketing.emails.marketingEmailsApi';
    const found = await s.walk(`${api}.getPage`, [100], dated);
    const { id } = found[0];
    assert.equal((await s.call(`${api}.getById`, id)).name, found[0].name);
    await s.call(`${api}.getDraft`, id);
    const versions = await s.walk(`${api}.getRevisions`, [100, 1], (limit, after) => [id, after, undefined, limit]);
    assert.equal((await s.call(`${api}.getRevisionById`, id, versions[0].id)).id, versions[0].id);
    await s.refused(`${api}.getById`, ['999999999999'], { code: 404 });
  }],
  ['event types', async (s) => {
    await s.call('events.eventsApi.getTypes');
  }],
  ['subscription types', async (s) => {
    const { subscriptionDefinitions } = await s.call('communicationPreferences.definitionApi.getPage');
    assert.ok(subscriptionDefinitions.length > 0);
  }],
];
