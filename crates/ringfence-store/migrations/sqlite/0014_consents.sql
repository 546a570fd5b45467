-- What people allowed applications, so that they are not asked again.

-- One row a person and application; scope holds all that they have allowed it so far. Withdrawing takes the row away.
CREATE TABLE consents (
    user_id        TEXT   NOT NULL REFERENCES users (id),
    application_id TEXT   NOT NULL,
    account_id     TEXT   NOT NULL REFERENCES accounts (id),
    scope          TEXT   NOT NULL,
    given_at       BIGINT NOT NULL,
    PRIMARY KEY (user_id, application_id)
);
CREATE INDEX consents_by_account ON consents (account_id, application_id);
CREATE INDEX consents_by_application ON consents (application_id);
