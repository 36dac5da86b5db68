// Pages, blogs, tables, files of themes, domains and redirects (platform 6.3).

import assert from 'node:assert/strict';

// Seven filters of time and order come before `after` and `limit`.
const dated = (limit, after) => [...Array(7).fill(undefined), after, limit];
const ordered = (limit, after) => [undefined, after, limit];

// A room of content: where its reads are, each by the client's own name for it; what is left out is not there.
async function room(s, api, { one, list, batch, batchApi = api, draft, versions, version }, limits = [100]) {
  const found = await s.walk(`${api}.${list}`, limits, dated);
  assert.ok(found.length > 0, `${api} is empty`);
  const { id } = found[0];
  assert.equal((await s.call(`${api}.${one}`, id)).id, id);
  await s.refused(`${api}.${one}`, ['999999999999'], { code: 404 });
  if (batch) {
    const read = await s.call(`${batchApi}.${batch}`, { inputs: found.slice(0, 3).map((each) => each.id) });
    assert.deepEqual(read.results.map((each) => each.id).sort(), found.slice(0, 3).map((each) => each.id).sort());
  }
  if (draft) assert.equal((await s.call(`${api}.${draft}`, id)).id, id);
  if (versions) {
    const all = await s.walk(`${api}.${versions}`, [100, 1], (limit, after) => [id, after, undefined, limit]);
    assert.equal((await s.call(`${api}.${version}`, id, all[0].id)).id, all[0].id);
  }
}

const PAGES = { one: 'getById', list: 'getPage', batch: 'readBatch', draft: 'getDraftById', versions: 'getPreviousVersions', version: 'getPreviousVersion' };
const FOLDERS = { one: 'getFolderById', list: 'getFoldersPage', batch: 'readFolders', versions: 'getFolderPreviousVersions', version: 'getFolderPreviousVersion' };
const PLAIN = { one: 'getById', list: 'getPage' };
const TABLES = 'cms.hubdb.tablesApi';
const ROWS = 'cms.hubdb.rowsApi';
const BATCH = 'cms.hubdb.rowsBatchApi';

export default [
  ['landing pages', (s) => room(s, 'cms.pages.landingPagesApi', PAGES)],
  ['folders of landing pages', (s) => room(s, 'cms.pages.landingPagesApi', FOLDERS, [100, 2])],
  ['site pages', (s) => room(s, 'cms.pages.sitePagesApi', PAGES)],
  ['blog posts', (s) => room(s, 'cms.blogs.blogPosts.basicApi', { ...PAGES, batch: 'read', batchApi: 'cms.blogs.blogPosts.batchApi' })],
  ['blog authors', (s) => room(s, 'cms.blogs.authors.blogAuthorsApi', { ...PLAIN, batch: 'readBatch' }, [100, 3])],
  ['blog tags', (s) => room(s, 'cms.blogs.tags.blogTagsApi', { ...PLAIN, batch: 'readBatch' }, [100, 3])],
  ['domains', (s) => room(s, 'cms.domains.domainsApi', PLAIN, [100, 3])],
  ['URL redirects', (s) => room(s, 'cms.urlRedirects.redirectsApi', PLAIN, [100, 7])],
  ['tables and their rows', async (s) => {
    const tables = await s.walk(`${TABLES}.getAllTables`, [100, 2], ordered);
    await s.walk(`${TABLES}.getAllDraftTables`, [100], ordered);
    const { id } = tables.find(({ rowCount }) => rowCount > 0);
    assert.equal((await s.call(`${TABLES}.getTableDetails`, id)).id, id);
    assert.equal((await s.call(`${TABLES}.getDraftTableDetailsById`, id)).id, id);
    // Rows lead on by number.
    const numbered = (limit, offset) => [id, undefined, undefined, limit, undefined, offset];
    const rows = await s.walk(`${ROWS}.getTableRows`, [100, 30], numbered, { next: 'offset' });
    await s.walk(`${ROWS}.readDraftTableRows`, [100], numbered, { next: 'offset' });
    assert.equal((await s.call(`${ROWS}.getTableRow`, id, rows[0].id)).id, rows[0].id);
    assert.equal((await s.call(`${ROWS}.getDraftTableRowById`, id, rows[0].id)).id, rows[0].id);
    for (const name of ['readTableRows', 'readDraftTableRows']) {
      const read = await s.call(`${BATCH}.${name}`, id, { inputs: rows.slice(0, 2).map((row) => row.id) });
      assert.deepEqual(read.results.map((row) => row.id).sort(), rows.slice(0, 2).map((row) => row.id).sort());
    }
  }],
  ['files of themes, down to a leaf', async (s) => {
    let path = '/';
    for (let depth = 0; depth < 8; depth += 1) {
      const file = await s.call('cms.sourceCode.metadataApi.get', 'published', path);
      if (!file.folder) return assert.ok(depth > 1, 'no file below a folder');
      path = `${path.replace(/\/$/, '')}/${file.children[0]}`.replace(/^\//, '');
    }
    throw new Error('no end of folders');
  }],
];
