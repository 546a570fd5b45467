-- What reaches across: single sign-on per account, and the traffic of applications.

-- An OpenID Connect provider that an account keeps. sealed holds our secret there under the master key, bound to id.
-- scopes are separated by spaces. The issuer never changes: identities below are of that issuer.
CREATE TABLE providers (
    id             TEXT    NOT NULL PRIMARY KEY,
    account_id     TEXT    NOT NULL REFERENCES accounts (id),
    name           TEXT    NOT NULL,
    title          TEXT    NOT NULL,
    issuer         TEXT    NOT NULL,
    client_id      TEXT    NOT NULL,
    sealed         BLOB    NOT NULL,
    scopes         TEXT    NOT NULL,
    username_claim TEXT    NOT NULL,
    by_username    BOOLEAN NOT NULL,
    by_email       BOOLEAN NOT NULL,
    as_new_agents  BOOLEAN NOT NULL,
    ask_code       BOOLEAN NOT NULL,
    active         BOOLEAN NOT NULL,
    version        BIGINT  NOT NULL,
    created_at     BIGINT  NOT NULL,
    UNIQUE (account_id, name)
);

-- A domain of e-mail addresses by which a provider is offered.
CREATE TABLE provider_domains (
    domain      TEXT NOT NULL,
    provider_id TEXT NOT NULL REFERENCES providers (id),
    PRIMARY KEY (domain, provider_id)
);
CREATE INDEX provider_domains_by_provider ON provider_domains (provider_id);

-- Somebody's identity at a provider of their account. It goes with the provider, and holds nowhere else.
CREATE TABLE provider_identities (
    provider_id TEXT   NOT NULL REFERENCES providers (id),
    subject     TEXT   NOT NULL,
    user_id     TEXT   NOT NULL REFERENCES users (id),
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (provider_id, subject),
    UNIQUE (provider_id, user_id)
);
CREATE INDEX provider_identities_by_user ON provider_identities (user_id);

-- Requests of applications, in the same record: application_id is given where the token was an application's, and then
-- owner_id is the person it acts for. In traffic_counts, credential_id holds app:ID for refusals of an application.
ALTER TABLE request_log ADD COLUMN application_id TEXT;
CREATE INDEX request_log_by_application ON request_log (application_id, id);

-- The last use of an application with the people of one account; account_id is empty where it acted for nobody.
-- Flushed in batches; no foreign key, as for credentials.
CREATE TABLE application_uses (
    application_id TEXT   NOT NULL,
    account_id     TEXT   NOT NULL,
    last_used_at   BIGINT NOT NULL,
    last_from      TEXT   NOT NULL,
    last_route     TEXT   NOT NULL,
    uses           BIGINT NOT NULL,
    PRIMARY KEY (application_id, account_id)
);

-- One hour of an application with the people of one account, as credential_hours.
CREATE TABLE application_hours (
    application_id TEXT   NOT NULL,
    account_id     TEXT   NOT NULL,
    hour           BIGINT NOT NULL,
    tokens         BIGINT NOT NULL,
    ok             BIGINT NOT NULL,
    refused        BIGINT NOT NULL,
    wrong          BIGINT NOT NULL,
    failed         BIGINT NOT NULL,
    PRIMARY KEY (application_id, account_id, hour)
);
CREATE INDEX application_hours_by_hour ON application_hours (hour);
CREATE INDEX application_hours_by_account ON application_hours (account_id, hour);
