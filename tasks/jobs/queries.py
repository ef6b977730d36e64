"""SQL about jobs that Piccolo's query builder does not say, or says too slowly for the way of a job: each named once.

`{}` is an argument; values are never part of the text. `{random}`, `{for_update}` and `{skip_locked}` are the words in
which the databases differ (`tasks.database.database`); `{columns}` and `{list}` are filled in by `setting` and
`listing`, from names of columns and a count. What is not here goes through the tables of `tasks.database.tables`.
"""

from functools import lru_cache
from typing import Final

from tasks.jobs.rows import POLLED_COLUMNS

# A new job: all its rows in one visit to the database (`Database.write_all`), so the builder cannot be used.

INSERT: Final = "INSERT INTO {table} ({columns}) VALUES ({list})"
TAKE_KEY: Final = (
    "INSERT INTO request_key (id, owner, body, job, created_at) VALUES ({}, {}, {}, {}, {}) "
    "ON CONFLICT (id) DO NOTHING"
)
"""Of two requests with one key the second does nothing; it waits for the first to be committed. By primary key."""

TAKE_NEW_KEY: Final = f"{TAKE_KEY} RETURNING id"
"""The same, and the whole visit is undone where the key was taken."""

TAKE_PRESS: Final = (
    "INSERT INTO request_key (id, owner, body, job, created_at) VALUES ({}, {}, {}, {}, {}) "
    "ON CONFLICT (id) DO UPDATE SET job = excluded.job, created_at = excluded.created_at "
    "WHERE request_key.created_at <= {} OR request_key.created_at > {} RETURNING id"
)
"""Gives a row only to a press that is no repeat; one that comes at the same time waits for the first's commit."""

MOVE_PRESS: Final = "UPDATE request_key SET created_at = {} WHERE id = {} AND job = {} AND created_at < {}"
"""Part of a visit too. By primary key."""

KNOWN_KEY: Final = "SELECT job, body FROM request_key WHERE id = {}"
"""Before every job that is created: the builder would make its text anew each time. By primary key."""

# A transition: compare and set with the revision, under guards. All by primary key.

TRANSITION: Final = (
    "UPDATE job SET {columns}, revision = revision + 1 WHERE id = {} AND revision = {} "
    "AND ({} OR lease_until IS NULL OR lease_until <= {}) AND ({} OR cancel_requested_at IS NULL) RETURNING *"
)
"""Its columns differ from move to move; the two arguments that are booleans switch a guard off."""

RECORD_FACTS: Final = "UPDATE job SET {columns} WHERE id = {}"
"""After every poll that tells something new."""

RECORD_COST: Final = (
    "UPDATE job SET next_look_at = NULL, updated_at = {}, billing = {}, cost = {} "
    "WHERE id = {} AND revision = {} RETURNING *"
)
REQUEST_CANCEL: Final = (
    "UPDATE job SET cancel_requested_at = {}, next_look_at = "
    "CASE WHEN next_look_at IS NULL THEN NULL ELSE CAST({} AS DOUBLE PRECISION) END "
    "WHERE id = {} AND owner = {} AND cancel_requested_at IS NULL "
    "AND state IN ('queued', 'submitting', 'processing', 'unconfirmed') RETURNING id"
)
"""Polls come forward only where they go on at all."""

# What a provider answered to a submission: several statements in one transaction, behind the job's row.

LOCK_JOB: Final = "SELECT * FROM job WHERE id = {} {for_update}"
FILL_OPERATION: Final = "UPDATE job SET operation = {} WHERE id = {}"
ACCEPT: Final = (
    "UPDATE job SET operation = {}, revision = revision + 1, updated_at = {}, started_at = {}, "
    "lease_until = NULL, attempts = 0, deadline_at = {} + deadline_sec, "
    "next_look_at = {}, look_every = {}, look_max = {} WHERE id = {} AND operation IS NULL RETURNING *"
)
"""The first answer wins: a second one finds an operation there."""

PROCESS: Final = (
    "UPDATE job SET state = 'processing', billing = NULL, error = NULL, ended_at = NULL "
    "WHERE id = {} RETURNING *"
)
REFUSE: Final = (
    "UPDATE job SET state = 'failed', revision = revision + 1, updated_at = {}, ended_at = {}, "
    "lease_until = NULL, billing = 'not_billed', error = {} "
    "WHERE id = {} AND operation IS NULL AND state IN ('submitting', 'unconfirmed') RETURNING *"
)

# The job of a provider's id. The id is inside the JSON of `operation`: LIKE finds candidates, and who asks compares.

