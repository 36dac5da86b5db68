// The web flow and the tokens, through @octokit/auth-oauth-app and @octokit/oauth-methods.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { APPS, CALLBACK, USER, createOAuthAppAuth, oauth, refused } from './session.mjs';

const both = Object.entries(APPS);

export default [
  ['the authorize URL that octokit builds is one the sandbox understands', async (s) => {
    for (const [clientType, { clientId }] of both) {
      const { url, scopes } = oauth.getWebFlowAuthorizationUrl({ clientType, clientId, redirectUrl: CALLBACK, state: 'x', scopes: ['repo'], request: s.request });
      assert.ok(url.startsWith(`${s.url}/login/oauth/authorize?`), url);
      const page = await fetch(url);
      assert.equal(page.status, 200);
      assert.match(await page.text(), /id="authorize"/);
      assert.deepEqual(scopes, clientType === 'oauth-app' ? ['repo'] : undefined);
    }
  }],
  ['auth-oauth-app signs in with an OAuth app', async (s) => {
    const auth = createOAuthAppAuth({ clientType: 'oauth-app', ...APPS['oauth-app'], request: s.request });
    const { token, scopes, tokenType } = await auth({ type: 'oauth-user', code: await s.code('oauth-app', { scope: 'repo gist' }) });
    assert.match(token, /^gho_/);
    // Octokit splits at spaces what GitHub joins with commas.
    assert.deepEqual(scopes.join(',').split(',').sort(), ['gist', 'repo']);
    assert.equal(tokenType, 'oauth');
    const { data } = await s.octokit(token).rest.users.getAuthenticated();
    assert.equal(data.login, USER);
  }],
  ['auth-oauth-app signs in with a GitHub App, and the pair says when it ends', async (s) => {
    const auth = createOAuthAppAuth({ clientType: 'github-app', ...APPS['github-app'], request: s.request });
    const { token, refreshToken, expiresAt, refreshTokenExpiresAt } = await auth({ type: 'oauth-user', code: await s.code('github-app') });
    assert.match(token, /^ghu_/);
    assert.match(refreshToken, /^ghr_/);
    const hours = (at) => (new Date(at) - Date.now()) / 3_600_000;
    assert.ok(Math.abs(hours(expiresAt) - 8) < 0.1, expiresAt);
    assert.ok(Math.abs(hours(refreshTokenExpiresAt) - 184 * 24) < 0.1, refreshTokenExpiresAt);
  }],
  ['PKCE is enforced where a challenge was sent', async (s) => {
    const verifier = 'a'.repeat(64);
    const challenge = { code_challenge: createHash('sha256').update(verifier).digest('base64url'), code_challenge_method: 'S256' };
    const exchange = async (more) => {
      const code = await s.code('github-app', challenge);
      const { clientId, clientSecret } = APPS['github-app'];
      const body = { client_id: clientId, client_secret: clientSecret, code, ...more };
      const answer = await fetch(`${s.url}/login/oauth/access_token`, { method: 'POST', headers: { accept: 'application/json', 'content-type': 'application/json' }, body: JSON.stringify(body) });
      assert.equal(answer.status, 200);
      return answer.json();
    };
    assert.equal((await exchange({})).error, 'bad_verification_code');
    assert.equal((await exchange({ code_verifier: 'b'.repeat(64) })).error, 'bad_verification_code');
    assert.match((await exchange({ code_verifier: verifier })).access_token, /^ghu_/);
  }],
  ['errors with status 200 surface as octokit raises them', async (s) => {
    const options = { clientType: 'github-app', ...APPS['github-app'], request: s.request };
    const code = await s.code('github-app');
    await refused(oauth.exchangeWebFlowCode({ ...options, code: 'wrong' }), 400, 'bad_verification_code');
    await refused(oauth.exchangeWebFlowCode({ ...options, code, clientSecret: 'wrong' }), 400, 'incorrect_client_credentials');
    await refused(oauth.exchangeWebFlowCode({ ...options, code, redirectUrl: 'http://evil.example/' }), 400, 'redirect_uri_mismatch');
    await refused(oauth.exchangeWebFlowCode({ ...options, code: await s.code('github-app', {}, 'uwe-unverified') }), 400, 'unverified_user_email');
    await refused(oauth.refreshToken({ ...options, refreshToken: 'ghr_x' }), 400, 'bad_refresh_token');
  }],
  ['a refresh token works once and ends the old pair', async (s) => {
    const octokit = await s.signedIn('github-app');
    const options = { clientType: 'github-app', ...APPS['github-app'], request: s.request };
    const { authentication } = await oauth.refreshToken({ ...options, refreshToken: octokit.authentication.refreshToken });
    assert.notEqual(authentication.token, octokit.authentication.token);
    await refused(octokit.rest.users.getAuthenticated(), 401, 'Bad credentials');
    await s.octokit(authentication.token).rest.users.getAuthenticated();
    await refused(oauth.refreshToken({ ...options, refreshToken: octokit.authentication.refreshToken }), 400, 'bad_refresh_token');
  }],
  ['an app checks, resets, scopes and deletes its tokens', async (s) => {
    for (const [clientType, app] of both) {
      const { authentication } = await s.signedIn(clientType);
      const options = { clientType, ...app, request: s.request };
      const { data } = await oauth.checkToken({ ...options, token: authentication.token });
      assert.equal(data.user.login, USER);
      const reset = await oauth.resetToken({ ...options, token: authentication.token });
      assert.notEqual(reset.data.token, authentication.token);
      await refused(oauth.checkToken({ ...options, token: authentication.token }), 404);
      const { token } = reset.authentication;
      if (clientType === 'github-app') {
        const scoped = await oauth.scopeToken({ ...options, token, target: USER, repositories: ['portal-config'], permissions: { contents: 'read' } });
        const octokit = s.octokit(scoped.authentication.token);
        await octokit.rest.repos.get({ owner: USER, repo: 'portal-config' });
        await refused(octokit.rest.repos.get({ owner: USER, repo: 'hubspot-backup' }), 404);
      }
      assert.equal((await oauth.deleteToken({ ...options, token })).status, 204);
      await refused(s.octokit(token).rest.users.getAuthenticated(), 401, 'Bad credentials');
    }
  }],
  ['deleting the authorization ends every token', async (s) => {
    const [one, two] = [await s.signedIn('github-app'), await s.signedIn('github-app')];
    const options = { clientType: 'github-app', ...APPS['github-app'], request: s.request };
    assert.equal((await oauth.deleteAuthorization({ ...options, token: one.authentication.token })).status, 204);
    await refused(two.rest.users.getAuthenticated(), 401);
    await refused(oauth.refreshToken({ ...options, refreshToken: two.authentication.refreshToken }), 400, 'bad_refresh_token');
  }],
  ['octokit itself manages tokens with the app as its credential', async (s) => {
    const { clientId: client_id, clientSecret } = APPS['oauth-app'];
    const { authentication } = await s.signedIn('oauth-app');
    const app = s.octokit();
    app.hook.before('request', (options) => {
      options.headers.authorization = `Basic ${Buffer.from(`${client_id}:${clientSecret}`).toString('base64')}`;
    });
    const access_token = authentication.token;
    await app.rest.apps.checkToken({ client_id, access_token });
    const { data } = await app.rest.apps.resetToken({ client_id, access_token });
    await refused(app.rest.apps.scopeToken({ client_id, access_token: data.token, target: USER }), 404);
    await app.rest.apps.deleteToken({ client_id, access_token: data.token });
    const next = await s.signedIn('oauth-app');
    await app.rest.apps.deleteAuthorization({ client_id, access_token: next.authentication.token });
    await refused(app.rest.apps.checkToken({ client_id, access_token: next.authentication.token }), 404);
  }],
];
