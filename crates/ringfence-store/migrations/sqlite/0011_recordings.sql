-- What the portal shows of recordings.

-- What a recording sounds like, by content address: made when it is first looked at, removed with its bytes.
-- peaks: a byte with the number of channels, then the loudest sample of each stretch, channel after channel; null
-- when it is too long to be drawn.
CREATE TABLE content_sounds (
    sha256      TEXT   NOT NULL PRIMARY KEY,
    format      TEXT   NOT NULL,
    channels    BIGINT NOT NULL,
    sample_rate BIGINT NOT NULL,
    duration_ms BIGINT NOT NULL,
    peaks       BLOB  
);

-- Who opened an item, and when that was last written into the audit trail: one listening is many requests for parts.
CREATE TABLE content_hearings (
    account_id     TEXT   NOT NULL,
    interaction_id TEXT   NOT NULL,
    key            TEXT   NOT NULL,
    actor          TEXT   NOT NULL,
    at             BIGINT NOT NULL,
    PRIMARY KEY (account_id, interaction_id, key, actor)
);
CREATE INDEX content_hearings_by_time ON content_hearings (at);
