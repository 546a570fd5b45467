//! The tables of the corpus: every column and what it means.

use crate::corpus::table::{Column, Kind, Table};

const fn must(name: &'static str, kind: Kind, meaning: &'static str) -> Column {
    Column {
        name,
        kind,
        optional: false,
        meaning,
    }
}

const fn may(name: &'static str, kind: Kind, meaning: &'static str) -> Column {
    Column {
        name,
        kind,
        optional: true,
        meaning,
    }
}

/// Every table.
pub static ALL: [&Table; 5] = [&USERS, &INTERACTIONS, &RECORDINGS, &GAPS, &RUNS];

/// A user of the account, as of the latest run.
pub static USERS: Table = Table {
    name: "users",
    meaning: "A user of the account, as of the latest run.",
    columns: &[
        must("account", Kind::Text, "The connection, and so the account."),
        must("user_id", Kind::Text, "The platform's id of the user."),
        may(
            "agent_id",
            Kind::Text,
            "The agent id, for agents; joins with agent_id of other tables.",
        ),
        must("username", Kind::Text, "The sign-in name."),
        must("name", Kind::Text, "The person's name."),
        must("email", Kind::Text, "The e-mail address."),
        must(
            "role",
            Kind::Text,
            "The licence: Admin, Supervisor, Agent or another.",
        ),
        must("active", Kind::Bool, "Whether the user is not archived."),
    ],
};

/// A call or other interaction, by the platform's statistics.
pub static INTERACTIONS: Table = Table {
    name: "interactions",
    meaning: "A call or other interaction, by the platform's statistics.",
    columns: &[
        must("account", Kind::Text, "The connection, and so the account."),
        may(
            "guid",
            Kind::Uuid,
            "The interaction; joins with guid of other tables.",
        ),
        must("started_at", Kind::Time, "When it began."),
        may(
            "duration_ms",
            Kind::Int,
            "How long it lasted; absent while it goes on.",
        ),
        may(
            "talk_ms",
            Kind::Int,
            "How long an agent talked; absent when unknown.",
        ),
        must("direction", Kind::Text, "inbound, outbound or internal."),
        must("medium", Kind::Text, "Phone and others."),
        must("completed", Kind::Bool, "Whether it has ended."),
        must(
            "connect_from",
            Kind::Text,
            "Who began it: a number or address.",
        ),
        must(
            "connect_to",
            Kind::Text,
            "Who was reached: a number or address.",
        ),
        must(
            "service",
            Kind::Text,
            "The service, plan or reporting group.",
        ),
        may("agent_id", Kind::Text, "The agent who talked longest."),
        may(
            "conversation_guid",
            Kind::Uuid,
            "The conversation it belongs to.",
        ),
        must(
            "recorded",
            Kind::Bool,
            "Whether a verified recording is in this corpus.",
        ),
    ],
};

/// A recording in this corpus: whole, checked and durable. An item replaced at its source has one row for each version.
pub static RECORDINGS: Table = Table {
    name: "recordings",
    meaning: "A recording in this corpus: whole, checked and durable. An item replaced at its source has one row for each version.",
    columns: &[
        must("account", Kind::Text, "The connection, and so the account."),
        may("guid", Kind::Uuid, "The interaction."),
        must(
            "started_at",
            Kind::Time,
            "When the interaction began; some platforms cut it to whole seconds.",
        ),
        must(
            "content_key",
            Kind::Text,
            "The platform's key of the content item.",
        ),
        must(
            "kind",
            Kind::Text,
            "callRecording, voicemail or another type of the platform.",
        ),
        must("direction", Kind::Text, "inbound, outbound or internal."),
        must("connect_from", Kind::Text, "Who began the interaction."),
        must("connect_to", Kind::Text, "Who was reached."),
        must(
            "agent_ids",
            Kind::Text,
            "The agents who handled it, separated by spaces.",
        ),
        must(
            "sha256",
            Kind::Text,
            "The SHA-256 digest of the bytes, in hexadecimal.",
        ),
        must("path", Kind::Text, "The file, relative to the corpus."),
        must("size_bytes", Kind::Int, "The length of the file."),
        may(
            "duration_ms",
            Kind::Int,
            "The length in time; absent for a coding that is not read.",
        ),
        must(
            "codec",
            Kind::Text,
            "How samples are written: pcm16, alaw, mulaw and others; unread for a coding that is not read.",
        ),
        may("channels", Kind::Int, "How many channels."),
        may(
            "sample_rate_hz",
            Kind::Int,
            "Samples a second in each channel.",
        ),
        may(
            "modified_at",
            Kind::Time,
            "When the item was last replaced at its source.",
        ),
        must(
            "notes",
            Kind::Text,
            "What had to be overlooked in the file, if anything.",
        ),
        must(
            "digests_checked",
            Kind::Int,
            "How many digests the platform offered; all of them agree.",
        ),
        must("fetched_at", Kind::Time, "When it came into this corpus."),
    ],
};

/// A call that should have a recording here and has none.
pub static GAPS: Table = Table {
    name: "gaps",
    meaning: "A call that should have a recording here and has none.",
    columns: &[
        must("account", Kind::Text, "The connection, and so the account."),
        may("guid", Kind::Uuid, "The interaction."),
        must("started_at", Kind::Time, "When it began."),
        must("reason", Kind::Text, "One word of a closed list."),
        must(
            "detail",
            Kind::Text,
            "The likely cause, and how to make sure.",
        ),
        must("direction", Kind::Text, "inbound, outbound or internal."),
        must("line", Kind::Text, "The address on the platform's side."),
        may("agent_id", Kind::Text, "The agent."),
        must("first_seen_at", Kind::Time, "When the gap was first seen."),
    ],
};

/// A collection run.
pub static RUNS: Table = Table {
    name: "runs",
    meaning: "A collection run.",
    columns: &[
        must("account", Kind::Text, "The connection, and so the account."),
        may("run_id", Kind::Uuid, "The run."),
        must("started_at", Kind::Time, "When it began."),
        may(
            "ended_at",
            Kind::Time,
            "When it ended; absent while it goes on, or when it was killed.",
        ),
        must("since_at", Kind::Time, "The time it was to cover: from."),
        must("until_at", Kind::Time, "The time it was to cover: to."),
        must("state", Kind::Text, "running, done or failed."),
        may("listed", Kind::Int, "Content items it took up."),
        may("fetched", Kind::Int, "Items it brought home."),
        may("already_had", Kind::Int, "Items that were at home."),
        may(
            "refused",
            Kind::Int,
            "Items that the platform does not give, or that are not accepted.",
        ),
        may("failed", Kind::Int, "Items to be tried again."),
        may("n_gaps", Kind::Int, "Open gaps of the time it covered."),
        may("size_bytes", Kind::Int, "Bytes it brought home."),
        may("requests", Kind::Int, "Requests it sent."),
    ],
};
