// Refusals, limits and retries as the client meets them (platform 4, 9, 10.1).

import assert from 'node:assert/strict';
import { grant } from '../lib/sandbox.mjs';
import { bound } from '../lib/sdk.mjs';

const read = 'crm.owners.ownersApi.getPage';
const path = '/crm/v3/owners';

// Runs `body` as another token.
async function as(s, token, body) {
  const mine = s.token;
  s.use(token);
  try {
    await body();
  } finally {
    s.use(mine);
  }
}

// The waits that the client's retries asked for while `body` ran; none of them is waited for.
async function waits(body) {
  const wanted = [];
  const { setTimeout: real } = globalThis;
  const { error: said } = console;
  globalThis.setTimeout = (callback, milliseconds, ...rest) => {
    const isRetry = new Error().stack.includes('RetryDecorator');
    if (isRetry) wanted.push(milliseconds);
    return real(callback, isRetry ? 0 : milliseconds, ...rest);
  };
  // The client tells every retry on stderr.
  console.error = () => {};
  try {
    await body();
  } finally {
    globalThis.setTimeout = real;
    console.error = said;
  }
  return wanted;
}

// A client that makes up to `attempts` in all.
const patient = (s, attempts) => bound(s.newClient(s.token, { numberOfApiCallRetries: attempts }), read);

// `[fault, calls it hits, attempts, waits, code that is left or none]`
const RETRIES = [
  [{ answer: 'status', status: 500 }, 2, 3, [200, 400]],
  [{ answer: 'status', status: 503 }, 1, 3, [200]],
  [{ answer: '429', policy: 'TEN_SECONDLY_ROLLING' }, 2, 3, [10_000, 20_000]],
  [{ answer: '429', policy: 'SECONDLY' }, 2, 3, [1_000, 2_000]],
  // More than it has attempts for.
  [{ answer: 'status', status: 500 }, 2, 2, [200], 500],
  // What it never retries.
  [{ answer: '429', policy: 'DAILY' }, 1, 3, [], 429],
  [{ answer: 'status', status: 404 }, 1, 3, [], 404],
  [{ answer: '477', retryAfter: 5 }, 1, 3, [], 477],
  // A page in HTML is an error of the server like any other.
  [{ answer: 'html-502' }, 1, 2, [200]],
];

export default [
  ['an unknown token is a 401 with its category', async (s) => {
    await as(s, 'nonsense', () => s.refused(read, [], { code: 401, category: 'INVALID_AUTHENTICATION' }));
  }],
  ['an expired token is a 401 of its own category', async (s) => {
    const { access_token: token } = await grant(s.url, s.app, s.portal);
    await as(s, token, async () => {
      await s.call(read);
      await s.act('advance-clock', { ms: 1_801_000 });
      await s.refused(read, [], { code: 401, category: 'EXPIRED_AUTHENTICATION' });
    });
    // This suite's own has expired too.
    s.use((await grant(s.url, s.app, s.portal)).access_token);
  }],
  ['a missing scope is a 403 that names what would do', async (s) => {
    const { access_token: token } = await grant(s.url, s.app, s.portal, []);
    await as(s, token, async () => {
      const error = await s.refused(read, [], { code: 403, category: 'MISSING_SCOPES' });
      assert.ok(error.body.errors[0].context.requiredGranularScopes.includes('crm.objects.owners.read'));
    });
  }],
  ['the call beyond a window is a 429 that the next window forgives', async (s) => {
    await s.advance(10_100);
    const { access_token: token } = await grant(s.url, s.app, s.portal);
    await as(s, token, async () => {
      const call = bound(s.client, read);
      const outcomes = [];
      // One after the other, for the window has a definite last call.
      for (let n = 0; n < 112; n += 1) outcomes.push(await call(undefined, undefined, 1).then(() => 200, (error) => error));
      const refused = outcomes.filter((outcome) => outcome !== 200);
      assert.ok(refused.length >= 1, 'no call of 112 in a window of 110 was refused');
      for (const { code, body } of refused) {
        assert.equal(code, 429);
        assert.equal(body.errorType, 'RATE_LIMIT');
        assert.equal(body.policyName, 'TEN_SECONDLY_ROLLING');
        assert.equal(body.message, 'You have reached your ten_secondly_rolling limit.');
      }
      await s.advance(10_100);
      await s.call(read);
      assert.equal(s.seen.headers['x-hubspot-ratelimit-max'], '110');
      assert.equal(s.seen.headers['x-hubspot-ratelimit-remaining'], '109');
      assert.equal(s.seen.headers['x-hubspot-ratelimit-daily'], undefined);
    });
  }],
  ...RETRIES.map(([fault, calls, attempts, wanted, left]) => [
    `retries: ${Object.values(fault).join(' ')} for ${calls} of ${attempts} attempts`,
    async (s) => {
      await s.advance(10_100);
      await s.act('fault', { path, method: 'GET', calls, ...fault });
      const call = patient(s, attempts);
      let code;
      const asked = await waits(() => call().catch((error) => (code = error.code ?? error)));
      await s.act('clear-faults', {});
      // The decorators are the process's: the plain client comes back.
      s.use(s.token);
      assert.deepEqual(asked, wanted);
      assert.equal(code, left);
    },
  ]),
];
