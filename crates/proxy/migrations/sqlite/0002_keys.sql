-- How many values each data key has sealed, counted in blocks before they are used (threat model, section 7).
CREATE TABLE key_use (
    kid   INTEGER PRIMARY KEY NOT NULL,
    seals INTEGER NOT NULL
) STRICT;
