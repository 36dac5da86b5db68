"""App-level endpoints, which only the developer's key opens (platform 2 and 6.3)."""


def as_developer(body):
    def case(s):
        mine, s.client = s.client, s.new_client(None, developer_api_key=s.app["developerKey"])
        try:
            body(s, s.app["appId"])
        finally:
            s.client = mine

    return case


def actions(s, app):
    made = s.call(
        "automation.actions.definitions.create",
        app,
        action_url="https://app.example/act",
        functions=[],
        input_fields=[],
        labels={"en": {"actionName": "Conform"}},
        object_types=["CONTACT"],
        published=False,
    )
    changed = s.call("automation.actions.definitions.update", made.id, app_id=app, published=True)
    assert changed.published
    assert s.call("automation.actions.definitions.get", made.id, app_id=app).id == made.id
    found = s.walk("automation.actions.definitions.list", [100, 1], app)
    assert made.id in {each.id for each in found}
    revisions = s.walk("automation.actions.revisions.list", [100, 1], made.id, app_id=app)
    assert len(revisions) == 2
    s.call("automation.actions.revisions.get", revisions[0].id, app_id=app, definition_id=made.id)
    s.call("automation.actions.functions.list", made.id, app_id=app)
    s.call("automation.actions.definitions.delete", made.id, app_id=app)


def flags(s, app):
    name = s.call("crm.feature_flags.list_all", app).flags_for_app[0]
    s.call("crm.feature_flags.update", name, app_id=app, default_state="ON")
    s.call("crm.feature_flags.get", name, app_id=app)
    s.call("crm.feature_flags.update_portal_state", s.portal, app_id=app, flag_name=name, flag_state="ON")
    s.call("crm.feature_flags.get_portal_state", s.portal, app_id=app, flag_name=name)
    s.call("crm.feature_flags.list_portals", name, app_id=app)


CASES = [
    ("custom workflow actions", as_developer(actions)),
    ("feature flags", as_developer(flags)),
]
