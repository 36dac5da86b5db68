-- Every row that belongs to somebody carries (tenant, org), and every query names both.
-- Times are seconds since 1970 by the database's own clock: unixepoch('subsec').

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
    connection_type      TEXT NOT NULL,
    account_facts        TEXT NOT NULL,
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

CREATE INDEX connection_of_org ON connection (tenant, org);
CREATE INDEX connection_of_account ON connection (provider, client_id, account);

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

-- Who did what, refused tries included. Append-only.
CREATE TABLE audit (
    seq     INTEGER PRIMARY KEY AUTOINCREMENT,
    at      REAL NOT NULL,
    tenant  TEXT NOT NULL,
    org     TEXT NOT NULL,
    sub     TEXT NOT NULL,
    action  TEXT NOT NULL,
    target  TEXT,
    outcome TEXT NOT NULL,
    -- `jti` of the session, or nothing where there is none.
    session TEXT
) STRICT;

CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit table is append-only'); END;
CREATE TRIGGER audit_is_never_cut BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit table is append-only'); END;
