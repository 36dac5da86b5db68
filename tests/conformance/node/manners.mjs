// Refusals, limits and retries as the client meets them (platform 4, 9, 10.1).

import assert from 'node:assert/strict';
import { grant } from '../lib/sandbox.mjs';
import { bound } from '../lib/sdk.mjs';

const read = 'crm.owners.ownersApi.getPage';

export default [
  ['an unknown token is a 401 with its category', async (s) => {
    const mine = s.token;
    s.use('nonsense');
    try {
      await s.refused(read, [], { code: 401, category: 'INVALID_AUTHENTICATION' });
    } finally {
      s.use(mine);
    }
  }],
  ['a missing scope is a 403 that names what would do', async (s) => {
    const mine = s.token;
    s.use((await grant(s.url, s.app, s.portal, [])).access_token);
    try {
      const error = await s.refused(read, [], { code: 403, category: 'MISSING_SCOPES' });
      assert.ok(error.body.errors[0].context.requiredGranularScopes.includes('crm.objects.owners.read'));
    } finally {
      s.use(mine);
    }
  }],
];
