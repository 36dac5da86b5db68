"""OAuth, refusals and retries as this client meets them (platform 1.3, 9, 10.1)."""

import hubspot_sdk
from session import consent


def json_token_request(s):
    """It sends JSON where HubSpot takes forms only, so none of its three OAuth calls may work."""
    app = {"client_id": s.app["id"], "client_secret": s.app["secret"]}
    for name, fields in (
        ("create_token", {"grant_type": "refresh_token", "refresh_token": "x", **app}),
        ("introspect_token", {"token": "x", **app}),
        ("revoke_token", {"token": "x", **app}),
    ):
        s.refused(f"auth.oauth.{name}", [], fields, 415, counts=True)


def unauthorized(s):
    mine, s.client = s.client, s.new_client("nonsense")
    try:
        error = s.refused("crm.owners.list", [], {}, 401)
        assert isinstance(error, hubspot_sdk.AuthenticationError)
        assert error.body["category"] == "INVALID_AUTHENTICATION"
        assert error.body["correlationId"] == error.response.headers["x-hubspot-correlation-id"]
    finally:
        s.client = mine


def uninstalled(s):
    tokens = consent(s)
    mine, s.client = s.client, s.new_client(tokens["access_token"])
    try:
        s.call("crm.app_uninstalls.uninstall")
        s.refused("crm.owners.list", [], {}, 401)
    finally:
        s.client = mine
        s.use(consent(s)["access_token"])


# What goes wrong, for how many calls, how many the client makes in all, and what is left of it.
RETRIES = [
    ({"answer": "status", "status": 500}, 2, 3, None),
    ({"answer": "429", "policy": "SECONDLY"}, 1, 2, None),
    ({"answer": "status", "status": 409}, 1, 2, None),
    ({"answer": "html-502"}, 1, 2, None),
    ({"answer": "status", "status": 503}, 3, 3, 503),
    ({"answer": "429", "policy": "DAILY"}, 3, 3, 429),
    ({"answer": "status", "status": 404}, 1, 1, 404),
]


def retries(s):
    """It makes three attempts in all; how long it waits between them is its own affair."""
    mine, s.client = s.client, s.new_client(s.token, max_retries=2)
    waited = []
    s.client._sleep_for_retry = lambda **given: waited.append(given)
    try:
        for fault, calls, made, left in RETRIES:
            s.advance(10_100)
            s.act("fault", path="/crm/owners/2026-03", calls=calls, **fault)
            s.seen.clear()
            try:
                s.client.crm.owners.list(limit=1)
                status = None
            except hubspot_sdk.APIStatusError as error:
                status = error.status_code
            s.act("clear-faults")
            assert (len(s.seen), status) == (made, left), f"{fault}: {len(s.seen)} calls, {status}"
        assert len(waited) == sum(made - 1 for _, _, made, _ in RETRIES)
    finally:
        s.client = mine


CASES = [
    ("a token request in JSON is a 415", json_token_request),
    ("an unknown token is a 401 with its category", unauthorized),
    ("retries end as they should", retries),
    ("an uninstall ends the tokens", uninstalled),
]
