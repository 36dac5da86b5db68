"""One client against one sandbox: calls its methods by name, holds every answer strictly against the
client's own models, and remembers which methods have been shown to work.
"""

import collections
import json
import re
import time
import traceback
import typing

import hubspot_sdk
import httpx
import pydantic
import sdk

DATES = ("2026-03", "2026-09")


class Session:
    """`rows` are the sandbox's routes as (http, path) pairs."""

    def __init__(self, url, rows, app, portal):
        self.url, self.rows, self.app, self.portal = url, rows, app, portal
        self.seen = []
        self.called = {}
        self.complaints = collections.defaultdict(collections.Counter)
        self.window = 0
        self.searches = 0
        self.unkept = set()
        self.client = self.token = None
        self.methods = sdk.methods_of(self.new_client("none"))

    def new_client(self, token, **options):
        """A client whose answers are kept as they came."""

        def keep(response):
            response.read()
            self.seen.append(response)

        http = hubspot_sdk.DefaultHttpxClient(event_hooks={"response": [keep]})
        options = {"max_retries": 0, **options}
        return hubspot_sdk.HubSpot(base_url=self.url, access_token=token, http_client=http, **options)

    def use(self, token):
        """Has every following call made with `token`."""
        self.token, self.client = token, self.new_client(token)

    def advance(self, milliseconds):
        """Moves the sandbox's clock."""
        self.act("advance-clock", ms=milliseconds)

    def act(self, action, **fields):
        """One of the sandbox's control actions, by its name."""
        answer = httpx.post(f"{self.url}/_sandbox/actions/{action}", json=fields)
        assert answer.is_success, f"{action}: {answer.text}"

    def pace(self, search=False):
        """Keeps below HubSpot's rolling windows, by the sandbox's own clock rather than by waiting."""
        self.window += 1
        self.searches += search
        if self.searches > 4:
            self.advance(1_100)
            self.searches = int(search)
        if self.window > 90:
            self.advance(10_100)
            self.window = 1

    def call(self, name, /, *given, **named):
        """Calls a method and answers its answer, once that has been found whole."""
        function = self.function(name)
        self.pace(self.methods[name]["path"].endswith("/search"))
        self.seen.clear()
        try:
            answer = function(*given, **named)
        except Exception:
            self.called[name] = False
            raise
        self.check(name, answer)
        return answer

    def check(self, name, answer):
        """Holds the last answer as it came against the model; what is wrong fails the case at its end,
        so that one run tells everything."""
        found = self.faults(answer)
        self.called[name] = self.called.get(name) is not False and not found
        if found:
            self.complaints[f"{name} ({type(answer).__name__})"].update(found)

    def told(self):
        """What was wrong since it was last asked, as text."""
        complaints, self.complaints = self.complaints, collections.defaultdict(collections.Counter)
        lines = []
        for method, found in complaints.items():
            lines.append(f"{method}:")
            lines += [f"  {text} ({times})" for text, times in found.items()]
        return "\n".join(lines)

    def faults(self, answer):
        response = self.seen[-1]
        found = [] if response.headers.get("x-hubspot-correlation-id") else ["x-hubspot-correlation-id is missing"]
        if not isinstance(answer, (pydantic.BaseModel, list)):
            return found if response.status_code in (200, 202, 204) else [*found, f"status {response.status_code}"]
        kind = type(answer)
        if isinstance(answer, list):
            kind = typing.List[type(answer[0])] if answer else list
        # The client reads laxly ("5" is a number to it); HubSpot's types are stricter than that.
        try:
            pydantic.TypeAdapter(kind).validate_json(response.content, strict=True)
        except pydantic.ValidationError as error:
            found += [sentence(fault) for fault in error.errors() if not is_empty_property(fault)]
        return found

    def refused(self, name, given, named, status, counts=False):
        """Calls a method that must be refused with `status`, and answers the client's exception. Where
        there is nothing to be found, the refusal is all that can be held, and `counts`."""
        self.pace(self.methods[name]["path"].endswith("/search"))
        try:
            self.function(name)(*given, **named)
        except hubspot_sdk.APIStatusError as error:
            assert error.status_code == status, f"{name}: {error.status_code} {error.body}"
            if counts:
                self.called.setdefault(name, "refused")
            return error
        raise AssertionError(f"{name} was not refused")

    def walk(self, name, limits, /, *given, key=lambda record: record.id, **named):
        """Walks a paged method to its end once for each page size; no record may come twice, and
        every walk must bring the same ones. Answers all records."""
        first = None
        for limit in limits:
            page = self.call(name, *given, limit=limit, **named)
            records = list(page.results)
            while page.has_next_page():
                assert len(page.results) <= limit, f"{name}: {len(page.results)} on a page of {limit}"
                self.pace()
                self.seen.clear()
                page = page.get_next_page()
                self.check(name, page)
                assert page.results, f"{name}: an empty page"
                records += page.results
                assert len(records) < 5000, f"{name}: no end of pages"
            total = json.loads(self.seen[-1].content).get("total")
            keys = [key(record) for record in records]
            assert len(set(keys)) == len(keys), f"{name}: a record came twice with pages of {limit}"
            assert total in (None, len(keys)), f"{name}: {len(keys)} came of a total of {total}"
            assert first is None or keys == [key(r) for r in first], f"{name}: pages of {limit} bring others"
            first = first or records
        return first

    def function(self, name):
        if name not in self.methods:
            raise KeyError(f"the client has no method {name}")
        at = self.client
        for part in name.split("."):
            at = getattr(at, part)
        return at

    def learn_types(self, token):
        """Asks which of the types in the client's paths have records, for one route serves all types."""
        bearer = {"authorization": f"Bearer {token}"}
        for kind in {type_in(method["path"]) for method in self.methods.values()} - {None}:
            self.pace()
            answer = httpx.get(f"{self.url}/crm/v3/objects/{kind}?limit=1", headers=bearer)
            # The page of an unknown route, or the refusal of an unknown type or of a scope nobody can have.
            if "json" not in answer.headers["content-type"] or answer.status_code in (400, 403):
                self.unkept.add(kind)

    def serves(self, name):
        """Whether the sandbox has the endpoint of a method."""
        method = self.methods[name]
        row = serving_row(self.rows, method["http"], method["path"])
        return row is not None and type_in(method["path"]) not in self.unkept

    def states(self):
        """Each method with its state, as lib/report.mjs names them."""
        for name, method in self.methods.items():
            served = self.serves(name)
            well = self.called.get(name)
            if well is None:
                state = "uncovered" if served else "unserved"
            elif not well:
                state = "failed"
            elif not served:
                state = "unlisted"
            else:
                state = "refused" if well == "refused" else "passed"
            yield {"name": name, **method, "state": state}


