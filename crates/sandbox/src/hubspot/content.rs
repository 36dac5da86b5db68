//! Owns content: pages and their folders, blogs, domains, URL redirects (platform 6.3). HubDB is `hubdb.rs`, files of
//! the design manager are `source_code.rs`.

use super::documents::{self, Shelf};
use super::page::PageRule;
use crate::model::Collection;
use crate::router::{Answer, Call};

/// What every CMS list has: `created` and `updated` as times, `property` to trim, `total`.
const fn cms(kind: Collection, default: usize, template: &'static str) -> Shelf {
    Shelf {
        times: ["created", "updated"],
        trim: "property",
        template,
        ..Shelf::plain(kind, PageRule::clamped(default, 100).with_total())
    }
}

/// Members of pages and posts that a plain one leaves as HubSpot's editor made them.
macro_rules! content {
    ($more:literal) => {
        concat!(
            r#"{"abStatus":"master","abTestId":"","archivedAt":"1970-01-01T00:00:00Z","archivedInDashboard":false,"#,
            r#""attachedStylesheets":[],"authorName":"","campaign":"","categoryId":0,"contentGroupId":"","#,
            r#""dynamicPageDataSourceId":"","dynamicPageDataSourceType":0,"dynamicPageHubDbTableId":"","#,
            r#""enableDomainStylesheets":false,"enableLayoutStylesheets":false,"featuredImage":"","#,
            r#""featuredImageAltText":"","folderId":"","footerHtml":"","headHtml":"","includeDefaultCustomCss":true,"#,
            r#""layoutSections":{},"linkRelCanonicalUrl":"","mabExperimentId":"","metaDescription":"","#,
            r#""pageExpiryDate":0,"pageExpiryEnabled":false,"pageExpiryRedirectId":0,"pageExpiryRedirectUrl":"","#,
            r#""pageRedirected":false,"password":"","publicAccessRules":[],"publicAccessRulesEnabled":false,"#,
            r#""publishImmediately":true,"themeSettingsValues":{},"translatedFromId":"","translations":{},"#,
            r#""useFeaturedImage":false,"widgetContainers":{},"widgets":{},"#,
            $more,
            "}"
        )
    };
}

const SITE_PAGES: Shelf = cms(
    Collection::SitePages,
    100,
    content!(
        r#""contentTypeCategory":"4","subcategory":"site_page","templatePath":"@hubspot/elevate/templates/page.hubl.html""#
    ),
);
const LANDING_PAGES: Shelf = cms(
    Collection::LandingPages,
    100,
    content!(
        r#""contentTypeCategory":"1","subcategory":"landing_page","templatePath":"@hubspot/elevate/templates/landing.hubl.html""#
    ),
);
const FOLDERS: Shelf = cms(
    Collection::LandingPageFolders,
    100,
    r#"{"category":1,"deletedAt":"1970-01-01T00:00:00Z","parentFolderId":0}"#,
);
const POSTS: Shelf = cms(
    Collection::BlogPosts,
    20,
    content!(
        r#""contentTypeCategory":"3","enableGoogleAmpOutputOverride":false,"rssBody":"","rssSummary":"","archivedAt":0"#
    ),
);
const AUTHORS: Shelf = cms(
    Collection::BlogAuthors,
    100,
    r#"{"avatar":"","bio":"","deletedAt":"1970-01-01T00:00:00Z","facebook":"","linkedin":"","translatedFromId":0,"twitter":"","website":""}"#,
);
const TAGS: Shelf = cms(
    Collection::BlogTags,
    100,
    r#"{"deletedAt":"1970-01-01T00:00:00Z","translatedFromId":0}"#,
);
const BLOGS: Shelf = Shelf {
    trim: "",
    ..cms(
        Collection::BlogSettings,
        100,
        r#"{"allowComments":true,"deletedAt":"1970-01-01T00:00:00Z","description":"","listingPageId":"","publicAccessRules":[],"publicAccessRulesEnabled":false,"translatedFromId":""}"#,
    )
};
const DOMAINS: Shelf = Shelf {
    trim: "",
    ..cms(
        Collection::Domains,
        100,
        r#"{"correctCname":"","isResolving":true,"isSslEnabled":true,"isSslOnly":true,"manuallyMarkedAsResolving":false,"primaryKnowledge":false,"secondaryToDomain":""}"#,
    )
};
const REDIRECTS: Shelf = Shelf {
    trim: "",
    ..cms(
        Collection::UrlRedirects,
        100,
        r#"{"isMatchFullUrl":false,"isMatchQueryString":false,"isOnlyAfterNotFound":false,"isPattern":false,"isProtocolAgnostic":true,"isTrailingSlashOptional":true,"redirectStyle":301}"#,
    )
};

