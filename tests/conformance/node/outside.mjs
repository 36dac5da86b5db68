// What the client has no method for, through its `apiRequest` (platform 10.1).

import assert from 'node:assert/strict';

export default [
  ['account information', async (s) => {
    const [status, body] = await s.request({ path: '/account-info/v3/details' });
    assert.equal(status, 200);
    assert.equal(body.portalId, s.portal);
  }],
];
