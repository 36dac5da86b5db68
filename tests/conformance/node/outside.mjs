// What the client has no method for, through its `apiRequest` (platform 10.1).

import assert from 'node:assert/strict';
import { CALLBACK, consent } from '../lib/sandbox.mjs';

// `[method, path, query, body, status, a field of a good answer]`; the first segment in braces is replaced.
const READS = [
  ['/account-info/v3/details', 'portalId'],
  ['/account-info/2026-03/details', 'portalId'],
  ['/account-info/v3/api-usage/daily/private-apps', 'results'],
  ['/automation/v4/flows', 'results'],
  ['/marketing/v3/campaigns', 'results'],
  ['/crm/v3/limits/custom-properties', 'overallLimit'],
  ['/crm/v3/limits/pipelines', 'hubspotDefinedObjectTypes'],
  ['/crm/v3/limits/records', 'hubspotDefinedObjectTypes'],
  ['/crm/limits/2026-09/associations/labels', 'results'],
  ['/crm/v3/property-validations/0-1', 'results'],
  ['/crm/v3/object-library/enablement', 'enablementByObjectTypeId'],
  ['/settings/v3/currencies/company-currency', 'currencyCode'],
  ['/settings/currencies/2026-09/exchange-rates/current', 'results'],
  ['/tax-rates/v1/tax-rates', 'results'],
  ['/events/v3/event-definitions', 'results'],
  ['/conversations/conversations/2026-09/inboxes', 'results'],
];

const form = (s, path, fields) =>
  s.request({
    method: 'POST',
    path,
    authType: 'none',
    defaultJson: false,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ client_id: s.app.id, client_secret: s.app.secret, ...fields }).toString(),
  });

export default [
  ...READS.map(([path, field]) => [
    `apiRequest ${path}`,
    async (s) => {
      const [status, body, headers] = await s.request({ path });
      assert.equal(status, 200, JSON.stringify(body).slice(0, 300));
      assert.ok(field in body, `no ${field}`);
      assert.ok(headers.get('x-hubspot-correlation-id'));
    },
  ]),
  ['dated OAuth: exchange, refresh, introspect, revoke', async (s) => {
    for (const version of ['v3', '2026-03', '2026-09']) {
      const code = await consent(s.url, s.app, s.portal);
      const [status, tokens] = await form(s, `/oauth/${version}/token`, { grant_type: 'authorization_code', code, redirect_uri: CALLBACK });
      assert.equal(status, 200, JSON.stringify(tokens));
      assert.equal(tokens.hub_id, s.portal);
      assert.equal(tokens.token_use, 'access_token');
      const refresh = { grant_type: 'refresh_token', refresh_token: tokens.refresh_token };
      const [, next] = await form(s, `/oauth/${version}/token`, refresh);
      assert.equal(next.refresh_token, tokens.refresh_token);
      const [, about] = await form(s, `/oauth/${version}/token/introspect`, { token: next.access_token, token_type_hint: 'access_token' });
      assert.equal(about.active, true);
      assert.equal(about.hub_id, s.portal);
      const [revoked] = await form(s, `/oauth/${version}/token/revoke`, { token: tokens.refresh_token, token_type_hint: 'refresh_token' });
      assert.equal(revoked, 200);
      const [refused, error] = await form(s, `/oauth/${version}/token`, refresh);
      assert.equal(refused, 400);
      assert.equal(error.error, 'invalid_grant');
      assert.equal(error.status, 'BAD_REFRESH_TOKEN');
    }
  }],
  ['a token request in JSON is a 415', async (s) => {
    const [status] = await s.request({ method: 'POST', path: '/oauth/2026-03/token', authType: 'none', body: { grant_type: 'refresh_token' } });
    assert.equal(status, 415);
  }],
  ['an unknown route is a page in HTML', async (s) => {
    const [status, body] = await s.request({ path: '/no/such/route' });
    assert.equal(status, 404);
    assert.match(body, /<html/);
  }],
];