def is_empty_property(fault):
    """HubSpot answers null for an empty property (platform 7), also where the client declares a string."""
    return fault["input"] is None and fault["type"] == "string_type" and fault["loc"][-2:-1] == ("properties",)


def type_in(path):
    """The type of records that a path names."""
    found = re.match(r"/crm/(?:v3/objects|objects/[^/]+)/([^/{]+)", path)
    return found and found[1]


def sentence(fault):
    place = ".".join("[]" if isinstance(part, int) else str(part) for part in fault["loc"])
    given = "" if fault["type"] == "missing" else f", and it is {json.dumps(fault['input'])[:60]}"
    return f"{place}: {fault['msg'][:200]}{given}"


def serving_row(rows, http, path):
    """The row that answers an endpoint, as lib/routes.mjs decides it."""
    wanted = path.strip("/").split("/")
    for row_http, row_path in rows:
        parts = row_path.strip("/").split("/")
        if row_http == http and len(parts) == len(wanted) and all(map(fits, parts, wanted)):
            return row_path
    return None


def fits(part, wanted):
    if part == "{date}":
        return wanted in DATES
    if re.fullmatch(r"\{.*\}", wanted) or re.search("objecttype", part, re.IGNORECASE):
        return part.startswith("{")
    return part == wanted


def tell(**record):
    print(json.dumps(record), flush=True)


def run_cases(cases, wanted, session):
    for name, body in cases:
        if wanted and wanted not in name:
            continue
        before, error = time.perf_counter(), None
        try:
            body(session)
            error = session.told() or None
        except Exception:  # A case's failure is told, and the next one runs.
            error = f"{session.told()}\n{traceback.format_exc(limit=-3)}"
        tell(kind="case", name=name, milliseconds=round((time.perf_counter() - before) * 1000), error=error)


def consent(session, only=None):
    """Tokens of an installer's consent with every scope that the page offers, or `only` those."""
    callback = session.app["callback"]
    query = {
        "client_id": session.app["id"],
        "redirect_uri": callback,
        "scope": " ".join(session.app["required"]),
        "optional_scope": " ".join(session.app["optional"]),
        "state": "conformance",
    }
    address = f"{session.url}/oauth/{session.portal}/authorize"
    page = httpx.get(address, params=query).text
    offered = re.findall(r'name="grant"[^>]*value="([^"]+)"', page) + re.findall(
        r'value="([^"]+)"[^>]*name="grant"', page
    )
    grants = [scope for scope in offered if only is None or scope in only]
    answer = httpx.post(address, data={**query, "decision": "connect", "grant": grants})
    assert answer.status_code == 302, f"consent answered {answer.status_code}: {page[:300]}"
    code = httpx.URL(answer.headers["location"]).params["code"]
    form = {
        "grant_type": "authorization_code",
        "client_id": session.app["id"],
        "client_secret": session.app["secret"],
        "redirect_uri": callback,
        "code": code,
    }
    return httpx.post(f"{session.url}/oauth/2026-03/token", data=form).raise_for_status().json()
