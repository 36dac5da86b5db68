-- When grants were last given up at the provider, by app and account: when the calls began, until when one may still
-- take effect, and when those began that ended all that the account granted. It belongs to no tenant, as the provider's grant does not: what one gives up may end what another was just given.
CREATE TABLE grant_end (
    provider   TEXT NOT NULL,
    client_id  TEXT NOT NULL,
    account    TEXT NOT NULL,
    begun_at   DOUBLE PRECISION NOT NULL,
    ends_until DOUBLE PRECISION NOT NULL,
    ended_at   DOUBLE PRECISION NOT NULL DEFAULT 0,
    PRIMARY KEY (provider, client_id, account)
);
