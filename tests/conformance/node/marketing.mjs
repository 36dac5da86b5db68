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
    await s.walk('marketing.emails.marketingEmailsApi.getPage', [100], dated);
  }],
  ['pages, tables, domains, redirects', async (s) => {
    await s.walk('cms.pages.landingPagesApi.getPage', [100], dated);
    await s.walk('cms.pages.sitePagesApi.getPage', [100], dated);
    await s.walk('cms.domains.domainsApi.getPage', [100, 3], dated);
    await s.walk('cms.urlRedirects.redirectsApi.getPage', [100, 7], dated);
    await s.walk('cms.hubdb.tablesApi.getAllTables', [100, 2], (limit, after) => [undefined, after, limit]);
  }],
  ['subscription types', async (s) => {
    const { subscriptionDefinitions } = await s.call('communicationPreferences.definitionApi.getPage');
    assert.ok(subscriptionDefinitions.length > 0);
  }],
];
