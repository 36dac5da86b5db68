-- Groups of connections within one organization: never a boundary.
CREATE TABLE workspace (
    id         TEXT PRIMARY KEY NOT NULL,
    tenant     TEXT NOT NULL,
    org        TEXT NOT NULL,
    name       TEXT NOT NULL,
    -- The name in lower case, by Rust's rules: what must be unique.
    name_key   TEXT NOT NULL,
    version    INTEGER NOT NULL,
    created_at REAL NOT NULL,
    updated_at REAL NOT NULL,
    UNIQUE (tenant, org, name_key)
) STRICT;

CREATE INDEX connection_of_workspace ON connection (tenant, org, workspace) WHERE workspace IS NOT NULL;

-- Last four characters of a static token, so that people can tell tokens apart.
ALTER TABLE connection ADD COLUMN credential_hint TEXT;

-- Static credentials are not refreshed, so they are looked at once a day.
CREATE INDEX connection_static ON connection (account_read_at) WHERE grant_kind = 'static';
