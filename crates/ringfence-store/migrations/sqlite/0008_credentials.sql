-- What people want to know of their API credentials: who uses them, for what, from where; and how one is handed over.
-- The tables of use are flushed in batches and may miss the last second before a crash. They name credentials without
-- a foreign key: a flush may come after the credential has gone, and the tidying takes such rows.

-- An address a secret was used from. Only the last few of each secret are kept.
CREATE TABLE secret_addresses (
    credential_id TEXT   NOT NULL,
    number        BIGINT NOT NULL,
    address       TEXT   NOT NULL,
    first_used_at BIGINT NOT NULL,
    last_used_at  BIGINT NOT NULL,
    uses          BIGINT NOT NULL,
    PRIMARY KEY (credential_id, number, address)
);

-- When a scope was last in a token that was issued, and when it last opened a call.
CREATE TABLE credential_scope_uses (
    credential_id TEXT   NOT NULL,
    scope         TEXT   NOT NULL,
    issued_at     BIGINT,
    opened_at     BIGINT,
    PRIMARY KEY (credential_id, scope)
);

-- One hour of a credential. hour counts hours since 1970 UTC. ok, refused, wrong and failed are calls by outcome:
-- answered, not admitted, answered with 4xx, answered with 5xx.
CREATE TABLE credential_hours (
    credential_id TEXT   NOT NULL,
    hour          BIGINT NOT NULL,
    tokens        BIGINT NOT NULL,
    ok            BIGINT NOT NULL,
    refused       BIGINT NOT NULL,
    wrong         BIGINT NOT NULL,
    failed        BIGINT NOT NULL,
    PRIMARY KEY (credential_id, hour)
);
CREATE INDEX credential_hours_by_hour ON credential_hours (hour);

-- A secret on its way to a partner by a link. id is derived from the link, and so is the key that sealed the secret:
-- this row alone opens nothing. Opening it once sets opened_at and empties sealed.
CREATE TABLE handovers (
    id            TEXT   NOT NULL PRIMARY KEY,
    credential_id TEXT   NOT NULL,
    number        BIGINT NOT NULL,
    sealed        BLOB   NOT NULL,
    created_at    BIGINT NOT NULL,
    created_by    TEXT   NOT NULL,
    expires_at    BIGINT NOT NULL,
    opened_at     BIGINT,
    opened_from   TEXT
);
CREATE INDEX handovers_by_credential ON handovers (credential_id, created_at);

-- A form or request that has made a secret; the same one sent again makes no second.
CREATE TABLE secret_requests (
    user_id       TEXT   NOT NULL,
    nonce         TEXT   NOT NULL,
    credential_id TEXT   NOT NULL,
    number        BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    PRIMARY KEY (user_id, nonce)
);
CREATE INDEX secret_requests_by_time ON secret_requests (at);

-- The list of an account's credentials, by name and by owner.
CREATE INDEX credentials_by_name ON credentials (account_id, LOWER(name), id);
CREATE INDEX credentials_by_account_owner ON credentials (account_id, owner_id);
