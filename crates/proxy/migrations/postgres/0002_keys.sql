-- How many values each data key has sealed, counted in blocks before they are used (threat model, section 7).
CREATE TABLE key_use (
    kid   BIGINT PRIMARY KEY NOT NULL,
    seals BIGINT NOT NULL
);
