-- Every row that belongs to somebody carries (tenant, org), and every query names both.
-- Times are seconds since 1970 by the database's own clock: unixepoch('subsec').
-- The same tables stand in ../postgres, so that one text of each query serves both.

CREATE TABLE proxy (
    name  TEXT PRIMARY KEY NOT NULL,
    value TEXT NOT NULL
) STRICT;

-- The signing key of the local issuer, sealed.
CREATE TABLE issuer_key (
    kid        TEXT PRIMARY KEY NOT NULL,
    tenant     TEXT NOT NULL,
    org        TEXT NOT NULL,
    sealed     BLOB NOT NULL,
    created_at REAL NOT NULL
) STRICT;

CREATE TABLE launch_ticket (
    ticket_hash TEXT PRIMARY KEY NOT NULL,
    tenant      TEXT NOT NULL,
    org         TEXT NOT NULL,
    expires_at  REAL NOT NULL,
    used_at     REAL
) STRICT;

-- A browser that was introduced once: only its public key is known here.
CREATE TABLE device (
    id         TEXT PRIMARY KEY NOT NULL,
    tenant     TEXT NOT NULL,
    org        TEXT NOT NULL,
    sub        TEXT NOT NULL,
    origin     TEXT NOT NULL,
    key_x      TEXT NOT NULL,
    key_y      TEXT NOT NULL,
    created_at REAL NOT NULL,
    seen_at    REAL NOT NULL
) STRICT;

-- Assertions work once; a row is kept until the assertion would have expired anyway.
CREATE TABLE device_assertion (
    device_id  TEXT NOT NULL,
    jti        TEXT NOT NULL,
    expires_at REAL NOT NULL,
    PRIMARY KEY (device_id, jti)
) STRICT, WITHOUT ROWID;

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
    claim_until     REAL,
    code            BLOB,
    code_until      REAL,
    exchanging_at   REAL,
    finished_at     REAL,
    result_id       TEXT,
    reconnected     INTEGER NOT NULL DEFAULT 0,
    created_at      REAL NOT NULL,
    expires_at      REAL NOT NULL
) STRICT;

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
    version              INTEGER NOT NULL,
    label                TEXT,
    -- Grouping only, never a boundary; absent: none.
    workspace            TEXT,
    connection_type      TEXT NOT NULL,
    account_facts        TEXT NOT NULL,
    -- When they were last read at the provider; absent: when the grant was obtained.
    account_read_at      REAL,
    grant_kind           TEXT NOT NULL,
    asked                TEXT NOT NULL,
    granted              TEXT NOT NULL,
    obtained_at          REAL NOT NULL,
    state                TEXT NOT NULL CHECK (state IN ('connected', 'checking', 'needs_reauth', 'revoking', 'revoked')),
    generation           INTEGER NOT NULL,
    refresh_token        BLOB,
    access_token         BLOB,
    access_expires_at    REAL,
    lease_owner          TEXT,
    lease_until          REAL,
    next_try_at          REAL,
    attempts             INTEGER NOT NULL DEFAULT 0,
    fault_category       TEXT,
    fault_cause          TEXT,
    fault_at             REAL,
    fault_correlation_id TEXT,
    last_refresh_at      REAL,
    last_refresh_outcome TEXT,
    revoked_at           REAL,
    revoked_by           TEXT,
    connected_by         TEXT NOT NULL,
    created_at           REAL NOT NULL,
    updated_at           REAL NOT NULL,
    -- A portal belongs to one org of its tenant.
    UNIQUE (tenant, provider, account)
) STRICT;

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
    refresh_token BLOB NOT NULL,
    attempts      INTEGER NOT NULL DEFAULT 0,
    lease_until   REAL,
    next_try_at   REAL NOT NULL,
    give_up_at    REAL NOT NULL
) STRICT;

CREATE INDEX revocation_due ON revocation (next_try_at);

-- One row an organization: where its journal stands. Whoever must be alone in an organization locks it.
CREATE TABLE org (
    tenant       TEXT NOT NULL,
    org          TEXT NOT NULL,
    journal_seq  INTEGER NOT NULL,
    -- Hash of the last entry; of nothing before the first (portico-core, `journal`).
    journal_hash TEXT NOT NULL,
    PRIMARY KEY (tenant, org)
) STRICT, WITHOUT ROWID;

-- Who did what, refused tries included. Append-only, each entry bound to the one before it.
CREATE TABLE journal (
    tenant  TEXT NOT NULL,
    org     TEXT NOT NULL,
    seq     INTEGER NOT NULL,
    -- Milliseconds since 1970: whole, for it is hashed.
    at_ms   INTEGER NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    target  TEXT,
    outcome TEXT NOT NULL,
    reason  TEXT,
    -- `jti` of the session, or nothing where there is none.
    session TEXT,
    hash    TEXT NOT NULL,
    PRIMARY KEY (tenant, org, seq)
) STRICT;

CREATE TRIGGER journal_is_never_changed BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_is_never_cut BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
