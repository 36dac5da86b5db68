"""Marketing, pages and automation (platform 6.3)."""


def marketing(s):
    s.walk("marketing.emails.list", [100])
    s.walk("marketing.campaigns.list", [100, 33])


def pages(s):
    s.walk("cms.pages.landing_pages.list", [100])
    s.walk("cms.pages.site_pages.list", [100])
    s.walk("cms.blogs.settings.list", [100, 2])


def sites(s):
    s.walk("cms.domains.list", [100, 3])
    s.walk("cms.hubdb.tables.list", [100, 2])
    s.walk("cms.url_redirects.list", [100, 7])


def subscriptions(s):
    assert s.call("communication_preferences.definitions.list").results


CASES = [
    ("e-mails and campaigns", marketing),
    ("pages and blogs", pages),
    ("domains, tables, redirects", sites),
    ("subscription types", subscriptions),
]
