"""Marketing, pages and automation (platform 6.3)."""

import functools


def read_room(s, room, *, listing="list", one="get", batch=None, draft=None, versions=None, version=None, limits=(100,)):
    """A room of content: where its reads are, each by the client's own name; what is left out is not there."""
    found = s.walk(f"{room}.{listing}", limits)
    assert found, f"{room} is empty"
    key = found[0].id
    assert s.call(f"{room}.{one}", key).id == key
    s.refused(f"{room}.{one}", ["999999999999"], {}, 404)
    if batch:
        inputs = [each.id for each in found[:3]]
        s.call(f"{room}.{batch}", inputs=inputs)
        # The client leaves some of these answers as they came.
        assert {each["id"] for each in s.seen[-1].json()["results"]} == set(inputs)
    if draft:
        assert s.call(f"{room}.{draft}", key).id == key
    if versions:
        every = s.walk(f"{room}.{versions}", [100], key)
        owner = "blog_id" if "settings" in room else "object_id"
        s.call(f"{room}.{version}", every[0].id, **{owner: key})


def raw_room(s, room, names, batch=None):
    """Reads that this client answers as bytes only: a list by each of `names`, and one of it."""
    for name in names:
        s.call(f"{room}.{name}", limit=2)
        page = s.seen[-1].json()
        assert len(page["results"]) <= 2
    s.call(f"{room}.list", limit=2)
    inputs = [each["id"] for each in s.seen[-1].json()["results"]]
    if batch:
        s.call(f"{room}.batch.{batch}", inputs=inputs)
        assert {each["id"] for each in s.seen[-1].json()["results"]} == set(inputs)
    return inputs[0]


def marketing(s):
    emails = s.walk("marketing.emails.list", [100])
    s.call("marketing.emails.get_draft", emails[0].id)
    versions = s.walk("marketing.emails.list_revisions", [100], emails[0].id)
    s.call("marketing.emails.get_revision", versions[0].id, email_id=emails[0].id)
    campaigns = s.walk("marketing.campaigns.list", [100, 33])
    s.call("marketing.campaigns.get", campaigns[0].id)
    s.call("marketing.campaigns.batch.get", inputs=[{"id": each.id} for each in campaigns[:2]])
    s.call("marketing.campaigns.assets.list", "FORM", campaign_guid=campaigns[0].id)


def blogs(s):
    post = raw_room(
        s,
        "cms.blogs.posts",
        ["list", "list_authors", "list_tags", "query", "query_authors", "query_tags"],
        "get",
    )
    s.call("cms.blogs.posts.get", post)
    s.call("cms.blogs.posts.get_draft_by_id", post)
    s.call("cms.blogs.posts.revisions.get_previous_versions", post)
    version = s.seen[-1].json()["results"][0]["id"]
    s.call("cms.blogs.posts.revisions.get_previous_version", version, object_id=post)
    authors = ["get_cursor", "get_cursor_by_query", "get_posts_cursor", "get_posts_cursor_by_query"]
    authors += ["get_tags_cursor", "get_tags_cursor_by_query"]
    s.call("cms.blogs.authors.get", raw_room(s, "cms.blogs.authors", authors, "get"))
    tags = ["list_authors_cursor", "list_authors_cursor_by_query", "list_cursor", "list_cursor_by_query"]
    tags += ["list_posts_cursor", "list_posts_cursor_by_query"]
    s.call("cms.blogs.tags.get", raw_room(s, "cms.blogs.tags", tags, "get_batch"))


def tables(s):
    every = s.walk("cms.hubdb.tables.list", [100, 2])
    s.walk("cms.hubdb.tables.list_draft", [100])
    table = next(each for each in every if each.row_count).id
    s.call("cms.hubdb.tables.get", table)
    s.call("cms.hubdb.tables.get_draft", table)
    s.call("cms.hubdb.rows.list", table)
    rows = [row["id"] for row in s.seen[-1].json()["results"]]
    assert len(set(rows)) == len(rows) > 0
    s.call("cms.hubdb.rows.get", rows[0], table_id_or_name=table)
    s.call("cms.hubdb.rows.get_draft", rows[0], table_id_or_name=table)
    s.call("cms.hubdb.rows.get_batch", table, inputs=rows[:2])
    s.call("cms.hubdb.rows.get_draft_batch", table, inputs=rows[:2])


def subscriptions(s):
    assert s.call("communication_preferences.definitions.list").results


def automation(s):
    users = s.call("settings.users.list", limit=20).results
    found = None
    for user in users:
        page = s.walk("automation.sequences.list", [100], user_id=user.id)
        if page:
            s.call("automation.sequences.get", page[0].id, user_id=user.id)
            found = page
    assert found, "no sequence of twenty users"
    s.walk("scheduler.meetings.basic.list", [100])


def events(s):
    found = s.walk("events.definitions.list", [100, 3])
    s.call("events.definitions.get", found[0].name)
    s.call("events.occurrences.list_event_types")


PAGE = {"versions": "revisions.list_{}_page_revisions", "version": "revisions.get_{}_page_revision"}


def pages(kind, **more):
    names = {key: value.format(kind) for key, value in PAGE.items()}
    return functools.partial(read_room, room=f"cms.pages.{kind}_pages", batch=f"batch.get_{kind}_pages", **names, **more)


FOLDERS = functools.partial(
    read_room,
    room="cms.pages.landing_pages.folders",
    batch="batch_get",
    versions="list_revisions",
    version="get_revision",
)
BLOGS = functools.partial(
    read_room, room="cms.blogs.settings", versions="list_revisions", version="get_revision", limits=(100, 2)
)

CASES = [
    ("e-mails and campaigns", marketing),
    ("landing pages", pages("landing", draft="draft.get")),
    ("site pages", pages("site", draft="draft.get_draft")),
    ("folders of landing pages", FOLDERS),
    ("settings of blogs", BLOGS),
    ("posts, authors and tags of blogs", blogs),
    ("domains", functools.partial(read_room, room="cms.domains", limits=(100, 3))),
    ("URL redirects", functools.partial(read_room, room="cms.url_redirects", limits=(100, 7))),
    ("tables and their rows", tables),
    ("subscription types", subscriptions),
    ("sequences and meeting links", automation),
    ("events", events),
]
