-- Developers at the Developer Portal: their stays, and their personal tokens.

-- A stay after signing in. digest is the keyed digest of what the cookie holds, as 64 hex digits; id is what the
-- developer sees. epoch is the developer's at the time: a later one ends the stay.
CREATE TABLE developer_sessions (
    digest       TEXT   NOT NULL PRIMARY KEY,
    id           TEXT   NOT NULL UNIQUE,
    developer_id TEXT   NOT NULL REFERENCES developers (id),
    epoch        BIGINT NOT NULL,
    address      TEXT   NOT NULL,
    browser      TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    used_at      BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL
);
CREATE INDEX developer_sessions_by_developer ON developer_sessions (developer_id, created_at);
CREATE INDEX developer_sessions_by_expiry ON developer_sessions (expires_at);

-- A personal token for the Portal REST API. Only the keyed digest of its text is kept. scopes are written with spaces
-- between them. epoch is as above; used_at is to the minute.
CREATE TABLE developer_tokens (
    digest       TEXT   NOT NULL PRIMARY KEY,
    id           TEXT   NOT NULL UNIQUE,
    developer_id TEXT   NOT NULL REFERENCES developers (id),
    epoch        BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    scopes       TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    used_at      BIGINT
);
CREATE INDEX developer_tokens_by_developer ON developer_tokens (developer_id, created_at);
CREATE INDEX developer_tokens_by_expiry ON developer_tokens (expires_at);
