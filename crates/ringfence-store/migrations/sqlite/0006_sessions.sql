-- People at the portals.

-- An operator runs the installation: sees every account and the signing keys.
ALTER TABLE users ADD COLUMN operator BOOLEAN NOT NULL DEFAULT FALSE;

-- A stay after signing in. digest is the keyed digest of what the cookie holds, as 64 hex digits; id is what the person
-- sees. account_id is the account looked at: the person's own, or the one an operator opened.
CREATE TABLE sessions (
    digest     TEXT   NOT NULL PRIMARY KEY,
    id         TEXT   NOT NULL UNIQUE,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    account_id TEXT   NOT NULL REFERENCES accounts (id),
    user_epoch BIGINT NOT NULL,
    method     TEXT   NOT NULL,
    address    TEXT   NOT NULL,
    browser    TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    used_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_user ON sessions (user_id, created_at);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);
