// Finding a repository and its branches: installations, listings walked by octokit.paginate, metadata.

import assert from 'node:assert/strict';
import { USER, refused } from './session.mjs';

const CONFIG = { owner: USER, repo: 'portal-config' };
const unique = (rows) => new Set(rows.map(({ id, name }) => id ?? name)).size;

export default [
  ['who I am, and what the service says of itself', async (s) => {
    const octokit = await s.signedIn('github-app');
    const { data } = await octokit.rest.users.getAuthenticated();
    assert.equal(data.login, USER);
    assert.equal((await octokit.rest.users.getByUsername({ username: 'harbour-analytics' })).data.type, 'Organization');
    await refused(octokit.rest.users.getByUsername({ username: 'nobody-at-all' }), 404);
    assert.equal((await octokit.rest.orgs.get({ org: 'harbour-analytics' })).data.login, 'harbour-analytics');
    await octokit.rest.meta.get();
    await octokit.rest.meta.getAllVersions();
    await octokit.rest.meta.root();
    const before = (await octokit.rest.rateLimit.get()).data.resources.core;
    assert.equal((await octokit.rest.rateLimit.get()).data.resources.core.used, before.used);
  }],
  ['installations and their repositories, each once, with any page size', async (s) => {
    const octokit = await s.signedIn('github-app');
    for (const per_page of [100, 30, 7]) {
      const installations = await octokit.paginate(octokit.rest.apps.listInstallationsForAuthenticatedUser, { per_page });
      assert.deepEqual(installations.map(({ account }) => account.login), [USER, 'harbour-analytics', 'lumen-agency']);
      const counts = [];
      for (const { id: installation_id } of installations) {
        const rows = await octokit.paginate(octokit.rest.apps.listInstallationReposForAuthenticatedUser, { installation_id, per_page });
        assert.equal(unique(rows), rows.length);
        counts.push(rows.length);
      }
      assert.deepEqual(counts, [4, 253, 2]);
    }
    await refused(octokit.rest.apps.listInstallationReposForAuthenticatedUser({ installation_id: 1 }), 404);
    const classic = await s.signedIn('oauth-app');
    await refused(classic.rest.apps.listInstallationsForAuthenticatedUser(), 403, 'authorized to a GitHub App');
  }],
  ['repositories of mine and of an organization', async (s) => {
    const octokit = await s.signedIn('oauth-app');
    for (const per_page of [100, 41]) {
      const mine = await octokit.paginate(octokit.rest.repos.listForAuthenticatedUser, { per_page });
      assert.deepEqual([mine.length, unique(mine)], [260, 260]);
      const theirs = await octokit.paginate(octokit.rest.repos.listForOrg, { org: 'harbour-analytics', per_page });
      assert.deepEqual([theirs.length, unique(theirs)], [253, 253]);
    }
    const own = await octokit.rest.repos.listForAuthenticatedUser({ affiliation: 'owner', sort: 'full_name' });
    assert.equal(own.data[0].name, 'hubspot-backup');
    await refused(octokit.rest.repos.listForAuthenticatedUser({ type: 'owner', visibility: 'public' }), 422);
    assert.deepEqual((await octokit.paginate(octokit.rest.orgs.listForAuthenticatedUser)).map(({ login }) => login), ['harbour-analytics', 'lumen-agency']);
    await refused((await s.signedIn('oauth-app', '', 'tomasz-k')).rest.orgs.listForAuthenticatedUser(), 403);
  }],
  ['one repository: public, private, archived, empty, invisible', async (s) => {
    const octokit = await s.signedIn('github-app');
    for (const [owner, repo, want] of [
      [USER, 'portal-config', { private: true, archived: false, default_branch: 'main' }],
      [USER, 'website', { private: false, default_branch: 'master' }],
      [USER, 'old-experiments', { archived: true }],
      ['harbour-analytics', 'handbook', { visibility: 'public' }],
      ['lumen-agency', 'shared-templates', { private: true }],
    ]) {
      const { data } = await octokit.rest.repos.get({ owner, repo });
      for (const [name, value] of Object.entries(want)) assert.equal(data[name], value, `${owner}/${repo} ${name}`);
    }
    await refused(octokit.rest.repos.get({ owner: USER, repo: 'private-notes' }), 404, 'Not Found');
    await refused(octokit.rest.repos.get({ owner: 'lumen-agency', repo: 'client-borealis' }), 404, 'Not Found');
  }],
  ['branches, three hundred of them, and one', async (s) => {
    const octokit = await s.signedIn('github-app');
    const archive = { owner: 'harbour-analytics', repo: 'config-archive' };
    for (const per_page of [100, 64]) {
      const branches = await octokit.paginate(octokit.rest.repos.listBranches, { ...archive, per_page });
      assert.deepEqual([branches.length, unique(branches)], [300, 300]);
    }
    const { data } = await octokit.rest.repos.getBranch({ ...CONFIG, branch: 'feature/pipelines' });
    assert.deepEqual([data.name, data.protected], ['feature/pipelines', false]);
    const snapshots = await octokit.rest.repos.getBranch({ owner: 'harbour-analytics', repo: 'crm-snapshots', branch: 'main' });
    assert.equal(snapshots.data.protected, true);
    await refused(octokit.rest.repos.getBranch({ ...CONFIG, branch: 'none' }), 404, 'Branch not found');
  }],
  ['files, directories, media types', async (s) => {
    const octokit = await s.signedIn('github-app');
    const path = 'notes/ünïcode & space.txt';
    const { data } = await octokit.rest.repos.getContent({ ...CONFIG, path });
    assert.equal(Buffer.from(data.content, 'base64').toString(), 'Backup of week 11\n');
    const raw = await octokit.rest.repos.getContent({ ...CONFIG, path, mediaType: { format: 'raw' } });
    assert.equal(raw.data, 'Backup of week 11\n');
    const folder = await octokit.rest.repos.getContent({ ...CONFIG, path: '' });
    assert.deepEqual(folder.data.map(({ name }) => name), ['README.md', 'notes', 'properties']);
    await octokit.rest.repos.getContent({ ...CONFIG, path: 'properties', mediaType: { format: 'object' } });
    await refused(octokit.rest.repos.getContent({ ...CONFIG, path: 'none' }), 404);
    await refused(octokit.rest.repos.getContent({ owner: USER, repo: 'hubspot-backup', path: '' }), 404, 'This repository is empty');
  }],
  ['history and comparison', async (s) => {
    const octokit = await s.signedIn('github-app');
    const commits = await octokit.paginate(octokit.rest.repos.listCommits, { ...CONFIG, per_page: 5 });
    assert.deepEqual([commits.length, new Set(commits.map(({ sha }) => sha)).size], [13, 13]);
    const { data } = await octokit.rest.repos.getCommit({ ...CONFIG, ref: 'main' });
    assert.equal(data.sha, commits[0].sha);
    const between = await octokit.rest.repos.compareCommitsWithBasehead({ ...CONFIG, basehead: `${commits[3].sha}...main` });
    assert.deepEqual([between.data.status, between.data.ahead_by, between.data.commits.length], ['ahead', 3, 3]);
    const older = await octokit.rest.repos.compareCommits({ ...CONFIG, base: 'main', head: commits[3].sha });
    assert.deepEqual([older.data.status, older.data.behind_by], ['behind', 3]);
    await refused(octokit.rest.repos.listCommits({ owner: USER, repo: 'hubspot-backup' }), 409, 'Git Repository is empty');
    await refused(octokit.rest.repos.getCommit({ ...CONFIG, ref: 'none' }), 422);
    await refused(octokit.rest.repos.compareCommitsWithBasehead({ ...CONFIG, basehead: 'main...none' }), 404);
  }],
];
