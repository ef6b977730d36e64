"""What the sandbox remembers: jobs, attempts and uploaded files, in one SQLite file that outlasts a SIGKILL."""

import sqlite3
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

JSON: TypeAlias = Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, provider TEXT NOT NULL, prompt TEXT NOT NULL, created_at REAL NOT NULL,
    canceled_at REAL, told_at REAL, facts BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS jobs_by_time ON jobs (created_at);
CREATE INDEX IF NOT EXISTS jobs_to_tell ON jobs (created_at) WHERE told_at IS NULL;
CREATE TABLE IF NOT EXISTS attempts (key TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS attempts_by_key ON attempts (key);
CREATE TABLE IF NOT EXISTS files (
    id TEXT PRIMARY KEY, provider TEXT NOT NULL, name TEXT NOT NULL, content_type TEXT NOT NULL,
    stored TEXT NOT NULL, bytes INTEGER NOT NULL, created_at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS hidden (id TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL);
"""
SHOWN = "id NOT IN (SELECT id FROM hidden)"


class Trouble(Struct, frozen=True):
    """What is wrong with an input, found when the job runs: the field, the service's word for it, and a sentence."""

    field: str
    kind: str
    message: str


class Facts(Struct, frozen=True):
    """What was fixed when a job was accepted. Times in seconds, counted from its creation."""

    endpoint: str
    input: JSON
    base: str
    queue_seconds: float
    run_seconds: float
    stop_after: float | None = None
    faults: tuple[str, ...] = ()
    trouble: Trouble | None = None
    webhook: str | None = None
    events: tuple[str, ...] = ("completed",)
    notes: dict[str, JSON] = {}
    account: str = ""  # whose key ordered it, as a mark


class Job(Struct, frozen=True):
    """An accepted submission. Its state follows from these values and the clock, see `timeline`."""

    id: str
    provider: str
    prompt: str
    created_at: float
    canceled_at: float | None
    facts: Facts


class StoredFile(Struct, frozen=True):
    """A file that a client uploaded; `stored` is its name in the inputs folder."""

    id: str
    provider: str
    name: str
    content_type: str
    stored: str
    bytes: int
    created_at: float


class Store:
    """All SQL of the sandbox. Each method is one short statement, safe to call from the event loop."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(folder / "sandbox.sqlite3", isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA busy_timeout = 5000")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        """Closes the file."""
        self._db.close()

    def add(self, job: Job) -> None:
        """Records an accepted job."""
        told_at = None if job.facts.webhook else job.created_at
        row = (job.id, job.provider, job.prompt, job.created_at, told_at, msgspec.json.encode(job.facts))
        self._db.execute(
            "INSERT INTO jobs (id, provider, prompt, created_at, told_at, facts) VALUES (?, ?, ?, ?, ?, ?)",
            row,
        )

    def job(self, provider: str, job_id: str) -> Job | None:
        """The provider's job of this id."""
        found = self._jobs(f"WHERE provider = ? AND id = ? AND {SHOWN}", (provider, job_id))
        return found[0] if found else None

    def jobs(self, provider: str, limit: int = 100) -> list[Job]:
        """A provider's jobs, newest first."""
        return self._jobs(
            f"WHERE provider = ? AND {SHOWN} ORDER BY created_at DESC LIMIT ?", (provider, limit)
        )

    def all_jobs(self) -> list[Job]:
        """Every job, deleted ones too, oldest first."""
        return self._jobs("ORDER BY created_at", ())

    def untold(self) -> list[Job]:
        """Jobs whose webhook has not been answered yet."""
        return self._jobs("WHERE told_at IS NULL ORDER BY created_at", ())

    def told(self, job_id: str, now: float) -> None:
        """Notes that the last webhook of a job was delivered, or given up."""
        self._db.execute("UPDATE jobs SET told_at = ? WHERE id = ?", (now, job_id))

    def cancel(self, job_id: str, now: float) -> None:
        """Notes a cancel; the first one counts."""
        self._db.execute(
            "UPDATE jobs SET canceled_at = ? WHERE id = ? AND canceled_at IS NULL", (now, job_id)
        )

    def hide(self, job_id: str) -> None:
        """Deletes a job for its owner; the reports still count it."""
        self._db.execute("INSERT OR IGNORE INTO hidden VALUES (?)", (job_id,))

    def attempt(self, key: str, now: float) -> int:
        """Counts one more attempt under `key` and tells how many there were before."""
        (before,) = self._db.execute("SELECT count(*) FROM attempts WHERE key = ?", (key,)).fetchone()
        self._db.execute("INSERT INTO attempts VALUES (?, ?)", (key, now))
        return int(before)

    def attempts(self, start: str) -> dict[str, int]:
        """How many attempts there were under each key that begins with `start`; the start is cut off."""
        rows = self._db.execute("SELECT key, count(*) FROM attempts GROUP BY key ORDER BY min(at)").fetchall()
        return {key[len(start) :]: count for key, count in rows if key.startswith(start)}

    def add_file(self, file: StoredFile) -> None:
        """Records an uploaded file."""
        self._db.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)", msgspec.structs.astuple(file)
        )

    def file(self, file_id: str) -> StoredFile | None:
        """The uploaded file of this id."""
        row = self._db.execute("SELECT * FROM files WHERE id = ?", (file_id,)).fetchone()
        return StoredFile(*row) if row else None

    def files(self, provider: str) -> list[StoredFile]:
        """A provider's uploaded files, newest first."""
        rows = self._db.execute(
            "SELECT * FROM files WHERE provider = ? ORDER BY created_at DESC", (provider,)
        )
        return [StoredFile(*row) for row in rows]

    def remove_file(self, file_id: str) -> bool:
        """Forgets an uploaded file; False when there was none."""
        return self._db.execute("DELETE FROM files WHERE id = ?", (file_id,)).rowcount == 1

    def kept(self, name: str, fresh: bytes) -> bytes:
        """The value kept under this name; `fresh` becomes it the first time."""
        asked = "SELECT value FROM secrets WHERE name = ?"
        row = self._db.execute(asked, (name,)).fetchone()
        if row is None:
            self._db.execute("INSERT OR IGNORE INTO secrets VALUES (?, ?)", (name, fresh))
            row = self._db.execute(asked, (name,)).fetchone()
        return bytes(row[0])

    def put(self, name: str, value: str) -> None:
        """Keeps `value` under this name in place of what was there."""
        self._db.execute("INSERT OR REPLACE INTO secrets VALUES (?, ?)", (name, value.encode()))

    def text(self, name: str) -> str | None:
        """What `put` kept under this name."""
        row = self._db.execute("SELECT value FROM secrets WHERE name = ?", (name,)).fetchone()
        return row[0].decode() if row else None

    def _jobs(self, where: str, values: tuple[object, ...]) -> list[Job]:
        columns = "id, provider, prompt, created_at, canceled_at, facts"
        rows = self._db.execute(f"SELECT {columns} FROM jobs {where}", values)  # noqa: S608 - only our own text
        return [
            Job(job_id, provider, prompt, created, canceled, msgspec.json.decode(facts, type=Facts))
            for job_id, provider, prompt, created, canceled, facts in rows
        ]
