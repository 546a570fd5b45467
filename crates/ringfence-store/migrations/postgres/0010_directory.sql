-- The Management API's memory of creates, and looking into the audit trail.

-- An answer kept for a day, so that a request sent twice under one key is done once. caller is who sent it, as in the
-- audit trail; digest is over method, path and body. status is null while there is no answer yet, body is null when the
-- answer carried a secret, which is shown once.
CREATE TABLE idempotency (
    caller      TEXT   NOT NULL,
    request_key TEXT   NOT NULL,
    digest      TEXT   NOT NULL,
    created_at  BIGINT NOT NULL,
    status      BIGINT,
    location    TEXT,
    etag        TEXT,
    body        TEXT,
    PRIMARY KEY (caller, request_key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- The audit page filters by these and reads from the newest line back.
CREATE INDEX audit_by_actor ON audit (actor, seq);
CREATE INDEX audit_by_subject ON audit (subject, seq);
CREATE INDEX audit_by_act ON audit (act, seq);
