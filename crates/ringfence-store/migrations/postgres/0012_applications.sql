-- Applications of developers: who may get tokens on behalf of people of VBC accounts.

-- A person who builds applications. Belongs to no account and never gets tokens for APIs.
-- epoch rises when their stays and personal tokens so far are to be refused.
CREATE TABLE developers (
    id            TEXT    NOT NULL PRIMARY KEY,
    username      TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    email         TEXT    NOT NULL,
    company       TEXT    NOT NULL,
    password      TEXT,
    active        BOOLEAN NOT NULL,
    epoch         BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL,
    last_login_at BIGINT
);

-- An application. The columns from mapping_id on are its one pair of key and secret, all null until it was generated;
-- secret_digest alone stays null for a public client. callbacks and post_logout hold one URL a line.
CREATE TABLE applications (
    id             TEXT    NOT NULL PRIMARY KEY,
    developer_id   TEXT    NOT NULL REFERENCES developers (id),
    name           TEXT    NOT NULL,
    description    TEXT    NOT NULL,
    quota          TEXT    NOT NULL,
    status         TEXT    NOT NULL,
    verified       BOOLEAN NOT NULL,
    epoch          BIGINT  NOT NULL,
    created_at     BIGINT  NOT NULL,
    version        BIGINT  NOT NULL,
    mapping_id     TEXT    UNIQUE,
    consumer_key   TEXT    UNIQUE,
    secret_digest  TEXT,
    grant_types    TEXT,
    callbacks      TEXT,
    post_logout    TEXT,
    pkce_optional  BOOLEAN NOT NULL DEFAULT FALSE,
    made_at        BIGINT,
    secret_made_at BIGINT,
    UNIQUE (developer_id, name)
);

-- An application's subscription to an API suite.
CREATE TABLE subscriptions (
    id             TEXT   NOT NULL PRIMARY KEY,
    application_id TEXT   NOT NULL REFERENCES applications (id),
    suite          TEXT   NOT NULL,
    plan           TEXT   NOT NULL,
    status         TEXT   NOT NULL,
    made_at        BIGINT NOT NULL,
    UNIQUE (application_id, suite)
);

-- What a person allowed and was taken back, kept until the last token that came of it would have ended.
CREATE TABLE revoked_grants (
    id         TEXT   NOT NULL PRIMARY KEY,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT NOT NULL
);
CREATE INDEX revoked_grants_by_expiry ON revoked_grants (expires_at);