ANY_BY_OPERATION: Final = "SELECT * FROM job WHERE provider = {} AND operation LIKE {}"
"""Reads all jobs; only for a person who tells us an id."""

ANY_POLLED_BY_OPERATION: Final = f"{ANY_BY_OPERATION} AND next_look_at IS NOT NULL"
"""For webhooks: along `job_to_look_at`, which holds only jobs that are polled."""

# Claims: a conditional update in one statement, so that of two workers one gets it.

SLOTS_IN_USE: Final = (
    "SELECT owner, sum(jobs) AS held FROM ("
    "SELECT owner, count(*) AS jobs FROM job WHERE lane = {} AND state IN ('submitting', 'processing') "
    "GROUP BY owner UNION ALL SELECT owner, count(*) AS jobs FROM job WHERE state = 'queued' "
    "AND lease_until > {} AND lane || '' = {} GROUP BY owner) AS taken GROUP BY owner"
)
"""By owner, along `job_waiting` and `job_in_state`. Joined to "", the provider queue in the second part hides from
SQLite's planner, which would else walk all that wait."""

WAITING_OWNERS: Final = (
    "WITH RECURSIVE waiting(owner) AS ("
    "SELECT min(owner) FROM job WHERE lane = {} AND state = 'queued' UNION ALL "
    "SELECT (SELECT min(owner) FROM job WHERE lane = {} AND state = 'queued' AND owner > waiting.owner) "
    "FROM waiting WHERE waiting.owner IS NOT NULL) "
    "SELECT owner, (SELECT created_at FROM job WHERE lane = {} AND state = 'queued' "
    "AND job.owner = waiting.owner AND (lease_until IS NULL OR lease_until <= {}) AND not_before <= {} "
    "AND cancel_requested_at IS NULL ORDER BY created_at LIMIT 1) AS oldest "
    "FROM waiting WHERE owner IS NOT NULL"
)
"""From one owner to the next along `job_waiting`, and of each only the oldest job that may go: what it costs depends
on the number of owners, not of jobs."""

CLAIM_SUBMISSION: Final = (
    "UPDATE job SET lease_until = {} WHERE id = (SELECT id FROM job WHERE lane = {} "
    "AND state = 'queued' AND owner = {} AND (lease_until IS NULL OR lease_until <= {}) "
    "AND not_before <= {} AND cancel_requested_at IS NULL ORDER BY created_at, id LIMIT 1) "
    "AND state = 'queued' AND (lease_until IS NULL OR lease_until <= {}) RETURNING *"
)
"""The oldest of one owner, along `job_waiting`."""

SUBMITTING: Final = (
    "SELECT id FROM job WHERE lane = {} AND (state = 'submitting' OR (state = 'queued' AND lease_until > {})) "
    "LIMIT 1"
)
"""Whether a submission is under way. Along `job_waiting`."""

CLAIM_SAVE: Final = (
    "UPDATE job SET lease_until = {} WHERE id = {} AND state = 'saving' "
    "AND (lease_until IS NULL OR lease_until <= {}) AND not_before <= {} RETURNING *"
)
CLAIM_LOOKUPS: Final = (
    "UPDATE job SET not_before = {} + ({} - ended_at) * (0.1 + 0.2 * {random}) "
    "WHERE state = 'unconfirmed' AND operation IS NULL AND ended_at > {} AND not_before <= {} "
    "AND provider IN ({list}) RETURNING *"
)
"""Along `job_in_state`. The next time is computed for each row, with a random part."""

CLAIM_DUE_POLLS: Final = (
    "WITH due AS MATERIALIZED (SELECT id FROM job WHERE next_look_at <= {} "
    "ORDER BY next_look_at LIMIT {} {skip_locked}) "
    "UPDATE job SET next_look_at = {} + look_every * (0.9 + 0.2 * {random}), look_every = "
    "CASE WHEN look_every * {} > look_max THEN look_max ELSE look_every * {} END "
    "WHERE next_look_at <= {} AND id IN (SELECT id FROM due) RETURNING {polled}"
).replace("{polled}", POLLED_COLUMNS)
"""Along `job_to_look_at`. Materialized: as a plain subquery Postgres may run it once for each row, and take more than
the limit."""

CLAIM_CANCEL: Final = (
    "UPDATE job SET cancel_sent_at = {} WHERE id = {} AND (cancel_sent_at IS NULL OR cancel_sent_at <= {}) "
    "RETURNING id"
)
RENEW_LEASE: Final = "UPDATE job SET lease_until = {} WHERE id = {} AND revision = {} RETURNING id"
RELEASE: Final = (
    "UPDATE job SET lease_until = NULL, attempts = attempts + 1, not_before = {}, hinted_at = {}, "
    "revision = revision + 1 WHERE id = {} AND revision = {} RETURNING id, revision"
)
COUNT_BAD_ANSWER: Final = "UPDATE job SET gone = gone + 1 WHERE id = {} AND revision = {} RETURNING gone"

