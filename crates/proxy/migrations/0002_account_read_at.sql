-- When the account's facts were last read at the provider; absent: when the grant was obtained.
ALTER TABLE connection ADD COLUMN account_read_at REAL;
