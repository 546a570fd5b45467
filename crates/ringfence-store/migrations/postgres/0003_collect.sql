-- What the collector knows: connections, what each platform has, what of it is at home.
-- Rows of one connection are clustered by time, because runs and reports walk in time.

-- A remote account to collect from. secret is sealed under the master key.
-- Everything from origin_at up to cursor_at has been listed at least once.
CREATE TABLE connections (
    id         TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL UNIQUE,
    login_url  TEXT   NOT NULL,
    api_url    TEXT   NOT NULL,
    client_id  TEXT   NOT NULL,
    secret     BYTEA   NOT NULL,
    owner      TEXT,
    origin_at  BIGINT,
    cursor_at  BIGINT,
    created_at BIGINT NOT NULL
);

-- One collection run; report is its JSON once it has ended.
CREATE TABLE collect_runs (
    connection_id TEXT   NOT NULL,
    started_at    BIGINT NOT NULL,
    id            TEXT   NOT NULL,
    ended_at      BIGINT,
    since_at      BIGINT NOT NULL,
    until_at      BIGINT NOT NULL,
    state         TEXT   NOT NULL,
    report        TEXT   NOT NULL,
    PRIMARY KEY (connection_id, started_at, id)
);

-- A stretch of time that a run has listed, fetched and accounted for.
CREATE TABLE collect_windows (
    connection_id TEXT   NOT NULL,
    started_at    BIGINT NOT NULL,
    ended_at      BIGINT NOT NULL,
    run_id        TEXT   NOT NULL,
    listed        BIGINT NOT NULL,
    done_at       BIGINT NOT NULL,
    PRIMARY KEY (connection_id, started_at, ended_at)
);

-- A call by the platform's statistics, as last seen. talk_ms is null when unknown.
CREATE TABLE collect_interactions (
    connection_id   TEXT    NOT NULL,
    started_at      BIGINT  NOT NULL,
    guid            TEXT    NOT NULL,
    conversation    TEXT,
    duration_ms     BIGINT,
    talk_ms         BIGINT,
    direction       TEXT    NOT NULL,
    medium          TEXT    NOT NULL,
    completed       BOOLEAN NOT NULL,
    connect_from    TEXT    NOT NULL,
    connect_to      TEXT    NOT NULL,
    service         TEXT    NOT NULL,
    agent           TEXT,
    first_seen_at   BIGINT  NOT NULL,
    seen_at         BIGINT  NOT NULL,
    PRIMARY KEY (connection_id, started_at, guid)
);

-- A content item: how its collection stands. version is its last-modified time, 0 when unknown.
CREATE TABLE collect_items (
    connection_id TEXT   NOT NULL,
    started_at    BIGINT NOT NULL,
    guid          TEXT   NOT NULL,
    content_key   TEXT   NOT NULL,
    version       BIGINT NOT NULL,
    kind          TEXT   NOT NULL,
    media_type    TEXT   NOT NULL,
    direction     TEXT   NOT NULL,
    connect_from  TEXT   NOT NULL,
    connect_to    TEXT   NOT NULL,
    agents        TEXT   NOT NULL,
    state         TEXT   NOT NULL,
    reason        TEXT,
    detail        TEXT   NOT NULL,
    attempts      BIGINT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (connection_id, started_at, guid, content_key)
);
CREATE INDEX collect_items_open ON collect_items (connection_id, state, started_at) WHERE state <> 'verified';

-- A recording whose bytes are durable and checked. An item replaced at its source has one row for each version.
CREATE TABLE collect_recordings (
    connection_id TEXT   NOT NULL,
    started_at    BIGINT NOT NULL,
    guid          TEXT   NOT NULL,
    content_key   TEXT   NOT NULL,
    version       BIGINT NOT NULL,
    sha256        TEXT   NOT NULL,
    extension     TEXT   NOT NULL,
    size_bytes    BIGINT NOT NULL,
    codec         TEXT   NOT NULL,
    channels      BIGINT NOT NULL,
    sample_rate   BIGINT NOT NULL,
    duration_ms   BIGINT NOT NULL,
    notes         TEXT   NOT NULL,
    digests       BIGINT NOT NULL,
    fetched_at    BIGINT NOT NULL,
    run_id        TEXT   NOT NULL,
    PRIMARY KEY (connection_id, started_at, guid, content_key, version)
);
CREATE INDEX collect_recordings_by_digest ON collect_recordings (connection_id, sha256);

-- Append-only: what was stored, in the order of commits; each line's chain covers the line before it.
CREATE TABLE collect_manifest (
    connection_id TEXT   NOT NULL,
    line          BIGINT NOT NULL,
    started_at    BIGINT NOT NULL,
    guid          TEXT   NOT NULL,
    content_key   TEXT   NOT NULL,
    version       BIGINT NOT NULL,
    sha256        TEXT   NOT NULL,
    size_bytes    BIGINT NOT NULL,
    chain         TEXT   NOT NULL,
    PRIMARY KEY (connection_id, line)
);

-- A call that should have a recording at home and has none, with the reason. closed_at: since then it has one.
CREATE TABLE collect_gaps (
    connection_id TEXT   NOT NULL,
    started_at    BIGINT NOT NULL,
    guid          TEXT   NOT NULL,
    reason        TEXT   NOT NULL,
    detail        TEXT   NOT NULL,
    direction     TEXT   NOT NULL,
    line          TEXT   NOT NULL,
    agent         TEXT,
    first_seen_at BIGINT NOT NULL,
    looked_at     BIGINT NOT NULL,
    closed_at     BIGINT,
    PRIMARY KEY (connection_id, started_at, guid)
);

-- A content item that its source no longer has. sha256: the copy at home, where there is one.
CREATE TABLE collect_tombstones (
    connection_id TEXT   NOT NULL,
    started_at    BIGINT NOT NULL,
    guid          TEXT   NOT NULL,
    content_key   TEXT   NOT NULL,
    seen_at       BIGINT NOT NULL,
    reason        TEXT   NOT NULL,
    sha256        TEXT,
    PRIMARY KEY (connection_id, started_at, guid, content_key)
);

-- A user of the platform, as last seen.
CREATE TABLE collect_users (
    connection_id TEXT    NOT NULL,
    user_id       TEXT    NOT NULL,
    username      TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    email         TEXT    NOT NULL,
    role          TEXT    NOT NULL,
    active        BOOLEAN NOT NULL,
    agent         TEXT,
    seen_at       BIGINT  NOT NULL,
    PRIMARY KEY (connection_id, user_id)
);
CREATE INDEX collect_gaps_open ON collect_gaps (connection_id, looked_at, started_at) WHERE closed_at IS NULL;
