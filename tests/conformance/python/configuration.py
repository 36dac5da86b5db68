"""What a portal's configuration is read with (platform 3, 6.2, 6.4)."""

TYPES = ("contacts", "0-3", "tickets")


def account(s):
    assert s.call("account.get").portal_id == s.portal
    s.call("account.get_daily_private_apps_usage")
    for name in ("list_audit_logs", "list_login_activities", "list_security_activities"):
        s.walk(f"account.activity.{name}", [100])


def owners(s):
    found = s.walk("crm.owners.list", [500, 100, 37])
    one = s.call("crm.owners.get", int(found[0].id))
    assert one == found[0]
    named = s.call("crm.owners.list", email=found[1].email).results
    assert [owner.id for owner in named] == [found[1].id]
    s.refused("crm.owners.get", [1], {}, 404)


def properties(s):
    for kind in TYPES:
        found = s.call("crm.properties.list", kind).results
        assert len(found) > 20
        one = s.call("crm.properties.get", found[0].name, object_type=kind)
        assert one.label == found[0].label
        names = [{"name": each.name} for each in found[:40]]
        batch = s.call("crm.properties.batch.get", kind, archived=False, data_sensitivity="non_sensitive", inputs=names)
        assert {each.name for each in batch.results} == {each["name"] for each in names}
        groups = {group.name for group in s.call("crm.properties.groups.list", kind).results}
        assert groups >= {each.group_name for each in found}
        assert s.call("crm.properties.groups.get", found[0].group_name, object_type=kind).name == found[0].group_name
    s.refused("crm.properties.get", ["no_such_property"], {"object_type": "contacts"}, 404)


def validations(s):
    found = s.call("crm.properties_validations.get_by_object_type_id", "0-1").results
    assert found
    for rule in found[:3]:
        s.call(
            "crm.properties_validations.get_by_object_type_id_and_property_name",
            rule.property_name,
            object_type_id="0-1",
        )
        s.call(
            "crm.properties_validations.get_by_object_type_id_property_name_and_rule_type",
            rule.property_validation_rules[0].rule_type,
            object_type_id="0-1",
            property_name=rule.property_name,
        )


def schemas(s):
    found = s.call("crm.object_schemas.list").results
    assert found
    assert s.call("crm.object_schemas.get", found[0].fully_qualified_name).id == found[0].id
    batch = s.call(
        "crm.object_schemas.batch.get",
        include_association_definitions=True,
        include_audit_metadata=True,
        include_property_definitions=True,
        inputs=[schema.object_type_id for schema in found[:2]],
    )
    assert {schema.id for schema in batch.results} == {schema.id for schema in found[:2]}


def pipelines(s):
    for kind in ("deals", "tickets"):
        found = s.call("crm.pipelines.list", kind).results
        assert found
        assert s.call("crm.pipelines.get", found[0].id, object_type=kind) == found[0]
        stages = s.call("crm.pipelines.list_stages", found[0].id, object_type=kind).results
        assert {stage.id for stage in stages} == {stage.id for stage in found[0].stages}
        here = {"object_type": kind, "pipeline_id": found[0].id}
        assert s.call("crm.pipelines.get_stage", stages[0].id, **here).label == stages[0].label
        s.call("crm.pipelines.list_audit", found[0].id, object_type=kind)
        s.call("crm.pipelines.list_stage_audit", stages[0].id, **here)


def associations(s):
    labels = s.call("crm.associations_schema.labels.list_labels", "companies", from_object_type="contacts").results
    assert any(label.category == "HUBSPOT_DEFINED" for label in labels)
    s.call("crm.associations_schema.limits.list")
    s.call("crm.associations_schema.limits.get_by_object_types", "companies", from_object_type="contacts")


def limits(s):
    for name in (
        "get_association_label_limits",
        "get_calculated_property_limits",
        "get_custom_object_type_limits",
        "get_custom_property_limits",
        "get_pipeline_limits",
        "get_record_limits",
    ):
        s.call(f"crm.limits.{name}")


def object_library(s):
    s.call("crm.object_library.enablement.get_all")
    kind = next(iter(s.seen[-1].json()["enablementByObjectTypeId"]))
    s.call("crm.object_library.enablement.get_by_object_type_id", kind)


def lists(s):
    found, offset = [], 0
    while True:
        page = s.call("crm.lists.list_by_search", list_ids=[], offset=offset, processing_types=[], count=500)
        found += page.lists
        offset = page.offset
        if not page.has_more:
            break
    assert len({each.list_id for each in found}) == len(found) == page.total
    s.call("crm.lists.get", found[0].list_id, include_filters=True)
    # The client leaves this answer as it came.
    assert s.seen[-1].json()["list"]["name"] == found[0].name
    s.call("crm.lists.list", list_ids=[each.list_id for each in found[:3]])
    assert {each["listId"] for each in s.seen[-1].json()["lists"]} == {each.list_id for each in found[:3]}
    s.call("crm.lists.list_folders", folder_id="0")
    s.call("crm.lists.get_by_object_type_and_name", found[0].name, object_type_id=found[0].object_type_id)
    s.refused("crm.lists.get_id_mapping", [], {"legacy_list_id": "999999999"}, 404, counts=True)


def settings(s):
    users = s.walk("settings.users.list", [100, 37])
    assert s.call("settings.users.get", users[0].id) == users[0]
    assert s.call("settings.users.get", users[1].email, id_property="EMAIL").id == users[1].id
    s.call("settings.users.list_roles")
    s.call("settings.users.list_teams")
    s.call("business_units.business_unit_entries.get_by_user_id", users[0].id)
    s.call("settings.currencies.get_company_currency")
    s.call("settings.currencies.list_codes")
    s.call("settings.currencies.central_fx_rates.get_information")
    s.call("settings.currencies.exchange_rates.list_current_exchange_rates")
    rates = s.walk("settings.currencies.exchange_rates.list_exchange_rates", [100, 3])
    s.call("settings.currencies.exchange_rates.get_exchange_rate_by_id", rates[0].id)
    s.call("settings.currencies.exchange_rates.batch.get", inputs=[{"id": rates[0].id}])
    taxes = s.walk("settings.tax_rates.list", [100, 2])
    s.call("settings.tax_rates.get", taxes[0].id)


def imports(s):
    found = s.walk("crm.imports.list", [100, 3])
    s.call("crm.imports.get", int(found[0].id))
    s.walk("crm.imports.list_errors", [100], int(found[0].id))
    # Exports cannot be listed, so there is none to be found.
    s.refused("crm.exports.get", [1], {}, 404, counts=True)
    s.refused("crm.exports.get_status", [1], {}, 404, counts=True)


CASES = [
    ("account", account),
    ("owners", owners),
    ("properties", properties),
    ("property validations", validations),
    ("schemas", schemas),
    ("pipelines and stages", pipelines),
    ("association labels", associations),
    ("limits", limits),
    ("object library", object_library),
    ("lists", lists),
    ("users, currencies, taxes, brands", settings),
    ("imports and exports", imports),
]
