//! Owns the routes of content: pages, blogs, HubDB, the design manager, domains (platform 6.3). Holds no logic.

use super::{get, post};
use crate::hubspot::{content, hubdb, source_code};
use crate::router::{Access, Route};

const CONTENT: Access = Access::AnyOf(&["content"]);
const DOMAINS: Access = Access::AnyOf(&["cms.domains.read", "content"]);
const HUBDB: Access = Access::AnyOf(&["hubdb", "hubdb.tables.read"]);

#[rustfmt::skip]
pub(super) const ROUTES: &[Route] = &[
    get(&["/cms/v3/pages/site-pages", "/cms/pages/{date}/site-pages", "/cms/pages/v3/site-pages", "/cms/pages/v3/site-pages/cursor", "/cms/pages/v3/site-pages/cursor/query", "/cms/pages/{date}/site-pages/cursor"], CONTENT, content::site_pages, "platform 6.3"),
    post(&["/cms/v3/pages/site-pages/batch/read", "/cms/pages/{date}/site-pages/batch/read", "/cms/pages/v3/site-pages/batch/read"], CONTENT, content::site_pages_batch, "platform 6.3"),
    get(&["/cms/v3/pages/site-pages/{objectId}", "/cms/pages/{date}/site-pages/{objectId}", "/cms/pages/v3/site-pages/{objectId}"], CONTENT, content::site_page, "platform 6.3"),
    get(&["/cms/v3/pages/site-pages/{objectId}/draft", "/cms/pages/{date}/site-pages/{objectId}/draft", "/cms/pages/v3/site-pages/{objectId}/draft"], CONTENT, content::site_page, "platform 6.3"),
    get(&["/cms/v3/pages/site-pages/{objectId}/revisions", "/cms/pages/{date}/site-pages/{objectId}/revisions", "/cms/pages/v3/site-pages/{objectId}/revisions"], CONTENT, content::site_page_revisions, "platform 6.3"),
    get(&["/cms/v3/pages/site-pages/{objectId}/revisions/{revisionId}", "/cms/pages/{date}/site-pages/{objectId}/revisions/{revisionId}", "/cms/pages/v3/site-pages/{objectId}/revisions/{revisionId}"], CONTENT, content::site_page_revision, "platform 6.3"),
    get(&["/cms/v3/pages/landing-pages", "/cms/pages/{date}/landing-pages", "/cms/pages/v3/landing-pages", "/cms/pages/v3/landing-pages/cursor", "/cms/pages/v3/landing-pages/cursor/query", "/cms/pages/{date}/landing-pages/cursor"], CONTENT, content::landing_pages, "platform 6.3"),
    post(&["/cms/v3/pages/landing-pages/batch/read", "/cms/pages/{date}/landing-pages/batch/read", "/cms/pages/v3/landing-pages/batch/read"], CONTENT, content::landing_pages_batch, "platform 6.3"),
    get(&["/cms/v3/pages/landing-pages/folders", "/cms/pages/{date}/landing-pages/folders", "/cms/pages/v3/landing-pages/folders", "/cms/pages/v3/landing-pages/folders/cursor", "/cms/pages/v3/landing-pages/folders/cursor/query"], CONTENT, content::folders, "platform 6.3"),
    post(&["/cms/v3/pages/landing-pages/folders/batch/read", "/cms/pages/{date}/landing-pages/folders/batch/read", "/cms/pages/v3/landing-pages/folders/batch/read"], CONTENT, content::folders_batch, "platform 6.3"),
    get(&["/cms/v3/pages/landing-pages/folders/{objectId}", "/cms/pages/{date}/landing-pages/folders/{objectId}", "/cms/pages/v3/landing-pages/folders/{objectId}"], CONTENT, content::folder, "platform 6.3"),
    get(&["/cms/v3/pages/landing-pages/folders/{objectId}/revisions", "/cms/pages/{date}/landing-pages/folders/{objectId}/revisions", "/cms/pages/v3/landing-pages/folders/{objectId}/revisions"], CONTENT, content::folder_revisions, "platform 6.3"),
    get(&["/cms/v3/pages/landing-pages/folders/{objectId}/revisions/{revisionId}", "/cms/pages/{date}/landing-pages/folders/{objectId}/revisions/{revisionId}", "/cms/pages/v3/landing-pages/folders/{objectId}/revisions/{revisionId}"], CONTENT, content::folder_revision, "platform 6.3"),
    get(&["/cms/v3/pages/landing-pages/{objectId}", "/cms/pages/{date}/landing-pages/{objectId}", "/cms/pages/v3/landing-pages/{objectId}"], CONTENT, content::landing_page, "platform 6.3"),
    get(&["/cms/v3/pages/landing-pages/{objectId}/draft", "/cms/pages/{date}/landing-pages/{objectId}/draft", "/cms/pages/v3/landing-pages/{objectId}/draft"], CONTENT, content::landing_page, "platform 6.3"),
    get(&["/cms/v3/pages/landing-pages/{objectId}/revisions", "/cms/pages/{date}/landing-pages/{objectId}/revisions", "/cms/pages/v3/landing-pages/{objectId}/revisions"], CONTENT, content::landing_page_revisions, "platform 6.3"),
    get(&["/cms/v3/pages/landing-pages/{objectId}/revisions/{revisionId}", "/cms/pages/{date}/landing-pages/{objectId}/revisions/{revisionId}", "/cms/pages/v3/landing-pages/{objectId}/revisions/{revisionId}"], CONTENT, content::landing_page_revision, "platform 6.3"),
    get(&["/cms/v3/blogs/posts", "/cms/blogs/{date}/posts", "/cms/blogs/v3/posts", "/cms/blogs/{date}/posts/cursor", "/cms/blogs/{date}/posts/cursor/query"], CONTENT, content::posts, "platform 6.3"),
    post(&["/cms/v3/blogs/posts/batch/read", "/cms/blogs/{date}/posts/batch/read", "/cms/blogs/v3/posts/batch/read"], CONTENT, content::posts_batch, "platform 6.3"),
    get(&["/cms/v3/blogs/posts/{objectId}", "/cms/blogs/{date}/posts/{objectId}", "/cms/blogs/v3/posts/{objectId}"], CONTENT, content::post, "platform 6.3"),
    get(&["/cms/v3/blogs/posts/{objectId}/draft", "/cms/blogs/{date}/posts/{objectId}/draft", "/cms/blogs/v3/posts/{objectId}/draft"], CONTENT, content::post, "platform 6.3"),
    get(&["/cms/v3/blogs/posts/{objectId}/revisions", "/cms/blogs/{date}/posts/{objectId}/revisions", "/cms/blogs/v3/posts/{objectId}/revisions"], CONTENT, content::post_revisions, "platform 6.3"),
    get(&["/cms/v3/blogs/posts/{objectId}/revisions/{revisionId}", "/cms/blogs/{date}/posts/{objectId}/revisions/{revisionId}", "/cms/blogs/v3/posts/{objectId}/revisions/{revisionId}"], CONTENT, content::post_revision, "platform 6.3"),
    get(&["/cms/v3/blogs/authors", "/cms/blogs/{date}/authors", "/cms/blogs/v3/authors", "/cms/blogs/{date}/authors/cursor", "/cms/blogs/{date}/authors/cursor/query"], CONTENT, content::authors, "platform 6.3"),
    post(&["/cms/v3/blogs/authors/batch/read", "/cms/blogs/{date}/authors/batch/read", "/cms/blogs/v3/authors/batch/read"], CONTENT, content::authors_batch, "platform 6.3"),
    get(&["/cms/v3/blogs/authors/{objectId}", "/cms/blogs/{date}/authors/{objectId}", "/cms/blogs/v3/authors/{objectId}"], CONTENT, content::author, "platform 6.3"),
    get(&["/cms/v3/blogs/tags", "/cms/blogs/{date}/tags", "/cms/blogs/v3/tags", "/cms/blogs/{date}/tags/cursor", "/cms/blogs/{date}/tags/cursor/query"], CONTENT, content::tags, "platform 6.3"),
    post(&["/cms/v3/blogs/tags/batch/read", "/cms/blogs/{date}/tags/batch/read", "/cms/blogs/v3/tags/batch/read"], CONTENT, content::tags_batch, "platform 6.3"),
    get(&["/cms/v3/blogs/tags/{objectId}", "/cms/blogs/{date}/tags/{objectId}", "/cms/blogs/v3/tags/{objectId}"], CONTENT, content::tag, "platform 6.3"),
    get(&["/cms/v3/blog-settings/settings", "/cms/blog-settings/{date}/settings", "/cms/blog-settings/v3/settings"], CONTENT, content::blogs, "platform 6.3"),
    get(&["/cms/v3/blog-settings/settings/{blogId}", "/cms/blog-settings/{date}/settings/{blogId}", "/cms/blog-settings/v3/settings/{blogId}"], CONTENT, content::blog, "platform 6.3"),
    get(&["/cms/v3/blog-settings/settings/{blogId}/revisions", "/cms/blog-settings/{date}/settings/{blogId}/revisions", "/cms/blog-settings/v3/settings/{blogId}/revisions"], CONTENT, content::blog_revisions, "platform 6.3"),
    get(&["/cms/v3/blog-settings/settings/{blogId}/revisions/{revisionId}", "/cms/blog-settings/{date}/settings/{blogId}/revisions/{revisionId}", "/cms/blog-settings/v3/settings/{blogId}/revisions/{revisionId}"], CONTENT, content::blog_revision, "platform 6.3"),
    get(&["/cms/v3/source-code/{environment}/metadata", "/cms/source-code/{date}/{environment}/metadata", "/cms/source-code/v3/{environment}/metadata"], CONTENT, source_code::metadata, "platform 6.3"),
    get(&["/cms/v3/source-code/{environment}/metadata/{path*}", "/cms/source-code/{date}/{environment}/metadata/{path*}", "/cms/source-code/v3/{environment}/metadata/{path*}"], CONTENT, source_code::metadata, "platform 6.3"),
    get(&["/cms/v3/hubdb/tables", "/cms/hubdb/{date}/tables", "/cms/hubdb/v3/tables"], HUBDB, hubdb::tables, "platform 6.3"),
    get(&["/cms/v3/hubdb/tables/draft", "/cms/hubdb/{date}/tables/draft", "/cms/hubdb/v3/tables/draft"], HUBDB, hubdb::tables, "platform 6.3"),
    get(&["/cms/v3/hubdb/tables/{tableIdOrName}", "/cms/hubdb/{date}/tables/{tableIdOrName}", "/cms/hubdb/v3/tables/{tableIdOrName}"], HUBDB, hubdb::table, "platform 6.3"),
    get(&["/cms/v3/hubdb/tables/{tableIdOrName}/draft", "/cms/hubdb/{date}/tables/{tableIdOrName}/draft", "/cms/hubdb/v3/tables/{tableIdOrName}/draft"], HUBDB, hubdb::table, "platform 6.3"),
    get(&["/cms/v3/hubdb/tables/{tableIdOrName}/rows", "/cms/hubdb/{date}/tables/{tableIdOrName}/rows", "/cms/hubdb/v3/tables/{tableIdOrName}/rows"], HUBDB, hubdb::rows, "platform 6.3"),
    get(&["/cms/v3/hubdb/tables/{tableIdOrName}/rows/draft", "/cms/hubdb/{date}/tables/{tableIdOrName}/rows/draft", "/cms/hubdb/v3/tables/{tableIdOrName}/rows/draft"], HUBDB, hubdb::rows, "platform 6.3"),
    post(&["/cms/v3/hubdb/tables/{tableIdOrName}/rows/batch/read", "/cms/hubdb/{date}/tables/{tableIdOrName}/rows/batch/read", "/cms/hubdb/v3/tables/{tableIdOrName}/rows/batch/read"], HUBDB, hubdb::rows_batch, "platform 6.3"),
    post(&["/cms/v3/hubdb/tables/{tableIdOrName}/rows/draft/batch/read", "/cms/hubdb/{date}/tables/{tableIdOrName}/rows/draft/batch/read", "/cms/hubdb/v3/tables/{tableIdOrName}/rows/draft/batch/read"], HUBDB, hubdb::rows_batch, "platform 6.3"),
    get(&["/cms/v3/hubdb/tables/{tableIdOrName}/rows/{rowId}", "/cms/hubdb/{date}/tables/{tableIdOrName}/rows/{rowId}", "/cms/hubdb/v3/tables/{tableIdOrName}/rows/{rowId}"], HUBDB, hubdb::one_row, "platform 6.3"),
    get(&["/cms/v3/hubdb/tables/{tableIdOrName}/rows/{rowId}/draft", "/cms/hubdb/{date}/tables/{tableIdOrName}/rows/{rowId}/draft", "/cms/hubdb/v3/tables/{tableIdOrName}/rows/{rowId}/draft"], HUBDB, hubdb::one_row, "platform 6.3"),
    get(&["/cms/v3/domains", "/cms/domains/{date}", "/cms/domains/v3"], DOMAINS, content::domains, "platform 6.3"),
    get(&["/cms/v3/domains/{domainId}", "/cms/domains/{date}/{domainId}", "/cms/domains/v3/{domainId}"], DOMAINS, content::domain, "platform 6.3"),
    get(&["/cms/v3/url-redirects", "/cms/url-redirects/{date}", "/cms/url-redirects/v3"], CONTENT, content::url_redirects, "platform 6.3"),
    get(&["/cms/v3/url-redirects/{urlRedirectId}", "/cms/url-redirects/{date}/{urlRedirectId}", "/cms/url-redirects/v3/{urlRedirectId}"], CONTENT, content::url_redirect, "platform 6.3"),
];
