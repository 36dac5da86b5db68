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
        s.refused(f"auth.oauth.{name}", [], fields, 415)
        # What the sandbox must answer to it is the refusal.
        s.called[f"auth.oauth.{name}"] = True


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


CASES = [
    ("a token request in JSON is a 415", json_token_request),
    ("an unknown token is a 401 with its category", unauthorized),
    ("an uninstall ends the tokens", uninstalled),
]
