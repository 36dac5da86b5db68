-- News of an organization, numbered without a gap in the order of commits, written with the change it tells of.
-- Ids only: what a stream says of them is read when it is said.

-- Number of the newest event of the organization.
ALTER TABLE org ADD COLUMN event_seq BIGINT NOT NULL DEFAULT 0;

CREATE TABLE event (
    -- In SQLite the order of all commits, for the other processes over this file; in PostgreSQL only a name.
    id     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant TEXT NOT NULL,
    org    TEXT NOT NULL,
    seq    BIGINT NOT NULL,
    -- Set when only this person may hear it.
    sub    TEXT,
    kind   TEXT NOT NULL,
    -- Id of the connection or flow.
    target TEXT NOT NULL,
    at     DOUBLE PRECISION NOT NULL,
    UNIQUE (tenant, org, seq)
);

CREATE INDEX event_by_age ON event (at);

-- The outbox of webhooks: one row for each message and endpoint, written with the change it tells of.
CREATE TABLE delivery (
    -- `webhook-id`: the same at every try and every endpoint.
    message     TEXT NOT NULL,
    endpoint    TEXT NOT NULL,
    tenant      TEXT NOT NULL,
    org         TEXT NOT NULL,
    type        TEXT NOT NULL,
    -- What is sent, byte for byte: ids and words, no secret.
    body        TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
    attempts    BIGINT NOT NULL DEFAULT 0,
    -- Also the lease: who takes a row for sending puts it off first.
    next_try_at DOUBLE PRECISION NOT NULL,
    queued_at   DOUBLE PRECISION NOT NULL,
    finished_at DOUBLE PRECISION,
    -- Of the last try: the status, or why there was none.
    last_answer TEXT,
    PRIMARY KEY (message, endpoint)
);

CREATE INDEX delivery_due ON delivery (endpoint, next_try_at) WHERE state = 'pending';
CREATE INDEX delivery_of_endpoint ON delivery (endpoint, state, queued_at);

-- Endpoints that answered 410. One is on again as soon as its configuration has another fingerprint.
CREATE TABLE endpoint_gone (
    endpoint    TEXT PRIMARY KEY NOT NULL,
    fingerprint TEXT NOT NULL,
    at          DOUBLE PRECISION NOT NULL
);
