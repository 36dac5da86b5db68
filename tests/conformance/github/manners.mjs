// Headers, validators, versions, and limits.

import assert from 'node:assert/strict';
import { USER, refused } from './session.mjs';

const WEBSITE = { owner: USER, repo: 'website' };

export default [
  ['every answer carries its id, media type, version and limits', async (s) => {
    const { headers } = await (await s.signedIn('oauth-app', 'repo')).rest.repos.get(WEBSITE);
    assert.match(headers['x-github-request-id'], /^[0-9A-F]{4}(:[0-9A-F]{6,8}){4}$/);
    assert.match(headers['x-github-media-type'], /^github\.v3; format=json$/);
    assert.equal(headers['x-github-api-version-selected'], '2022-11-28');
    assert.equal(headers['x-oauth-scopes'], 'repo');
    assert.equal(headers['x-ratelimit-limit'], '5000');
    assert.equal(headers['x-ratelimit-resource'], 'core');
    assert.ok(Number(headers['x-ratelimit-reset']) > Date.now() / 1000);
  }],
  ['an unchanged answer is a 304 that costs nothing', async (s) => {
    const octokit = await s.signedIn('github-app');
    const { headers } = await octokit.rest.repos.get(WEBSITE);
    const error = await refused(octokit.rest.repos.get({ ...WEBSITE, headers: { 'if-none-match': headers.etag } }), 304);
    assert.equal(error.response.headers['x-ratelimit-used'], headers['x-ratelimit-used']);
  }],
  ['an unknown version, no user agent and a wrong token are refused', async (s) => {
    const octokit = await s.signedIn('github-app');
    await refused(octokit.rest.repos.get({ ...WEBSITE, headers: { 'x-github-api-version': '1999-01-01' } }), 400);
    await octokit.rest.repos.get({ ...WEBSITE, headers: { 'x-github-api-version': '2026-03-10' } });
    await refused(s.octokit('ghu_wrong').rest.users.getAuthenticated(), 401, 'Bad credentials');
    await refused(s.octokit().rest.users.getAuthenticated(), 401, 'Requires authentication');
    const bare = await fetch(`${s.baseUrl}/meta`, { headers: { 'user-agent': '' } });
    assert.equal(bare.status, 403);
  }],
  // Last: what it uses up is gone for a minute.
  ['writing too fast meets the secondary limit with a Retry-After', async (s) => {
    const octokit = await s.signedIn('oauth-app', 'repo', 'solo-sam');
    const write = () => octokit.rest.git.createBlob({ owner: 'solo-sam', repo: 'portal', content: 'x' });
    for (let written = 0; written < 80; written += 1) await write();
    const { response } = await refused(write(), 403, 'secondary rate limit');
    const wait = Number(response.headers['retry-after']);
    assert.ok(wait > 0 && wait <= 60, `${wait}`);
    assert.ok(Number(response.headers['x-ratelimit-remaining']) > 0);
  }],
];
