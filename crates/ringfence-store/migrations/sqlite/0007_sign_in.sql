-- How people prove who they are. Sign-ins are rare, so what limits them is shared by all nodes here.

-- Failed attempts, by what they are counted for: key is a keyed digest of a name with an address, of an address, of a
-- name, or of a person's codes.
CREATE TABLE sign_in_failures (
    key     TEXT   NOT NULL PRIMARY KEY,
    n       BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX sign_in_failures_by_time ON sign_in_failures (last_at);

-- A one-time link. purpose is set-up or invite; user_id is null for a set-up link. Using one deletes its row.
CREATE TABLE sign_in_links (
    digest     TEXT   NOT NULL PRIMARY KEY,
    purpose    TEXT   NOT NULL,
    user_id    TEXT   REFERENCES users (id),
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sign_in_links_by_user ON sign_in_links (user_id);

-- Steps of a sign-in that were taken: each may be taken once. The browser carries the step itself, sealed.
CREATE TABLE sign_in_steps (
    id         TEXT   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL
);

-- An authenticator app. sealed holds the shared secret under the master key; last_step is the last code's, so that none
-- is taken twice.
CREATE TABLE user_totp (
    user_id    TEXT   NOT NULL PRIMARY KEY REFERENCES users (id),
    sealed     BLOB   NOT NULL,
    last_step  BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

-- A recovery code: only a keyed digest is kept. Using one deletes its row.
CREATE TABLE user_recovery_codes (
    user_id TEXT NOT NULL REFERENCES users (id),
    digest  TEXT NOT NULL,
    PRIMARY KEY (user_id, digest)
);

-- A passkey. id and public_key are of the authenticator's making.
CREATE TABLE user_passkeys (
    id           TEXT    NOT NULL PRIMARY KEY,
    user_id      TEXT    NOT NULL REFERENCES users (id),
    name         TEXT    NOT NULL,
    public_key   BLOB    NOT NULL,
    counter      BIGINT  NOT NULL,
    synced       BOOLEAN NOT NULL,
    created_at   BIGINT  NOT NULL,
    last_used_at BIGINT
);
CREATE INDEX user_passkeys_by_user ON user_passkeys (user_id, created_at);

-- Somebody's identity at an upstream provider. It stays theirs when names change there.
CREATE TABLE user_identities (
    issuer     TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    user_id    TEXT   NOT NULL REFERENCES users (id),
    created_at BIGINT NOT NULL,
    PRIMARY KEY (issuer, subject),
    UNIQUE (issuer, user_id)
);
CREATE INDEX user_identities_by_user ON user_identities (user_id);

-- People are found by user name alone when they sign in.
CREATE INDEX users_by_username ON users (username);
