"""Store and forward: every QoS 1 record is on disk before it is sent, and is deleted when the broker acknowledges it.

SQLite in WAL mode with full synchronisation, in the publisher's thread. Rows and bytes are limited, age is not: a
computer without a clock battery may start with a date that is years off, and would delete the records of a day. A full
outbox drops the oldest states first and events last. What it drops is reported as a gap: boot, stream, first and last
number, count.
"""

import contextlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import msgspec

from vehicle.contracts.kept_formats import Kept
from vehicle.telemetry.router import Record
from vehicle.telemetry.schemas import GapBody, Header
from vehicle.telemetry.streams import STREAMS

_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    keep INTEGER NOT NULL,
    topic TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    seq INTEGER NOT NULL,
    retain INTEGER NOT NULL,
    size INTEGER NOT NULL,
    header BLOB NOT NULL,
    body BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS record_by_keep ON record (keep, id);
CREATE TABLE IF NOT EXISTS gap (
    boot_id TEXT NOT NULL,
    stream TEXT NOT NULL,
    first_seq INTEGER NOT NULL,
    last_seq INTEGER NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (boot_id, stream)
);
"""
_INSERT = """
INSERT INTO record (keep, topic, boot_id, stream, seq, retain, size, header, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_AFTER = "SELECT id, topic, stream, header, body FROM record WHERE id > ? AND id <= ? ORDER BY id LIMIT ?"
_NEWEST_RETAINED = """
SELECT max(id), topic, stream, header, body FROM record WHERE boot_id = ? AND retain = 1 GROUP BY topic ORDER BY 1
"""
_GROW_GAP = """
INSERT INTO gap VALUES (?, ?, ?, ?, ?) ON CONFLICT (boot_id, stream) DO UPDATE SET
    first_seq = min(first_seq, excluded.first_seq), last_seq = max(last_seq, excluded.last_seq),
    count = count + excluded.count
"""
_ROWS_MAX = 2**62


class LaterOutboxError(sqlite3.OperationalError):
    """A later program wrote the file; it is left unchanged."""


class StoredRecord(msgspec.Struct, frozen=True):
    """A record with its row number in the outbox."""

    row: int
    record: Record


class Outbox:
    """Records that the broker has not acknowledged, oldest first.

    `path` None keeps them in memory: for simulation, and if the disk has failed. Not thread-safe: only the publisher's
    thread uses it. Raises sqlite3.Error if the disk fails.
    """

    def __init__(self, path: Path | None, *, rows_max: int, bytes_max: int) -> None:
        self._rows_max, self._bytes_max = rows_max, bytes_max
        self._db = _opened(path)
        self.in_flight: set[int] = set()
        """Rows that were sent and not yet answered. They are not dropped, because the broker may have them."""
        self.puts = 0
        """Number of calls that stored something; a reader that has seen them all need not query the tables."""
        self.may_have_gaps = True
        self.rows, self.bytes = self._db.execute("SELECT count(*), coalesce(sum(size), 0) FROM record").fetchone()

    def close(self) -> None:
        """Flush and close the file."""
        self._db.close()

    def put(self, records: Sequence[Record], lost_before: GapBody | None = None) -> int:
        """Store records in one transaction; drop old ones if there is no room.

        `lost_before`: records that were lost before they came here. Losses of one stream and boot are added up.

        Returns:
            The number of records that this call loses.
        """
        self.puts += 1
        rows = [_row(record) for record in records]
        added_bytes = sum(row[6] for row in rows)
        with self._db:
            self._db.executemany(_INSERT, rows)
            if lost_before is not None:
                self._grow_gap(lost_before)
            lost = self._give_up(self.rows + len(rows), self.bytes + added_bytes)
        self.rows += len(rows) - len(lost)
        self.bytes += added_bytes - sum(size for *_, size in lost)
        return len(lost) + (lost_before.count if lost_before is not None else 0)

    def last_row(self) -> int:
        """Return the number of the newest row ever stored; row numbers are not reused, so rows up to it are backlog."""
        found = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'record'").fetchone()
        return int(found[0]) if found else 0

    def after(self, row: int, limit: int, through: int | None = None) -> list[StoredRecord]:
        """Return up to `limit` of the oldest records above `row`; with `through`, only up to and including that row."""
        bound = _ROWS_MAX if through is None else through
        return [_stored(found) for found in self._db.execute(_AFTER, (row, bound, limit))]

    def newest_retained(self, boot_id: str) -> list[StoredRecord]:
        """Return the newest waiting record of each retained topic of this boot: it holds the present state."""
        return [_stored(found) for found in self._db.execute(_NEWEST_RETAINED, (boot_id,))]

    def acknowledge(self, rows: Sequence[int]) -> None:
        """Delete records that the broker has acknowledged."""
        sizes: list[int] = []
        with self._db:
            for row in rows:
                found = self._db.execute("DELETE FROM record WHERE id = ? RETURNING size", (row,)).fetchall()
                sizes += [size for (size,) in found]
        self.rows -= len(sizes)
        self.bytes -= sum(sizes)

    def gaps(self) -> list[GapBody]:
        """Return losses that were not reported to consumers yet."""
        if not self.may_have_gaps:
            return []
        found = self._db.execute("SELECT boot_id, stream, first_seq, last_seq, count FROM gap ORDER BY boot_id, stream")
        self.may_have_gaps = bool(rows := found.fetchall())
        return [
            GapBody(boot_id=boot_id, stream=stream, first_seq=first_seq, last_seq=last_seq, count=count)
            for boot_id, stream, first_seq, last_seq, count in rows
        ]

    def forget_gap(self, told: GapBody) -> None:
        """Delete a loss that was reported; if it has grown since then, it stays and is reported again as a whole."""
        with self._db:
            self._db.execute(
                "DELETE FROM gap WHERE boot_id = ? AND stream = ? AND count = ?",
                (told.boot_id, told.stream, told.count),
            )

    def _give_up(self, rows: int, size_bytes: int) -> list[tuple[int, str, str, int, int]]:
        """Delete the least important records until the rest fits; return (row, boot, stream, seq, size) of each."""
        lost: list[tuple[int, str, str, int, int]] = []
        if rows <= self._rows_max and size_bytes <= self._bytes_max:
            return lost
        for found in self._db.execute("SELECT id, boot_id, stream, seq, size FROM record ORDER BY keep, id"):
            if rows - len(lost) <= self._rows_max and size_bytes <= self._bytes_max:
                break
            if found[0] not in self.in_flight:
                lost.append(found)
                size_bytes -= found[4]
        self._db.executemany("DELETE FROM record WHERE id = ?", [(row,) for row, *_ in lost])
        for _, boot_id, stream, seq, _ in lost:
            self._grow_gap(GapBody(boot_id=boot_id, stream=stream, first_seq=seq, last_seq=seq, count=1))
        return lost

    def _grow_gap(self, lost: GapBody) -> None:
        self.may_have_gaps = True
        self._db.execute(_GROW_GAP, (lost.boot_id, lost.stream, lost.first_seq, lost.last_seq, lost.count))


def _row(record: Record) -> tuple[int, str, str, str, int, bool, int, bytes, bytes]:
    """Return a record as the columns of `_INSERT`."""
    stream, header = record.stream, record.header
    encoded = msgspec.json.encode(header)
    size = len(record.topic) + len(encoded) + len(record.body)
    kept = (int(stream.keep), record.topic, header.boot_id, stream.name, header.seq, stream.retain)
    return (*kept, size, encoded, record.body)


def _stored(found: tuple[int, str, str, bytes, bytes]) -> StoredRecord:
    row, topic, stream, header, body = found
    decoded = msgspec.json.decode(header, type=Header)
    return StoredRecord(row, Record(stream=STREAMS[stream], topic=topic, header=decoded, body=body))


def _opened(path: Path | None) -> sqlite3.Connection:
    """Open an outbox file; a damaged file is renamed and kept, and a new one is begun."""
    if path is None:
        return _connected(":memory:")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _connected(str(path))
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise  # locked, full or not writable: the file itself is not damaged
        path.replace(path.with_suffix(path.suffix + ".damaged"))
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _connected(str(path))


def _connected(name: str) -> sqlite3.Connection:
    db = sqlite3.connect(name)
    try:
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if why := Kept.OUTBOX.refusal(max(1, found)):  # the first programs wrote 0; their tables are the same
            raise LaterOutboxError(f"{name}: {why}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        if db.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise sqlite3.DatabaseError(f"{name}: damaged")
        db.executescript(_SCHEMA)
        db.execute(f"PRAGMA user_version = {Kept.OUTBOX.number}")
    except sqlite3.Error:
        with contextlib.suppress(sqlite3.Error):
            db.close()
        raise
    return db
