-- Answered requests, counted. A row stands for one slot of span_secs (60, 3600 or 86400) that begins at at;
-- a request is counted in exactly one row, which moves from minutes to hours to days as it ages.
-- account_id is empty for requests that showed no valid token. credential_id is given for refusals only.
-- reason is empty for what was not refused. n_unlogged are those that request_log does not hold.
CREATE TABLE traffic_counts (
    account_id    TEXT   NOT NULL,
    at            BIGINT NOT NULL,
    span_secs     BIGINT NOT NULL,
    route         TEXT   NOT NULL,
    method        TEXT   NOT NULL,
    status_class  BIGINT NOT NULL,
    reason        TEXT   NOT NULL,
    credential_id TEXT   NOT NULL,
    n             BIGINT NOT NULL,
    n_unlogged    BIGINT NOT NULL,
    sum_us        BIGINT NOT NULL,
    max_us        BIGINT NOT NULL,
    PRIMARY KEY (account_id, at, span_secs, route, method, status_class, reason, credential_id)
);
CREATE INDEX traffic_counts_by_age ON traffic_counts (span_secs, at);
CREATE INDEX traffic_counts_by_time ON traffic_counts (at);

-- Answered requests one by one: every refusal within bounds, and a sample of the others.
-- Never a path, a query, a token or a body. scopes are those of the token, where it could be read.
CREATE TABLE request_log (
    id            TEXT   NOT NULL PRIMARY KEY,
    at            BIGINT NOT NULL,
    account_id    TEXT   NOT NULL,
    credential_id TEXT,
    owner_id      TEXT,
    route         TEXT   NOT NULL,
    method        TEXT   NOT NULL,
    status        BIGINT NOT NULL,
    reason        TEXT   NOT NULL,
    duration_us   BIGINT NOT NULL,
    address       TEXT   NOT NULL,
    scopes        TEXT   NOT NULL
);
CREATE INDEX request_log_by_account ON request_log (account_id, id);
CREATE INDEX request_log_refused ON request_log (account_id, id) WHERE reason <> '';
CREATE INDEX request_log_by_owner ON request_log (owner_id, id);
CREATE INDEX request_log_by_credential ON request_log (credential_id, id);
