// A backup written through contents and through git's objects, and everything that refuses it.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { USER, refused } from './session.mjs';

const CONFIG = { owner: USER, repo: 'portal-config' };
const EMPTY = { owner: USER, repo: 'hubspot-backup' };
const base64 = (text) => Buffer.from(text).toString('base64');
const oid = (kind, body) => createHash('sha1').update(`${kind} ${Buffer.byteLength(body)}\0${body}`).digest('hex');

export default [
  ['files by path: create, update, delete, and the sha that must match', async (s) => {
    const octokit = await s.signedIn('github-app');
    const file = { ...CONFIG, path: 'backups/2026-11-22.json' };
    const made = await octokit.rest.repos.createOrUpdateFileContents({ ...file, message: 'Create', content: base64('{}') });
    assert.deepEqual([made.status, made.data.content.sha], [201, oid('blob', '{}')]);
    await refused(octokit.rest.repos.createOrUpdateFileContents({ ...file, message: 'Update', content: base64('[]') }), 422, "wasn't supplied");
    await refused(octokit.rest.repos.createOrUpdateFileContents({ ...file, message: 'Update', content: base64('[]'), sha: '0'.repeat(40) }), 409, 'does not match');
    const changed = await octokit.rest.repos.createOrUpdateFileContents({ ...file, message: 'Update', content: base64('[]'), sha: made.data.content.sha });
    assert.equal(changed.status, 200);
    await refused(octokit.rest.repos.deleteFile({ ...file, message: 'Delete', sha: made.data.content.sha }), 409);
    const gone = await octokit.rest.repos.deleteFile({ ...file, message: 'Delete', sha: changed.data.content.sha });
    assert.equal(gone.data.content, null);
    await refused(octokit.rest.repos.getContent(file), 404);
  }],
  ['a whole backup as one commit', async (s) => {
    const octokit = await s.signedIn('github-app');
    const { git } = octokit.rest;
    const { data: head } = await git.getRef({ ...CONFIG, ref: 'heads/main' });
    const { data: parent } = await git.getCommit({ ...CONFIG, commit_sha: head.object.sha });
    const { data: blob } = await git.createBlob({ ...CONFIG, content: base64('hello\n'), encoding: 'base64' });
    assert.equal(blob.sha, oid('blob', 'hello\n'));
    const read = await git.getBlob({ ...CONFIG, file_sha: blob.sha });
    assert.equal(Buffer.from(read.data.content, 'base64').toString(), 'hello\n');
    const tree = await git.createTree({
      ...CONFIG,
      base_tree: parent.tree.sha,
      tree: [
        { path: 'whole/a.txt', mode: '100644', type: 'blob', sha: blob.sha },
        { path: 'whole/b.txt', mode: '100644', type: 'blob', content: 'b' },
        { path: 'README.md', mode: '100644', type: 'blob', sha: null },
      ],
    });
    const author = { name: 'P', email: 'p@example.com', date: '2026-02-03T04:05:06Z' };
    const commit = await git.createCommit({ ...CONFIG, message: 'Backup', tree: tree.data.sha, parents: [head.object.sha], author });
    const who = 'P <p@example.com> 1770091506 +0000';
    assert.equal(commit.data.sha, oid('commit', `tree ${tree.data.sha}\nparent ${head.object.sha}\nauthor ${who}\ncommitter ${who}\n\nBackup`));
    await git.updateRef({ ...CONFIG, ref: 'heads/main', sha: commit.data.sha });
    const listed = await git.getTree({ ...CONFIG, tree_sha: commit.data.sha, recursive: '1' });
    const paths = listed.data.tree.map(({ path }) => path);
    assert.ok(paths.includes('whole/b.txt') && !paths.includes('README.md'));
    await refused(git.getBlob({ ...CONFIG, file_sha: '0'.repeat(40) }), 404);
    await refused(git.getTree({ ...CONFIG, tree_sha: '0'.repeat(40) }), 404);
    await refused(git.createTree({ ...CONFIG, tree: [{ path: '/x', mode: '100644', type: 'blob', content: '' }] }), 422);
    await refused(git.createCommit({ ...CONFIG, message: 'm', tree: '0'.repeat(40) }), 422, 'Tree SHA does not exist');
  }],
  ['references: create, list, move forward, delete', async (s) => {
    const octokit = await s.signedIn('github-app');
    const { git } = octokit.rest;
    const tip = async (name) => (await git.getRef({ ...CONFIG, ref: `heads/${name}` })).data.object.sha;
    const [main, staging] = [await tip('main'), await tip('staging')];
    await git.createRef({ ...CONFIG, ref: 'refs/heads/backup/one', sha: staging });
    await refused(git.createRef({ ...CONFIG, ref: 'refs/heads/backup/one', sha: main }), 422, 'Reference already exists');
    await refused(git.createRef({ ...CONFIG, ref: 'refs/heads/other', sha: '0'.repeat(40) }), 422, 'Object does not exist');
    assert.equal((await git.listMatchingRefs({ ...CONFIG, ref: 'heads/backup' })).data.length, 1);
    await refused(git.updateRef({ ...CONFIG, ref: 'heads/backup/one', sha: main }), 422, 'not a fast forward');
    await git.updateRef({ ...CONFIG, ref: 'heads/backup/one', sha: main, force: true });
    await git.deleteRef({ ...CONFIG, ref: 'heads/backup/one' });
    await refused(git.getRef({ ...CONFIG, ref: 'heads/backup/one' }), 404);
    await refused(git.deleteRef({ ...CONFIG, ref: 'heads/backup/one' }), 422, 'Reference does not exist');
  }],
  ['an empty repository takes its first file, and nothing of git before', async (s) => {
    const octokit = await s.signedIn('github-app');
    await refused(octokit.rest.git.createBlob({ ...EMPTY, content: '' }), 409, 'Git Repository is empty');
    await refused(octokit.rest.git.createTree({ ...EMPTY, tree: [] }), 409);
    const made = await octokit.rest.repos.createOrUpdateFileContents({ ...EMPTY, path: 'README.md', message: 'First', content: '' });
    assert.deepEqual(made.data.commit.parents, []);
    assert.equal((await octokit.rest.repos.listBranches(EMPTY)).data[0].name, 'main');
  }],
  ['who may not write is told so', async (s) => {
    const octokit = await s.signedIn('github-app');
    const write = (owner, repo, by = octokit) => by.rest.repos.createOrUpdateFileContents({ owner, repo, path: 'x', message: 'm', content: '' });
    await refused(write('lumen-agency', 'shared-templates'), 403, 'push access');
    await refused(write(USER, 'old-experiments'), 403, 'archived');
    await refused(write('tomasz-k', 'dotfiles'), 403);
    await refused(write(USER, 'private-notes'), 404);
    const member = await s.signedIn('github-app', '', 'tomasz-k');
    await refused(write('harbour-analytics', 'crm-snapshots', member), 409, 'approving review');
    await refused(write(USER, 'website', await s.signedIn('oauth-app', 'read:org', 'tomasz-k')), 404);
  }],
  ['a repository is made for backups', async (s) => {
    const octokit = await s.signedIn('oauth-app');
    const { data } = await octokit.rest.repos.createForAuthenticatedUser({ name: 'made-by-octokit', private: true, auto_init: true });
    assert.equal(data.default_branch, 'main');
    await refused(octokit.rest.repos.createForAuthenticatedUser({ name: 'made-by-octokit' }), 422);
    await octokit.rest.repos.createInOrg({ org: 'harbour-analytics', name: 'made-by-octokit' });
    await refused(octokit.rest.repos.createInOrg({ org: 'lumen-agency', name: 'x' }), 403);
    await refused((await s.signedIn('github-app')).rest.repos.createForAuthenticatedUser({ name: 'y' }), 403, 'not accessible by integration');
  }],
];
