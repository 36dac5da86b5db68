-- Until when the giving up of a grant may still take effect at the provider, by app and account. It belongs to
-- no tenant, as the provider's grant does not: what one gives up may end what another was just given.
CREATE TABLE grant_end (
    provider   TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    account    TEXT NOT NULL,
    ends_until REAL NOT NULL,
    PRIMARY KEY (provider, client_id, account)
) STRICT;
