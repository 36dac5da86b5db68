-- Calls with the refresh token in hand whose answer has not been stored. Only of providers whose refresh tokens work
-- once: above 1 means that an earlier answer was lost, and the token may be spent.
ALTER TABLE connection ADD COLUMN rotating INTEGER NOT NULL DEFAULT 0;

-- Which token stands in refresh_token: GitHub revokes by access token.
ALTER TABLE revocation ADD COLUMN which TEXT NOT NULL DEFAULT 'refresh' CHECK (which IN ('access', 'refresh'));
