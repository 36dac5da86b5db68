"""The twelve operations of records, the same for every type that the sandbox keeps (platform 7)."""

NAMES = {"deals": "dealname", "contacts": "lastname", "companies": "name", "tickets": "subject"}


def fresh(s, kind, n):
    word = f"py-{kind}-{n}"
    if kind == "contacts":
        return {"email": f"{word}@example.test", "lastname": word}
    if kind == "companies":
        return {"name": word, "domain": f"{word}.example"}
    pipeline = s.call("crm.pipelines.list", kind).results[0]
    fields = ("pipeline", "dealstage") if kind == "deals" else ("hs_pipeline", "hs_pipeline_stage")
    return {NAMES[kind]: word, fields[0]: pipeline.id, fields[1]: pipeline.stages[0].id}


def reading(kind, room, first, named):
    """A case; `first` and `named` say the type in the rooms for any type, where an id comes first or not."""
    name = NAMES[kind]

    def case(s):
        found = s.walk(f"{room}.list", [100], *first, properties=[name])
        one = s.call(f"{room}.get", found[0].id, properties=[name], properties_with_history=[name], **named)
        assert one.properties[name] == found[0].properties[name]
        inputs = [{"id": each.id} for each in found[:3]]
        batch = s.call(f"{room}.batch.get", *first, inputs=inputs, properties=[name], properties_with_history=[])
        assert {each.id for each in batch.results} == {each.id for each in found[:3]}
        s.refused(f"{room}.get", ["999999999999"], named, 404)
        groups = [{"filters": [{"propertyName": "hs_object_id", "operator": "EQ", "value": found[1].id}]}]
        fields = {"properties": [name], "sorts": [], "limit": 10, "after": "0"}
        hit = s.call(f"{room}.search", *first, filter_groups=groups, **fields)
        assert (hit.total, hit.results[0].id) == (1, found[1].id)

    return (f"{room}: {kind} are read and searched", case)


def writing(kind, room, first, named):
    name, word = NAMES[kind], room.rpartition(".")[2]

    def case(s):
        made = s.call(f"{room}.create", *first, properties=fresh(s, kind, f"{word}-1"), associations=[])
        changed = s.call(f"{room}.update", made.id, properties={name: "Changed"}, **named)
        assert changed.properties[name] == "Changed"
        inputs = [{"properties": fresh(s, kind, f"{word}-{n}"), "associations": []} for n in (2, 3, 4)]
        one, two, three = s.call(f"{room}.batch.create", *first, inputs=inputs).results
        s.call(f"{room}.batch.update", *first, inputs=[{"id": one.id, "properties": {name: "First"}}])
        if f"{room}.merge" in s.methods:
            pair = {"object_id_to_merge": two.id, "primary_object_id": one.id}
            merged = s.call(f"{room}.merge", *first, **pair)
            assert s.call(f"{room}.get", two.id, **named).id == merged.id
        s.call(f"{room}.batch.delete", *first, inputs=[{"id": three.id}])
        s.call(f"{room}.delete", made.id, **named)
        assert s.call(f"{room}.get", made.id, archived=True, **named).archived
        every = s.call("crm.properties.list", kind).results
        unique = [
            each
            for each in every
            if each.has_unique_value and each.type == "string" and not each.modification_metadata.read_only_value
        ]
        key = unique[0].name if unique else "py_conformance_key"
        if not unique:
            field = {"field_type": "text", "group_name": every[0].group_name, "label": "Key", "type": "string"}
            s.call("crm.properties.create", kind, name=key, has_unique_value=True, **field)
        value = f"py-{word}@conformance.example"
        upsert = [{"id": value, "id_property": key, "properties": {**fresh(s, kind, f"{word}-9"), key: value}}]
        results = [s.call(f"{room}.batch.upsert", *first, inputs=upsert).results[0] for _ in range(2)]
        assert [each.new for each in results] == [True, False]
        assert results[0].id == results[1].id

    return (f"{room}: {kind} are written", case)


# Each type in its own room, and deals in the two rooms for any type.
ROOMS = [
    *((kind, f"crm.objects.{kind}", [], {}) for kind in NAMES),
    *(("deals", f"crm.objects.{room}", ["0-3"], {"object_type": "0-3"}) for room in ("custom", "generic_objects")),
]


def search_elsewhere(s):
    groups = [{"filters": [{"propertyName": "hs_object_id", "operator": "HAS_PROPERTY"}]}]
    fields = {"properties": ["dealname"], "sorts": [], "limit": 2, "after": "0"}
    assert s.call("crm.associations.search", "deals", filter_groups=groups, **fields).results


CASES = [make(*room) for room in ROOMS for make in (reading, writing)]
CASES.append(("the room of associations has a search of its own", search_elsewhere))
