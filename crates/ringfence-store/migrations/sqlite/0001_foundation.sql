-- Who may do what: everything of this set that decides about access is held by every
-- node in memory (the directory) and followed through the change feed.

-- A tenant. epoch rises when all its tokens so far are to be refused.
CREATE TABLE accounts (
    id         TEXT    NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    region     TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    token_alg  TEXT    NOT NULL,
    epoch      BIGINT  NOT NULL,
    created_at BIGINT  NOT NULL
);

-- A person. permissions_yes and permissions_no are bit sets of what was set by hand.
-- profile is the rest of the User Admin object as JSON.
CREATE TABLE users (
    id              TEXT    NOT NULL PRIMARY KEY,
    account_id      TEXT    NOT NULL REFERENCES accounts (id),
    username        TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    email           TEXT    NOT NULL,
    role            TEXT    NOT NULL,
    active          BOOLEAN NOT NULL,
    locked          BOOLEAN NOT NULL,
    agent           TEXT,
    password        TEXT,
    permissions_yes BIGINT  NOT NULL,
    permissions_no  BIGINT  NOT NULL,
    epoch           BIGINT  NOT NULL,
    profile         TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    last_login_at   BIGINT,
    UNIQUE (account_id, username),
    UNIQUE (account_id, agent)
);

-- A group of users.
CREATE TABLE groups (
    id                  TEXT   NOT NULL PRIMARY KEY,
    account_id          TEXT   NOT NULL REFERENCES accounts (id),
    display_id          TEXT   NOT NULL,
    name                TEXT   NOT NULL,
    max_unexpected_secs BIGINT NOT NULL,
    max_wrap_up_secs    BIGINT NOT NULL,
    UNIQUE (account_id, name),
    UNIQUE (account_id, display_id)
);

-- Membership: the user belongs to the group.
CREATE TABLE user_groups (
    user_id  TEXT NOT NULL REFERENCES users (id),
    group_id TEXT NOT NULL REFERENCES groups (id),
    PRIMARY KEY (user_id, group_id)
);
CREATE INDEX user_groups_by_group ON user_groups (group_id, user_id);

-- A group whose content the user may reach without belonging to it.
-- permission is Read or Write.
CREATE TABLE user_group_permissions (
    user_id    TEXT NOT NULL REFERENCES users (id),
    group_id   TEXT NOT NULL REFERENCES groups (id),
    permission TEXT NOT NULL,
    PRIMARY KEY (user_id, group_id)
);

-- A line that the user may reach.
CREATE TABLE user_lines (
    user_id TEXT NOT NULL REFERENCES users (id),
    line    TEXT NOT NULL,
    PRIMARY KEY (user_id, line)
);

-- An API credential. owner_id is null for a legacy account-level one.
-- scopes and networks are space-separated values.
CREATE TABLE credentials (
    id             TEXT   NOT NULL PRIMARY KEY,
    account_id     TEXT   NOT NULL REFERENCES accounts (id),
    owner_id       TEXT   REFERENCES users (id),
    name           TEXT   NOT NULL,
    scopes         TEXT   NOT NULL,
    token_alg      TEXT,
    token_ttl_secs BIGINT,
    networks       TEXT   NOT NULL,
    expires_at     BIGINT,
    epoch          BIGINT NOT NULL,
    next_secret    BIGINT NOT NULL,
    created_at     BIGINT NOT NULL,
    version        BIGINT NOT NULL
);
CREATE INDEX credentials_by_account ON credentials (account_id, id);
CREATE INDEX credentials_by_owner ON credentials (owner_id);

-- A secret of a credential: only a keyed digest is kept, as 64 hex digits. Retiring one deletes its row.
-- The last_ columns are flushed in batches and may miss the last second before a crash.
CREATE TABLE credential_secrets (
    credential_id   TEXT   NOT NULL REFERENCES credentials (id),
    number          BIGINT NOT NULL,
    digest          TEXT   NOT NULL,
    created_at      BIGINT NOT NULL,
    expires_at      BIGINT,
    last_used_at    BIGINT,
    last_used_from  TEXT,
    last_used_route TEXT,
    uses            BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (credential_id, number)
);

-- A signing key. sealed holds the private key under the master key.
-- Its state follows from the times: announced, in use, retired, withdrawn.
CREATE TABLE signing_keys (
    id           TEXT   NOT NULL PRIMARY KEY,
    alg          TEXT   NOT NULL,
    public_key   BLOB   NOT NULL,
    sealed       BLOB   NOT NULL,
    announced_at BIGINT NOT NULL,
    active_from  BIGINT NOT NULL,
    retire_at    BIGINT,
    remove_at    BIGINT,
    withdrawn_at BIGINT
);

-- A token revoked singly, kept until it would have ended anyway.
CREATE TABLE revoked_tokens (
    id            TEXT   NOT NULL PRIMARY KEY,
    credential_id TEXT   NOT NULL,
    expires_at    BIGINT NOT NULL,
    revoked_at    BIGINT NOT NULL
);
CREATE INDEX revoked_tokens_by_expiry ON revoked_tokens (expires_at);

-- The change feed: one row for each thing of the directory that changed.
-- seq is taken from feed_head under its row lock, so its order is the order of commits.
CREATE TABLE feed (
    seq        BIGINT NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    subject_id TEXT   NOT NULL,
    at         BIGINT NOT NULL
);

-- The last number given out, and the last one whose row has been cleaned away.
CREATE TABLE feed_head (
    id     BIGINT NOT NULL PRIMARY KEY,
    seq    BIGINT NOT NULL,
    pruned BIGINT NOT NULL
);
INSERT INTO feed_head (id, seq, pruned) VALUES (1, 0, 0);

-- The audit trail: each line carries the digest of the one before it.
CREATE TABLE audit (
    seq        BIGINT NOT NULL PRIMARY KEY,
    id         TEXT   NOT NULL UNIQUE,
    at         BIGINT NOT NULL,
    account_id TEXT,
    actor      TEXT   NOT NULL,
    act        TEXT   NOT NULL,
    subject    TEXT   NOT NULL,
    detail     TEXT   NOT NULL,
    digest     BLOB   NOT NULL
);
CREATE INDEX audit_by_account ON audit (account_id, seq);