_RENEW_WAKEUPS = (
    "WITH silent AS MATERIALIZED (SELECT id FROM job WHERE {where} "
    "AND (lease_until IS NULL OR lease_until <= {}) AND not_before <= {} AND hinted_at <= {} "
    "ORDER BY created_at LIMIT {} {skip_locked}) "
    "UPDATE job SET revision = revision + 1, hinted_at = {} WHERE id IN (SELECT id FROM silent) "
    "AND (lease_until IS NULL OR lease_until <= {}) RETURNING id, revision"
)
RENEW_SUBMIT_WAKEUPS: Final = _RENEW_WAKEUPS.replace(
    "{where}", "lane = {} AND state = 'queued' AND cancel_requested_at IS NULL"
)
"""Along `job_by_age`; materialized as above."""

RENEW_SAVE_WAKEUPS: Final = _RENEW_WAKEUPS.replace("{where}", "state = 'saving'")
"""Along `job_in_state`."""

# The row of a provider queue: taking it keeps two workers from counting slots at once. By primary key.

ADD_QUEUE: Final = (
    "INSERT INTO lane (name, unanswered, paused_until) VALUES ({}, 0, 0) ON CONFLICT (name) DO NOTHING"
)
LOCK_QUEUE: Final = (
    "UPDATE lane SET name = name WHERE name = {} RETURNING unanswered, paused_until, spaced_until"
)
"""Held to the end of the transaction, on Postgres too."""

SPACE_QUEUE: Final = "UPDATE lane SET spaced_until = {} WHERE name = {}"
"""With every job that is claimed where there is a rate limit."""

COUNT_ANSWER: Final = (
    "UPDATE lane SET unanswered = 0, paused_until = CASE WHEN paused_until > {} THEN paused_until ELSE 0 END "
    "WHERE name = {} AND (unanswered > 0 OR (paused_until > 0 AND paused_until <= {})) RETURNING name"
)

# What the sweep looks for.

QUEUED_SINCE: Final = (
    "SELECT * FROM job WHERE state = 'queued' AND (lease_until IS NULL OR lease_until <= {}) AND created_at <= {} "
    "AND NOT EXISTS (SELECT 1 FROM job AS sent WHERE sent.lane = job.lane AND sent.started_at > {}) LIMIT {}"
)
"""Along `job_in_state`; the builder has no NOT EXISTS."""

# The clock was set back: what is due later than anything can be. Several compare or compute with columns.

WAKE_AGAIN: Final = (
    "UPDATE job SET hinted_at = 0 WHERE state IN ('queued', 'saving') "
    "AND hinted_at > not_before AND hinted_at > {}"
)
TRY_AGAIN: Final = "UPDATE job SET not_before = 0 WHERE state IN ('queued', 'saving') AND not_before > {}"
END_PAUSES: Final = "UPDATE lane SET paused_until = 0 WHERE paused_until > {}"
END_SPACES: Final = "UPDATE lane SET spaced_until = 0 WHERE spaced_until > {}"
SHORTEN_LEASES: Final = (
    "UPDATE job SET lease_until = {} WHERE state IN ('queued', 'submitting', 'saving') AND lease_until > {}"
)
SHORTEN_DEADLINES: Final = (
    "UPDATE job SET deadline_at = {} + deadline_sec "
    "WHERE state = 'processing' AND deadline_at > {} + deadline_sec"
)
POLL_AGAIN: Final = "UPDATE job SET next_look_at = {} WHERE next_look_at > {} + look_max * 2"


@lru_cache(maxsize=200)
def inserting(table: str, columns: tuple[str, ...]) -> str:
    """`INSERT` of one row with these columns."""
    names = ", ".join(f'"{name}"' for name in columns)
    return listing(INSERT.replace("{table}", table).replace("{columns}", names), len(columns))


@lru_cache(maxsize=500)
def setting(sql: str, columns: tuple[str, ...]) -> str:
    """The statement with an argument for each of these columns, which come first."""
    return sql.replace("{columns}", ", ".join(f'"{column}" = {{}}' for column in columns))


def listing(sql: str, count: int) -> str:
    """The statement with so many arguments in its list."""
    return sql.replace("{list}", ", ".join(["{}"] * count))
