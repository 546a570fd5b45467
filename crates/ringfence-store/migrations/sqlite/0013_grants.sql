-- What people allowed applications, and the tokens that came of it (vbc-api 3). These tables may hold tens of millions
-- of rows, so ids stand in them as the 16 bytes of the UUID, and digests as 32 bytes.

-- An authorization code: digest is the keyed digest of what the application was sent. Its columns from application_id
-- to epoch say what was allowed. used_at is set by the one exchange that wins; grant_id is what it made, or null when
-- it failed. Used ones are kept until kept_until, so that a second use ends the grant.
CREATE TABLE authorization_codes (
    digest         BLOB   NOT NULL PRIMARY KEY,
    application_id BLOB   NOT NULL,
    user_id        BLOB   NOT NULL,
    account_id     BLOB   NOT NULL,
    scope          TEXT   NOT NULL,
    auth_time      BIGINT NOT NULL,
    method         TEXT   NOT NULL,
    session_id     BLOB,
    nonce          TEXT,
    acr            TEXT,
    claims         TEXT,
    epoch          BIGINT NOT NULL,
    redirect_uri   TEXT   NOT NULL,
    challenge      TEXT,
    expires_at     BIGINT NOT NULL,
    used_at        BIGINT,
    grant_id       BLOB,
    kept_until     BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX authorization_codes_by_time ON authorization_codes (kept_until);
CREATE INDEX authorization_codes_by_user ON authorization_codes (user_id);

-- A grant: the family of tokens that came of what a person allowed. kind is code or password; generation is the number
-- of the refresh token in force, 0 for none; the token_ columns are the facts of the access token in force, which is
-- kept nowhere. One that outlives_stay goes on when the stay session_id has ended. ended_at is set when it ends before
-- its time.
CREATE TABLE grants (
    id             BLOB    NOT NULL PRIMARY KEY,
    kind           TEXT    NOT NULL,
    application_id BLOB    NOT NULL,
    user_id        BLOB    NOT NULL,
    account_id     BLOB    NOT NULL,
    scope          TEXT    NOT NULL,
    auth_time      BIGINT  NOT NULL,
    method         TEXT    NOT NULL,
    session_id     BLOB,
    nonce          TEXT,
    acr            TEXT,
    claims         TEXT,
    epoch          BIGINT  NOT NULL,
    outlives_stay  BOOLEAN NOT NULL,
    generation     BIGINT  NOT NULL,
    token_id       BLOB    NOT NULL,
    token_scope    TEXT    NOT NULL,
    token_iat      BIGINT  NOT NULL,
    token_exp      BIGINT  NOT NULL,
    created_at     BIGINT  NOT NULL,
    rotated_at     BIGINT  NOT NULL,
    idle_end       BIGINT  NOT NULL,
    absolute_end   BIGINT  NOT NULL,
    kept_until     BIGINT  NOT NULL,
    ended_at       BIGINT
) WITHOUT ROWID;
CREATE INDEX grants_by_user ON grants (user_id, application_id);
CREATE INDEX grants_by_stay ON grants (session_id) WHERE session_id IS NOT NULL;
CREATE INDEX grants_by_time ON grants (kept_until);

-- A refresh token that was given out: digest is its keyed digest, generation its number in its grant. Those used up are
-- kept until they would have ended, so that a second use shows.
CREATE TABLE refresh_tokens (
    digest     BLOB   NOT NULL PRIMARY KEY,
    grant_id   BLOB   NOT NULL,
    generation BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) WITHOUT ROWID;
CREATE INDEX refresh_tokens_by_time ON refresh_tokens (expires_at);

-- Wrong passwords at the token service, by a keyed digest of the user name. Past the limit this grant is locked for the
-- name until some time after last_at; the person is not.
CREATE TABLE password_lockouts (
    key     BLOB   NOT NULL PRIMARY KEY,
    n       BIGINT NOT NULL,
    last_at BIGINT NOT NULL
);
CREATE INDEX password_lockouts_by_time ON password_lockouts (last_at);
