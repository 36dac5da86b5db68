// OAuth v1, which is what the client speaks (platform 1 and 10.1).

import assert from 'node:assert/strict';
import { CALLBACK, consent } from '../lib/sandbox.mjs';

const create = 'oauth.tokensApi.create';

async function exchanged(s) {
  const code = await consent(s.url, s.app, s.portal);
  return [code, await s.call(create, 'authorization_code', code, CALLBACK, s.app.id, s.app.secret)];
}

export default [
  ['a code becomes tokens, once', async (s) => {
    const [code, tokens] = await exchanged(s);
    assert.equal(tokens.expiresIn, 1800);
    assert.equal(tokens.tokenType, 'bearer');
    const again = await s.refused(create, ['authorization_code', code, CALLBACK, s.app.id, s.app.secret], { code: 400 });
    assert.equal(again.body.status, 'BAD_AUTH_CODE');
  }],
  ['a refresh keeps the refresh token and gives another access token', async (s) => {
    const [, tokens] = await exchanged(s);
    const next = await s.call(create, 'refresh_token', undefined, undefined, s.app.id, s.app.secret, tokens.refreshToken);
    assert.equal(next.refreshToken, tokens.refreshToken);
    assert.notEqual(next.accessToken, tokens.accessToken);
    const wrong = await s.refused(create, ['refresh_token', undefined, undefined, s.app.id, 'wrong', tokens.refreshToken], { code: 400 });
    assert.equal(wrong.body.status, 'BAD_CLIENT_SECRET');
  }],
  ['tokens describe themselves', async (s) => {
    const [, tokens] = await exchanged(s);
    const access = await s.call('oauth.accessTokensApi.get', tokens.accessToken);
    assert.equal(access.hubId, s.portal);
    assert.equal(access.token, tokens.accessToken);
    assert.ok(access.scopes.includes('oauth'));
    const refresh = await s.call('oauth.refreshTokensApi.get', tokens.refreshToken);
    assert.equal(refresh.clientId, s.app.id);
    assert.deepEqual([...refresh.scopes].sort(), [...access.scopes].sort());
    await s.refused('oauth.accessTokensApi.get', ['nonsense'], { code: 404, correlated: false });
  }],
  ['a deleted refresh token refreshes nothing', async (s) => {
    const [, tokens] = await exchanged(s);
    await s.call('oauth.refreshTokensApi.archive', tokens.refreshToken);
    const dead = await s.refused(create, ['refresh_token', undefined, undefined, s.app.id, s.app.secret, tokens.refreshToken], { code: 400 });
    assert.equal(dead.body.status, 'BAD_REFRESH_TOKEN');
  }],
  ['the authorize URL that the client builds leads to a consent page', async (s) => {
    const built = new URL(s.client.oauth.getAuthorizationUrl(s.app.id, CALLBACK, 'oauth', 'forms', 'a state'));
    const page = await fetch(s.url + built.pathname + built.search);
    assert.equal(page.status, 200);
    assert.match(await page.text(), /name="portal"/);
    s.helped.add('oauth.getAuthorizationUrl');
  }],
];
