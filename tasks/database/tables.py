"""The tables. Only modules of the `tasks` floor query them, and only those of
`tasks.jobs` the jobs.

Structs are kept as JSON in text columns, times as Unix seconds, amounts as decimal strings, so that SQLite and
Postgres hold the same. `tasks.database.migrations` makes the tables from these classes.
"""

from piccolo.columns import BigInt, Boolean, DoublePrecision, Text
from piccolo.table import Table


class JobTable(Table, tablename="job"):
    """One row per click. `tasks.jobs.model.Job` tells what the columns mean; those below the line are the worker's."""

    id = Text(primary_key=True)
    owner = Text()
    model = Text()
    display_name = Text()
    provider = Text()
    sandbox = Boolean()
    origin = Text()
    mode = Text()
    values = Text()
    labels = Text()
    frame = Text()
    estimate = Text()
    wire_order = Text()  # `order` of the struct; ORDER is a word of SQL
    typical_sec = DoublePrecision()
    deadline_sec = DoublePrecision()
    created_at = DoublePrecision()
    retry_of = Text(null=True, default=None)

    state = Text()
    revision = BigInt(default=0)
    updated_at = DoublePrecision()
    started_at = DoublePrecision(null=True, default=None)
    ended_at = DoublePrecision(null=True, default=None)
    deadline_at = DoublePrecision(null=True, default=None)
    cancel_requested_at = DoublePrecision(null=True, default=None)

    progress = DoublePrecision(null=True, default=None)
    queue_position = BigInt(null=True, default=None)
    log = Text(null=True, default=None)

    handles = Text(default="{}")
    operation = Text(null=True, default=None)
    found = Text(default="[]")
    cost = Text(null=True, default=None)
    billing = Text(null=True, default=None)
    error = Text(null=True, default=None)
    outputs = Text(default="[]")
    attempts = BigInt(default=0)

    # ----
    lane = Text()  # what shares slots and pauses: see tasks.jobs.model.provider_queue
    lease_until = DoublePrecision(null=True, default=None)  # a worker is at it until then
    not_before = DoublePrecision(default=0.0)  # the next try is due then
    hinted_at = DoublePrecision(default=0.0)  # when the queue was last told
    next_look_at = DoublePrecision(null=True, default=None)  # None: nobody looks
    look_every = DoublePrecision(default=0.0)  # seconds to the look after the next; grows
    look_max = DoublePrecision(default=0.0)
    cancel_sent_at = DoublePrecision(null=True, default=None)
    gone = BigInt(default=0)


class ProviderQueueTable(Table, tablename="lane"):
    """One row per provider and one per its sandbox: taking it also keeps two workers from counting slots at once."""

    name = Text(primary_key=True)
    unanswered = BigInt(default=0)  # submissions in a row that got no answer
    paused_until = DoublePrecision(default=0.0)
    spaced_until = DoublePrecision(
        default=0.0
    )  # moved on with every job that goes, where there is a rate limit


class LedgerTable(Table, tablename="ledger"):
    """What a job costs its owner. A row outlives its job, and holds no prompt."""

    job = Text(primary_key=True)
    owner = Text()
    model = Text()
    provider = Text()
    sandbox = Boolean()
    created_at = DoublePrecision()
    settled_at = DoublePrecision(null=True, default=None)
    amount = Text(
        null=True, default=None
    )  # reserved at creation, actual once the provider tells; None: not known
    currency = Text()
    billing = Text()  # not_billed, billed, unknown; unknown counts as spent


class RequestKeyTable(Table, tablename="request_key"):
    """Nonces of forms and Idempotency-Keys of the API: which job the first request made.

    And a row for each button of the page and what was ordered with it last (`tasks.idempotency`).
    """

    id = Text(primary_key=True)  # a digest of owner and key, or of owner, button and wish
    owner = Text()
    body = Text()  # a digest of what was asked; "" where the id has it
    job = Text()
    created_at = DoublePrecision()  # of a button's row: since when a press is no repeat a second later


class UploadTable(Table, tablename="upload"):
    """A file that a person handed in; `tasks.storage.uploads` tells what the columns mean."""

    id = Text(primary_key=True)
    owner = Text()
    kind = Text()
    name = Text()
    mime = Text()
    format = Text()
    width = BigInt(null=True, default=None)
    height = BigInt(null=True, default=None)
    seconds = DoublePrecision(null=True, default=None)
    bytes = BigInt()
    created_at = DoublePrecision()


class JobUploadTable(Table, tablename="job_upload"):
    """Which uploads a job uses: they stay as long as it does."""

    id = Text(primary_key=True)  # job and upload
    job = Text()
    upload = Text()


class ProviderKeyTable(Table, tablename="provider_key"):
    """A key that was set on the page; `tasks.provider_keys` encrypts it."""

    provider = Text(primary_key=True)
    sealed = Text()
    stored_at = DoublePrecision()


class KeyCheckTable(Table, tablename="key_check"):
    """What a provider last said of its key."""

    provider = Text(primary_key=True)
    mark = Text()  # a keyed digest of the key that was checked
    state = Text()
    why = Text()
    checked_at = DoublePrecision()


TABLES: tuple[type[Table], ...] = (
    JobTable,
    ProviderQueueTable,
    LedgerTable,
    RequestKeyTable,
    UploadTable,
    JobUploadTable,
    ProviderKeyTable,
    KeyCheckTable,
)
