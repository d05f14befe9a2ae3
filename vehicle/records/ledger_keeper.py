"""Keeps the ledger's journal beside the tick: a keeper of the loop that writes and flushes in its own thread.

The tick hands over its records and continues. The thread writes them at once: a killed program loses only those not yet
written. It flushes them to the disk within `SYNC_S`: a power cut loses no more than that. A withdrawal is flushed at
once: what a power cut loses never counts as credit again. So is a large detonation, which may take the power itself:
what the tool worked since the last count of its hammers is proven no more.
"""

import contextlib
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from vehicle.contracts.detonation import is_large
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.sockets import ControllerAdapter, TickRecord
from vehicle.control.state import LedgerState, MissionState, VehicleState
from vehicle.host.atomic_file import sync_folder
from vehicle.records.journal import Journal, JournalWriter
from vehicle.records.ledger_news import Followed
from vehicle.records.records import Record, Revoke

SYNC_S: Final = 0.25
"""From the first record that is not on the disk to the flush; with a slow disk it is done within half a second."""
BEHIND_S: Final = 0.5
"""A record not written for this time counts as not kept: the disk hangs, and a killed program would lose it."""
BACKLOG_MAX: Final = 10_000
"""An hour of work in the queue; beyond it the record would have a gap, and nothing is written after a gap."""
UNWRITTEN: Final = "a withdrawal of ground or a large detonation cannot be written"

Rows = tuple[Record, ...]


class LedgerKeeper:
    """Follows the ledger and the job. `fault`: the first error of the disk; nothing is written after it.

    A withdrawal that is not in the file would count as credit again after the next start, and ground that a detonation
    leaves in doubt would count as proven. So if one of them cannot be written, the whole journal is renamed to a name
    that no start looks for.

    `now_s` gives the seconds of a clock that never goes back; `found` is what the journal held when it was opened;
    `tell` is told the fault, from the thread.
    """

    name = "journal"

    def __init__(
        self, writer: JournalWriter, found: Journal, now_s: Callable[[], float], tell: Callable[[str], None]
    ) -> None:
        self._writer, self._now_s, self._tell = writer, now_s, tell
        self._held = (found.stroke_count, found.act_count)
        self._followed = Followed(*self._held, None)
        self._ledger: LedgerState | None = None
        self._mission: MissionState | None = None
        self._jobs: queue.SimpleQueue[Rows | None] = queue.SimpleQueue()
        self._unwritten: Rows | None = ()
        self._put_count = self._written_count = 0  # the first belongs to the caller, the second to the thread
        self._asked_count, self._asked_s = 0, now_s()
        self.fault = ""
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    @property
    def healthy(self) -> bool:
        """Whether everything handed over is kept."""
        if self.fault:
            return False
        if self._written_count >= self._asked_count:
            self._asked_count, self._asked_s = self._put_count, self._now_s()
        return self._now_s() - self._asked_s <= BEHIND_S

    def begin(self, state: VehicleState, controller: ControllerAdapter) -> None:
        """Start from the state that the journal gives."""
        del controller
        self._followed = Followed.of(state)
        assert self._held == (self._followed.number, self._followed.acts), "the state does not come from this journal"
        self._thread.start()

    def accept(self, record: TickRecord) -> None:
        """Hand over the records of a tick; most ticks make none."""
        ledger, mission = record.state.ledger, record.state.mission
        if ledger is self._ledger and mission is self._mission and record.state.checks.due.depth == self._followed.due:
            return
        self._ledger, self._mission = ledger, mission
        rows, self._followed = self._followed.after(record.state, record.t_ns)
        if rows:
            self._put(rows)

    def _put(self, rows: Rows) -> None:
        if not self.fault and self._jobs.qsize() >= BACKLOG_MAX:
            self.fault = "the disk is an hour behind"
        if not self.fault or _withdraws(rows):
            self._put_count += 1
            self._jobs.put(rows)

    def close(self, timeout_s: float = 5.0) -> None:
        """Write the waiting records, flush, and close the file."""
        if self._thread.ident is None:
            self._writer.close()
            return
        self._jobs.put(None)
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            self._write()
        except Exception as refusal:  # noqa: BLE001  # any error is reported, and the keeper counts as failed
            words = refusal.strerror if isinstance(refusal, OSError) and refusal.strerror else repr(refusal)
            self.fault = f"the ledger's journal ended: {words.lower()}"
            self._tell(f"{self.fault}; a restart would forget what is worked from here on")
            with contextlib.suppress(OSError):
                self._writer.close()
            self._watch_unwritten()

    def _write(self) -> None:
        """Write records until told to end."""
        due_s: float | None = None
        while True:
            self._unwritten = ()
            with contextlib.suppress(queue.Empty):
                self._unwritten = self._jobs.get(timeout=None if due_s is None else max(0.0, due_s - self._now_s()))
            rows = self._unwritten
            if rows is None:
                self._writer.close()
                return
            if self.fault and _withdraws(rows):  # it may come after a gap, and nothing is written after one
                raise OSError(self.fault)
            for row in rows:
                self._writer.append(row)
            self._written_count += bool(rows)
            if rows and due_s is None:
                due_s = self._now_s() + SYNC_S
            if _withdraws(rows):
                due_s = self._now_s()  # a power cut may lose proven ground, never that it was withdrawn
            if due_s is not None and self._now_s() >= due_s:
                self._writer.sync()
                due_s = None

    def _watch_unwritten(self) -> None:
        """After a fault, wait until told to end; only what takes from the record still causes an action."""
        rows = self._unwritten
        while rows is not None:
            if _withdraws(rows):
                self._set_aside()
            rows = self._jobs.get()

    def _set_aside(self) -> None:
        """Rename the journal, which works on a full disk too; done once, no later start finds it."""
        path = self._writer.path
        aside = _unused(path.with_suffix(".withdrawn"))
        try:
            path.replace(aside)
            sync_folder(path.parent)
        except FileNotFoundError:
            return
        except OSError as refusal:
            told = (refusal.strerror or str(refusal)).lower()
            self._tell(f"{path}: {UNWRITTEN} ({told}): delete it before the next start")
            return
        self._tell(f"{UNWRITTEN}: the record is set aside as {aside}, none of it counts")


def _withdraws(rows: Rows) -> bool:
    """Whether rows take from what counts; without them a restart would credit more."""
    return any(isinstance(row, Revoke) or (isinstance(row, Observed) and is_large(row)) for row in rows)


def _unused(path: Path) -> Path:
    """Return this path, or one with a number, where there is no file: none that was set aside before is lost."""
    found, number = path, 2
    while found.exists():
        found, number = path.with_name(f"{path.name}-{number}"), number + 1
    return found