/// One handler per operation of a shelf, named as the routes name them.
macro_rules! handlers {
    ($($(#[$doc:meta])* $name:ident = $act:ident($shelf:expr $(, $param:literal)?);)*) => {
        $($(#[$doc])* pub(crate) fn $name(call: &mut Call<'_>) -> Answer {
            documents::$act(call, &$shelf $(, $param)?)
        })*
    };
}

handlers! {
    /// `GET /cms/pages/{version}/site-pages`.
    site_pages = list(SITE_PAGES);
    /// `GET …/site-pages/{objectId}`, and its draft.
    site_page = numbered(SITE_PAGES, "objectId");
    /// `POST …/site-pages/batch/read`.
    site_pages_batch = several(SITE_PAGES);
    /// `GET …/site-pages/{objectId}/revisions`.
    site_page_revisions = revisions(SITE_PAGES, "objectId");
    /// `GET …/site-pages/{objectId}/revisions/{revisionId}`.
    site_page_revision = one_revision(SITE_PAGES, "objectId");
    /// `GET /cms/pages/{version}/landing-pages`.
    landing_pages = list(LANDING_PAGES);
    /// `GET …/landing-pages/{objectId}`, and its draft.
    landing_page = numbered(LANDING_PAGES, "objectId");
    /// `POST …/landing-pages/batch/read`.
    landing_pages_batch = several(LANDING_PAGES);
    /// `GET …/landing-pages/{objectId}/revisions`.
    landing_page_revisions = revisions(LANDING_PAGES, "objectId");
    /// `GET …/landing-pages/{objectId}/revisions/{revisionId}`.
    landing_page_revision = one_revision(LANDING_PAGES, "objectId");
    /// `GET …/landing-pages/folders`.
    folders = list(FOLDERS);
    /// `GET …/landing-pages/folders/{objectId}`.
    folder = numbered(FOLDERS, "objectId");
    /// `POST …/landing-pages/folders/batch/read`.
    folders_batch = several(FOLDERS);
    /// `GET …/landing-pages/folders/{objectId}/revisions`.
    folder_revisions = revisions(FOLDERS, "objectId");
    /// `GET …/landing-pages/folders/{objectId}/revisions/{revisionId}`.
    folder_revision = one_revision(FOLDERS, "objectId");
    /// `GET /cms/blogs/{version}/posts`.
    posts = list(POSTS);
    /// `GET …/posts/{objectId}`, and its draft.
    post = numbered(POSTS, "objectId");
    /// `POST …/posts/batch/read`.
    posts_batch = several(POSTS);
    /// `GET …/posts/{objectId}/revisions`.
    post_revisions = revisions(POSTS, "objectId");
    /// `GET …/posts/{objectId}/revisions/{revisionId}`.
    post_revision = one_revision(POSTS, "objectId");
    /// `GET /cms/blogs/{version}/authors`.
    authors = list(AUTHORS);
    /// `GET …/authors/{objectId}`.
    author = numbered(AUTHORS, "objectId");
    /// `POST …/authors/batch/read`.
    authors_batch = several(AUTHORS);
    /// `GET /cms/blogs/{version}/tags`.
    tags = list(TAGS);
    /// `GET …/tags/{objectId}`.
    tag = numbered(TAGS, "objectId");
    /// `POST …/tags/batch/read`.
    tags_batch = several(TAGS);
    /// `GET /cms/blog-settings/{version}/settings`.
    blogs = list(BLOGS);
    /// `GET …/settings/{blogId}`.
    blog = numbered(BLOGS, "blogId");
    /// `GET …/settings/{blogId}/revisions`.
    blog_revisions = revisions(BLOGS, "blogId");
    /// `GET …/settings/{blogId}/revisions/{revisionId}`.
    blog_revision = one_revision(BLOGS, "blogId");
    /// `GET /cms/domains/{version}`.
    domains = list(DOMAINS);
    /// `GET /cms/domains/{version}/{domainId}`.
    domain = one(DOMAINS, "domainId");
    /// `GET /cms/url-redirects/{version}`.
    url_redirects = list(REDIRECTS);
    /// `GET /cms/url-redirects/{version}/{urlRedirectId}`.
    url_redirect = one(REDIRECTS, "urlRedirectId");
}
