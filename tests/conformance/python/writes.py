"""The write side of a portal's configuration (platform 6.2, "Write side")."""

from session import consent


def prop(name, **more):
    fields = {"name": name, "label": name, "type": "string", "field_type": "text", "group_name": "conformance"}
    return {**fields, **more}


def properties(s):
    kind = "contacts"
    s.call("crm.properties.groups.create", kind, name="conformance", label="Conformance")
    assert s.call("crm.properties.groups.update", "conformance", object_type=kind, label="Renamed").label == "Renamed"
    s.call("crm.properties.create", kind, **prop("conformance_a"))
    error = s.refused("crm.properties.create", [kind], prop("conformance_a"), 409)
    assert error.body["category"] == "OBJECT_ALREADY_EXISTS"
    changed = s.call("crm.properties.update", "conformance_a", object_type=kind, label="Changed")
    assert changed.label == "Changed"
    made = s.call("crm.properties.batch.create", kind, inputs=[prop("conformance_b"), prop("conformance_c")])
    assert {each.name for each in made.results} == {"conformance_b", "conformance_c"}
    s.call("crm.properties.delete", "conformance_a", object_type=kind)
    s.refused("crm.properties.get", ["conformance_a"], {"object_type": kind}, 404)
    names = [{"name": "conformance_b"}, {"name": "conformance_c"}]
    s.call("crm.properties.batch.delete", kind, inputs=names)
    s.call("crm.properties.groups.delete", "conformance", object_type=kind)


def validations(s):
    name = "conformance_rule"
    groups = s.call("crm.properties.groups.list", "contacts").results
    s.call("crm.properties.create", "contacts", **prop(name, group_name=groups[0].name))
    where = {"object_type_id": "0-1", "property_name": name}
    s.call(
        "crm.properties_validations.update_by_object_type_id_property_name_and_rule_type",
        "MAX_LENGTH",
        rule_arguments=["12"],
        **where,
    )
    rules = s.call(
        "crm.properties_validations.get_by_object_type_id_and_property_name", name, object_type_id="0-1"
    ).results
    assert [rule.rule_arguments for rule in rules] == [["12"]]


def stage(label, order, probability):
    return {"label": label, "display_order": order, "metadata": {"probability": probability}}


def pipelines(s):
    kind = "deals"
    stages = [stage("Open", 0, "0.2"), stage("Won", 1, "1.0")]
    made = s.call("crm.pipelines.create", kind, display_order=9, label="Conformance", stages=stages)
    here = {"object_type": kind, "pipeline_id": made.id}
    assert s.call("crm.pipelines.update", made.id, object_type=kind, label="Changed").label == "Changed"
    third = s.call("crm.pipelines.create_stage", made.id, object_type=kind, **stage("Lost", 2, "0.0"))
    assert s.call("crm.pipelines.get_stage", third.id, **here).label == "Lost"
    s.call("crm.pipelines.update_stage", third.id, label="Gone", metadata={"probability": "0.1"}, **here)
    s.call("crm.pipelines.update_stage_all_properties", third.id, **stage("Lost", 2, "0.0"), **here)
    s.call("crm.pipelines.list_audit", made.id, object_type=kind)
    s.call("crm.pipelines.list_stage_audit", third.id, **here)
    s.call("crm.pipelines.delete_stage", third.id, **here)
    whole = {"display_order": 8, "label": "Replaced", "stages": [stage("Only", 0, "0.5")]}
    replaced = s.call("crm.pipelines.update_all_properties", made.id, object_type=kind, **whole)
    assert [each.label for each in replaced.stages] == ["Only"]
    s.call("crm.pipelines.delete", made.id, object_type=kind)
    s.refused("crm.pipelines.get", [made.id], {"object_type": kind}, 404)


def elsewhere(body):
    """A case in an account that has room for another object type, which the suite's own has not."""

    def case(s):
        portal, token = s.portal, s.token
        s.act("save-snapshot", name="before")
        s.act("reset", fixture="agency")
        try:
            s.portal = 49660028
            s.use(consent(s)["access_token"])
            body(s)
        finally:
            s.act("restore-snapshot", name="before")
            s.portal = portal
            s.use(token)

    return case


def schemas(s):
    made = s.call(
        "crm.object_schemas.create",
        allows_sensitive_properties=False,
        associated_objects=["CONTACT"],
        labels={"singular": "Boat", "plural": "Boats"},
        name="conformance_boat",
        primary_display_property="hull",
        properties=[{"name": "hull", "label": "Hull", "type": "string", "field_type": "text"}],
        required_properties=["hull"],
        searchable_properties=["hull"],
        secondary_display_properties=[],
    )
    key = made.object_type_id
    s.call("crm.object_schemas.update", key, clear_description=False, labels={"singular": "Ship", "plural": "Ships"})
    link = s.call("crm.object_schemas.create_association", key, from_object_type_id=key, to_object_type_id="0-2")
    s.call("crm.object_schemas.delete_association", link.id, object_type=key)
    s.call("crm.object_schemas.delete", key)


def labels(s):
    pair = {"to_object_type": "companies", "from_object_type": "contacts"}
    made = s.call(
        "crm.associations_schema.labels.create_label",
        label="Insures",
        name="conformance_insures",
        inverse_label="Is insured by",
        **pair,
    )
    forward = next(each for each in made.results if each.label == "Insures")
    spec = {"category": "USER_DEFINED", "type_id": forward.type_id}
    s.call(
        "crm.associations_schema.labels.update_label",
        association_type_id=forward.type_id,
        label="Covers",
        inverse_label="Is covered by",
        **pair,
    )
    s.call("crm.associations_schema.labels.batch_create", inputs=[{**spec, "max_to_object_ids": 3}], **pair)
    s.call("crm.associations_schema.limits.batch_update", inputs=[{**spec, "max_to_object_ids": 5}], **pair)
    s.call("crm.associations_schema.limits.get_by_object_types", **pair)
    s.call("crm.associations_schema.limits.batch_delete", inputs=[spec], **pair)
    s.call("crm.associations_schema.labels.delete_label", forward.type_id, **pair)


CASES = [
    ("groups and properties are written", properties),
    ("validation rules are written", validations),
    ("pipelines and stages are written", pipelines),
    ("schemas are written", elsewhere(schemas)),
    ("association labels are written", labels),
]
