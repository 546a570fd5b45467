-- Calls and what was recorded of them. An account's interactions, their participants,
-- their visits to queues, and content items whose bytes lie in the blob store.

-- An interaction: one call, chat or similar. line is the address whose permission gates
-- its content. ended_at is null while it goes on. processed_at is when this row last
-- changed. plan is the interaction plan mapping as JSON. Texts of enums as the APIs
-- write them, direction in lower case.
CREATE TABLE interactions (
    account_id      TEXT   NOT NULL REFERENCES accounts (id),
    id              TEXT   NOT NULL,
    conversation_id TEXT   NOT NULL,
    started_at      BIGINT NOT NULL,
    ended_at        BIGINT,
    processed_at    BIGINT NOT NULL,
    direction       TEXT   NOT NULL,
    medium          TEXT   NOT NULL,
    medium_manager  TEXT   NOT NULL,
    service_name    TEXT,
    connect_from    TEXT   NOT NULL,
    connect_to      TEXT   NOT NULL,
    line            TEXT   NOT NULL,
    categorized_at  BIGINT,
    outcome         TEXT,
    plan            TEXT,
    PRIMARY KEY (account_id, id)
);
CREATE INDEX interactions_by_start ON interactions (account_id, started_at, id);
CREATE INDEX interactions_by_end ON interactions (account_id, ended_at);
CREATE INDEX interactions_by_change ON interactions (account_id, processed_at);
CREATE INDEX interactions_ongoing ON interactions (account_id, started_at, id) WHERE ended_at IS NULL;

-- An agent who handled an interaction; follows from its channels. started_at is the
-- interaction's, so that an agent's calls are found in order.
CREATE TABLE interaction_agents (
    account_id     TEXT   NOT NULL,
    interaction_id TEXT   NOT NULL,
    agent          TEXT   NOT NULL,
    started_at     BIGINT NOT NULL,
    PRIMARY KEY (account_id, interaction_id, agent),
    FOREIGN KEY (account_id, interaction_id) REFERENCES interactions (account_id, id) ON DELETE CASCADE
);
CREATE INDEX interaction_agents_by_agent ON interaction_agents (account_id, agent, started_at, interaction_id);

-- One participant's involvement. duration_ms is null while it goes on. events is a JSON
-- array in the form of the Insights Stats API.
CREATE TABLE channels (
    account_id       TEXT   NOT NULL,
    interaction_id   TEXT   NOT NULL,
    position         BIGINT NOT NULL,
    id               TEXT   NOT NULL,
    offset_ms        BIGINT NOT NULL,
    duration_ms      BIGINT,
    end_reason       TEXT,
    integration_type TEXT,
    role             TEXT   NOT NULL,
    agent            TEXT,
    touchpoint       TEXT,
    events           TEXT   NOT NULL,
    PRIMARY KEY (account_id, interaction_id, position),
    FOREIGN KEY (account_id, interaction_id) REFERENCES interactions (account_id, id) ON DELETE CASCADE
);

-- One stay in a queue. left_at is null while queued. skills is a JSON array of texts.
CREATE TABLE queue_visits (
    account_id     TEXT   NOT NULL,
    interaction_id TEXT   NOT NULL,
    position       BIGINT NOT NULL,
    queue          TEXT   NOT NULL,
    kind           TEXT   NOT NULL,
    entered_at     BIGINT NOT NULL,
    left_at        BIGINT,
    plan           TEXT,
    skills         TEXT   NOT NULL,
    category       TEXT,
    reason         TEXT,
    target_ms      BIGINT,
    role           TEXT   NOT NULL,
    PRIMARY KEY (account_id, interaction_id, position),
    FOREIGN KEY (account_id, interaction_id) REFERENCES interactions (account_id, id) ON DELETE CASCADE
);
CREATE INDEX queue_visits_by_entry ON queue_visits (account_id, entered_at, queue, interaction_id, position);

-- The bytes of the blob store, one row for each content address. A row is made before
-- its bytes are, so no crash leaves bytes that no row knows. sweeping_since is set by
-- the sweeper before it removes bytes that nothing names any more, else null.
CREATE TABLE blobs (
    sha256         TEXT   NOT NULL PRIMARY KEY,
    size_bytes     BIGINT NOT NULL,
    claimed_at     BIGINT NOT NULL,
    sweeping_since BIGINT
);
CREATE INDEX blobs_by_claim ON blobs (claimed_at);

-- A content item: a recording, a transcript or the like. Its bytes never change.
-- owner_agent and owner_plan as the APIs show them for some kinds; properties is JSON.
CREATE TABLE content_items (
    account_id     TEXT    NOT NULL,
    interaction_id TEXT    NOT NULL,
    key            TEXT    NOT NULL,
    kind           TEXT    NOT NULL,
    media_type     TEXT    NOT NULL,
    size_bytes     BIGINT  NOT NULL,
    sha256         TEXT    NOT NULL REFERENCES blobs (sha256),
    last_modified  BIGINT  NOT NULL,
    owner_agent    TEXT,
    owner_plan     TEXT,
    properties     TEXT,
    legal_hold     BOOLEAN NOT NULL,
    PRIMARY KEY (account_id, interaction_id, key),
    FOREIGN KEY (account_id, interaction_id) REFERENCES interactions (account_id, id)
);
CREATE INDEX content_items_by_blob ON content_items (sha256);
