-- SHA-256 of the one-time token on the confirmation page, for tenants that are not trusted: such a flow is
-- `coded` without a claim until that page's own form releases it.
ALTER TABLE flow ADD COLUMN confirm_hash TEXT;
CREATE UNIQUE INDEX flow_confirm ON flow (confirm_hash);
