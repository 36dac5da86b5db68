-- When the background last looked at a grant that nobody may be using, so that a dead one is found before its user.
ALTER TABLE connection ADD COLUMN looked_at REAL NOT NULL DEFAULT 0;
CREATE INDEX connection_to_look_at ON connection (looked_at) WHERE state = 'connected' AND grant_kind = 'oauth';
