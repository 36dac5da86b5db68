"""hubspot-sdk (dated paths) over every method whose endpoint the sandbox serves.

The runner gives the environment; see ../run.mjs.
"""

import json
import os
import subprocess

import configuration
import content
import developer
import manners
import records
import writes
from session import Session, consent, run_cases, tell


def routes(program):
    listed = subprocess.run([program, "--routes"], check=True, capture_output=True, text=True).stdout
    return [tuple(line.split()[:2]) for line in listed.splitlines() if line]


def main():
    session = Session(
        os.environ["SANDBOX_URL"],
        routes(os.environ["SANDBOX_PROGRAM"]),
        json.loads(os.environ["SANDBOX_APP"]),
        portal=23571113,
    )
    token = consent(session)["access_token"]
    session.use(token)
    session.learn_types(token)
    cases = [*configuration.CASES, *writes.CASES, *records.CASES, *content.CASES, *developer.CASES, *manners.CASES]
    run_cases(cases, os.environ.get("CONFORMANCE_FILTER"), session)
    for state in session.states():
        tell(kind="method", client="hubspot-sdk (Python)", **state)


main()
