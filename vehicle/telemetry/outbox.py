"""Store and forward: every QoS 1 record is on disk before it is sent, and leaves when the broker has acknowledged it.

SQLite in WAL mode with full synchronisation, in the publisher's thread. Bounded by rows and bytes, not by age: a
computer without a battery-backed clock may wake up years off, and would throw a day's record away. What a full outbox
gives up (oldest states first, events last) is kept as a gap: boot, stream, first and last number, count.
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
    """A file that a later program wrote: it is left as it is."""


class StoredRecord(msgspec.Struct, frozen=True):
    """A record with its place in the outbox."""

    row: int
    record: Record


class Outbox:
    """Records that the broker has not acknowledged, oldest first.

    `path` None keeps them in memory: for simulation, and where the disk has failed. Not thread-safe; lives in the
    publisher's thread. Raises sqlite3.Error where the disk fails.
    """

    def __init__(self, path: Path | None, *, rows_max: int, bytes_max: int) -> None:
        self._rows_max, self._bytes_max = rows_max, bytes_max
        self._db = _opened(path)
        self.in_flight: set[int] = set()
        """Rows that were sent and not yet answered: these are not given up, for they may have arrived."""
        self.puts = 0
        """Counts the calls that stored something: whoever has seen them all need not ask the tables."""
        self.may_have_gaps = True
        self.rows, self.bytes = self._db.execute("SELECT count(*), coalesce(sum(size), 0) FROM record").fetchone()

    def close(self) -> None:
        """Flush and close the file."""
        self._db.close()

    def put(self, records: Sequence[Record], lost_before: GapBody | None = None) -> int:
        """Store records in one transaction, giving up old ones where there is no room.

        `lost_before` is a loss that happened on the way here; losses of one stream and boot grow into one.

        Returns:
            How many records are lost by this.
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
        """The newest row ever stored; rows are never numbered anew, so what is still here up to it is backlog."""
        found = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'record'").fetchone()
        return int(found[0]) if found else 0

    def after(self, row: int, limit: int, through: int | None = None) -> list[StoredRecord]:
        """The oldest records above `row`, up to and including `through`."""
        bound = _ROWS_MAX if through is None else through
        return [_stored(found) for found in self._db.execute(_AFTER, (row, bound, limit))]

    def newest_retained(self, boot_id: str) -> list[StoredRecord]:
        """The newest waiting record of each retained topic of this boot: the one that is still true."""
        return [_stored(found) for found in self._db.execute(_NEWEST_RETAINED, (boot_id,))]

    def acknowledge(self, rows: Sequence[int]) -> None:
        """Remove what the broker has taken."""
        sizes: list[int] = []
        with self._db:
            for row in rows:
                found = self._db.execute("DELETE FROM record WHERE id = ? RETURNING size", (row,)).fetchall()
                sizes += [size for (size,) in found]
        self.rows -= len(sizes)
        self.bytes -= sum(sizes)

    def gaps(self) -> list[GapBody]:
        """Losses that no consumer was told of yet."""
        if not self.may_have_gaps:
            return []
        found = self._db.execute("SELECT boot_id, stream, first_seq, last_seq, count FROM gap ORDER BY boot_id, stream")
        self.may_have_gaps = bool(rows := found.fetchall())
        return [
            GapBody(boot_id=boot_id, stream=stream, first_seq=first_seq, last_seq=last_seq, count=count)
            for boot_id, stream, first_seq, last_seq, count in rows
        ]

    def forget_gap(self, told: GapBody) -> None:
        """Drop a loss that was told; if it has grown since, it is told again, whole."""
        with self._db:
            self._db.execute(
                "DELETE FROM gap WHERE boot_id = ? AND stream = ? AND count = ?",
                (told.boot_id, told.stream, told.count),
            )

    def _give_up(self, rows: int, size_bytes: int) -> list[tuple[int, str, str, int, int]]:
        """Delete the least worthy records until the rest fits; returns (row, boot, stream, seq, size) of each."""
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
    """Columns of `_INSERT`."""
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
    """An outbox file ready for use; a damaged one is put aside with its bytes and a new one begun."""
    if path is None:
        return _connected(":memory:")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _connected(str(path))
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise  # locked, full or not writable: the file itself is well
        path.replace(path.with_suffix(path.suffix + ".damaged"))
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _connected(str(path))


def _connected(name: str) -> sqlite3.Connection:
    db = sqlite3.connect(name)
    try:
        (found,) = db.execute("PRAGMA user_version").fetchone()
        if why := Kept.OUTBOX.refusal(max(1, found)):  # the first builds left it 0; their tables are the same
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
