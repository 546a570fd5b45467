"""Four questions that an analyst asks of a corpus, by DuckDB and with no server.

Usage: questions.py CORPUS

Prints one JSON object with the answers. The tables lie under CORPUS/tables/<name>/.
"""

import json
import sys

import duckdb


def main(corpus: str) -> None:
    db = duckdb.connect()
    for table in ("users", "interactions", "recordings", "gaps", "runs"):
        files = f"{corpus}/tables/{table}/**/*.parquet"
        db.execute(
            f"CREATE VIEW {table} AS SELECT * FROM read_parquet('{files}', hive_partitioning = true, union_by_name = true)"
        )

    def ask(question: str) -> list:
        return [list(row) for row in db.execute(question).fetchall()]

    answers = {
        # How much did each agent talk, and how many of the calls can be listened to?
        "talk_by_agent": ask(
            """
            SELECT u.name, count(*) AS calls, sum(i.talk_ms) // 1000 AS talk_secs, count(r.guid) AS recordings
            FROM interactions i
            JOIN users u ON u.account = i.account AND u.agent_id = i.agent_id
            LEFT JOIN recordings r ON r.account = i.account AND r.guid = i.guid
            WHERE i.medium = 'Phone'
            GROUP BY u.name ORDER BY u.name
            """
        ),
        # What share of the calls of each day and direction is here?
        "coverage_by_day": ask(
            """
            SELECT strftime(started_at, '%Y-%m-%d') AS day, direction, count(*) AS calls,
                   count(*) FILTER (recorded) AS recorded
            FROM interactions WHERE medium = 'Phone'
            GROUP BY ALL ORDER BY ALL
            """
        ),
        # Which calls are missing, and why?
        "gaps_by_reason": ask(
            "SELECT reason, direction, count(*) AS calls FROM gaps GROUP BY ALL ORDER BY ALL"
        ),
        # Where are the longest recordings, and what are they?
        "longest": ask(
            """
            SELECT CAST(guid AS VARCHAR) AS guid, path, duration_ms, codec, channels, sample_rate_hz, size_bytes
            FROM recordings ORDER BY duration_ms DESC, guid LIMIT 3
            """
        ),
        # Did the runs add up?
        "runs": ask(
            """
            SELECT state, listed, fetched, already_had, refused, failed,
                   listed = fetched + already_had + refused + failed AS balanced
            FROM runs ORDER BY started_at
            """
        ),
        "types": ask(
            """
            SELECT table_name, column_name, data_type FROM information_schema.columns
            WHERE column_name IN ('guid', 'started_at') ORDER BY ALL
            """
        ),
    }
    json.dump(answers, sys.stdout, default=str)


if __name__ == "__main__":
    main(sys.argv[1])
