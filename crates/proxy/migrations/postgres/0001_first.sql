-- Every row that belongs to somebody carries (tenant, org), and every query names both.
-- Times are seconds since 1970 by the database's own clock: unixepoch('subsec').
-- The same tables stand in ../sqlite, so that one text of each query serves both.

-- SQLite's clock by its name there. It moves within a transaction, as SQLite's does.
CREATE FUNCTION unixepoch(unit text) RETURNS double precision LANGUAGE sql VOLATILE
AS $$ SELECT extract(epoch FROM clock_timestamp())::double precision $$;

CREATE TABLE proxy (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
);

-- The signing key of the local issuer, sealed.
CREATE TABLE issuer_key (
    kid        TEXT PRIMARY KEY NOT NULL,
    tenant     TEXT NOT NULL,
    org        TEXT NOT NULL,
    sealed     BYTEA NOT NULL,
    created_at DOUBLE PRECISION NOT NULL
);

CREATE TABLE launch_ticket (
    ticket_hash TEXT PRIMARY KEY NOT NULL,
    tenant      TEXT NOT NULL,
    org         TEXT NOT NULL,
    expires_at  DOUBLE PRECISION NOT NULL,
    used_at     DOUBLE PRECISION
);

-- A browser that was introduced once: only its public key is known here.
CREATE TABLE device (
    id         TEXT PRIMARY KEY NOT NULL,
    tenant     TEXT NOT NULL,
    org        TEXT NOT NULL,
    sub        TEXT NOT NULL,
    origin     TEXT NOT NULL,
    key_x      TEXT NOT NULL,
    key_y      TEXT NOT NULL,
    created_at DOUBLE PRECISION NOT NULL,
    seen_at    DOUBLE PRECISION NOT NULL
);

-- Assertions work once; a row is kept until the assertion would have expired anyway.
CREATE TABLE device_assertion (
    device_id  TEXT NOT NULL,
    jti        TEXT NOT NULL,
    expires_at DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (device_id, jti)
);

CREATE TABLE flow (
    id              TEXT PRIMARY KEY NOT NULL,
    tenant          TEXT NOT NULL,
    org             TEXT NOT NULL,
    sub             TEXT NOT NULL,
    provider        TEXT NOT NULL,
    intent          TEXT NOT NULL,
    connection_type TEXT NOT NULL,
    connection_id   TEXT,
    scopes          TEXT NOT NULL,
    optional_scopes TEXT NOT NULL,
    code_challenge  TEXT NOT NULL,
    state_hash      TEXT NOT NULL UNIQUE,
    return_uri      TEXT NOT NULL,
    phase           TEXT NOT NULL CHECK (phase IN ('started', 'coded', 'exchanging', 'done', 'failed')),
    failure         TEXT,
    failure_detail  TEXT,
    -- The provider's own description: for the operator, never shown to anybody.
    provider_words  TEXT,
    claim_hash      TEXT,
    claim_until     DOUBLE PRECISION,
    code            BYTEA,
    code_until      DOUBLE PRECISION,
    exchanging_at   DOUBLE PRECISION,
    finished_at     DOUBLE PRECISION,
    result_id       TEXT,
    reconnected     BIGINT NOT NULL DEFAULT 0,
    created_at      DOUBLE PRECISION NOT NULL,
    expires_at      DOUBLE PRECISION NOT NULL
);

CREATE INDEX flow_open ON flow (tenant, org, phase, sub);
CREATE INDEX flow_by_end ON flow (phase, expires_at);

CREATE TABLE connection (
    id                   TEXT PRIMARY KEY NOT NULL,
    tenant               TEXT NOT NULL,
    org                  TEXT NOT NULL,
    provider             TEXT NOT NULL,
    -- The provider's id of the account, as text; client_id tells whose app holds the grant.
    account              TEXT NOT NULL,
    client_id            TEXT NOT NULL,
    version              BIGINT NOT NULL,
    label                TEXT,
    -- Grouping only, never a boundary; absent: none.
    workspace            TEXT,
    connection_type      TEXT NOT NULL,
    account_facts        TEXT NOT NULL,
    -- When they were last read at the provider; absent: when the grant was obtained.
    account_read_at      DOUBLE PRECISION,
    grant_kind           TEXT NOT NULL,
    asked                TEXT NOT NULL,
    granted              TEXT NOT NULL,
    obtained_at          DOUBLE PRECISION NOT NULL,
    state                TEXT NOT NULL CHECK (state IN ('connected', 'checking', 'needs_reauth', 'revoking', 'revoked')),
    generation           BIGINT NOT NULL,
    refresh_token        BYTEA,
    access_token         BYTEA,
    access_expires_at    DOUBLE PRECISION,
    lease_owner          TEXT,
    lease_until          DOUBLE PRECISION,
    next_try_at          DOUBLE PRECISION,
    attempts             BIGINT NOT NULL DEFAULT 0,
    fault_category       TEXT,
    fault_cause          TEXT,
    fault_at             DOUBLE PRECISION,
    fault_correlation_id TEXT,
    last_refresh_at      DOUBLE PRECISION,
    last_refresh_outcome TEXT,
    revoked_at           DOUBLE PRECISION,
    revoked_by           TEXT,
    connected_by         TEXT NOT NULL,
    created_at           DOUBLE PRECISION NOT NULL,
    updated_at           DOUBLE PRECISION NOT NULL,
    -- A portal belongs to one org of its tenant.
    UNIQUE (tenant, provider, account)
);

CREATE INDEX connection_of_org ON connection (tenant, org, created_at, id);
CREATE INDEX connection_of_account ON connection (provider, client_id, account);
CREATE INDEX connection_to_check ON connection (next_try_at) WHERE state = 'checking';

-- Grants that were given up and still have to be revoked at the provider. A row lives until that is done.
CREATE TABLE revocation (
    id            TEXT PRIMARY KEY NOT NULL,
    tenant        TEXT NOT NULL,
    org           TEXT NOT NULL,
    provider      TEXT NOT NULL,
    client_id     TEXT NOT NULL,
    account       TEXT NOT NULL,
    refresh_token BYTEA NOT NULL,
    attempts      BIGINT NOT NULL DEFAULT 0,
    lease_until   DOUBLE PRECISION,
    next_try_at   DOUBLE PRECISION NOT NULL,
    give_up_at    DOUBLE PRECISION NOT NULL
);

CREATE INDEX revocation_due ON revocation (next_try_at);

-- One row an organization: where its journal stands. Whoever must be alone in an organization locks it.
CREATE TABLE org (
    tenant       TEXT NOT NULL,
    org          TEXT NOT NULL,
    journal_seq  BIGINT NOT NULL,
    -- Hash of the last entry; of nothing before the first (portico-core, `journal`).
    journal_hash TEXT NOT NULL,
    PRIMARY KEY (tenant, org)
);

-- Who did what, refused tries included. Append-only, each entry bound to the one before it.
CREATE TABLE journal (
    tenant  TEXT NOT NULL,
    org     TEXT NOT NULL,
    seq     BIGINT NOT NULL,
    -- Milliseconds since 1970: whole, for it is hashed.
    at_ms   BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    target  TEXT,
    outcome TEXT NOT NULL,
    reason  TEXT,
    -- `jti` of the session, or nothing where there is none.
    session TEXT,
    hash    TEXT NOT NULL,
    PRIMARY KEY (tenant, org, seq)
);

CREATE FUNCTION journal_is_append_only() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN RAISE EXCEPTION 'the journal is append-only'; END $$;
CREATE TRIGGER journal_is_never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON journal
FOR EACH STATEMENT EXECUTE FUNCTION journal_is_append_only();
