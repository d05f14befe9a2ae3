"""The changes of the record of worked ground, in order, for consoles: sent live, and kept for a while.

The order is that of the journal: first the stroke of a tick, then its acts. A console that has the record up to a
certain stroke and act asks for what came after both. Changes that are too old are not kept here; then the console
reads the whole record again.
"""

import hashlib
import zlib
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import msgspec

from firmware_bridge.console_types import StrokesFrame
from firmware_bridge.mavlink.console_adapters import DATA_MAX, LOW
from vehicle.contracts.ledger_types import Confirm, Knowledge, Revoke
from vehicle.contracts.stroke_codec import packed
from vehicle.operator_link.ground_codec import Key, RecordHeader, packed_act, packed_changes, packed_record

if TYPE_CHECKING:
    from vehicle.control.state import LedgerState, VehicleState

KEPT: Final = 20_000
"""Changes: some two hours of work, 0.8 MB."""
TOLD_NS: Final = 2_000_000_000
"""The first stroke of a frame waits no longer for others."""


class Change(msgspec.Struct, frozen=True, gc=False):
    """One stroke or one act, with the number of the newest stroke and of the acts up to it."""

    stroke: int
    acts: int
    data: bytes
    act: bool


class GroundLog:
    """Follows the ledger from tick to tick."""

    def __init__(self) -> None:
        self._changes: deque[Change] = deque(maxlen=KEPT)
        self._from: tuple[int, int] | None = None
        """Stroke and acts up to which nothing is here any more."""
        self._stroke = self._acts = self._ledger_acts = 0
        self._shaken: tuple[int, int] | None = None
        self._waiting: list[Change] = []
        self._waiting_ns = self._told_ns = 0
        self._ledger: LedgerState | None = None
        self._state: VehicleState | None = None

    def follow(self, state: "VehicleState", now_ns: int) -> list[StrokesFrame]:
        """After each tick; what is to be told now."""
        ledger, self._state = state.ledger, state
        if ledger is not self._ledger:
            self._ledger = ledger
            self._take(ledger, now_ns)
        waits = self._waiting
        if not waits and now_ns - self._told_ns >= TOLD_NS:
            self._told_ns = now_ns
            return [self._newest(state)]
        full = sum(1 + len(one.data) for one in waits) > DATA_MAX - ROOM
        acts = any(one.act for one in waits)
        if not waits or not (full or acts or now_ns - self._waiting_ns >= TOLD_NS):
            return []
        self._waiting, self._told_ns = [], now_ns
        return frames_of(waits, state.session_id & LOW, plan_name(state))

    def _newest(self, state: "VehicleState") -> StrokesFrame:
        """How far the record reaches, while nothing is added: whoever missed the last of it sees that."""
        name = plan_name(state)
        return StrokesFrame(session_low=state.session_id & LOW, plan=name, first=self._stroke, acts=self._acts)

    def _take(self, ledger: "LedgerState", now_ns: int) -> None:
        number = ledger.stroke.number if ledger.stroke is not None else 0
        new = ledger.act_count - self._ledger_acts
        shaken, self._shaken = self._shaken, ledger.shaken
        followed = (
            shaken == ledger.shaken
            and self._from is not None
            and number - self._stroke in (0, 1)
            and 0 <= new <= len(ledger.acts)
        )
        if not followed:
            self._begin(ledger, number)
            return
        if number != self._stroke and ledger.stroke is not None:
            self._stroke = number
            try:
                self._add(packed(ledger.stroke), now_ns, act=False)
            except ValueError:  # a stroke off the grid: whoever follows fetches the record anew
                self._begin(ledger, number)
                return
        for act in ledger.acts[-new:] if new else ():
            if isinstance(act, Revoke) or (isinstance(act, Confirm) and act.kind == Knowledge.BASE.value):
                self._acts += 1
                self._add(packed_act(act), now_ns, act=True)
        self._ledger_acts = ledger.act_count

    def _begin(self, ledger: "LedgerState", number: int) -> None:
        self._changes.clear()
        self._waiting = []
        self._stroke, self._ledger_acts = number, ledger.act_count
        self._acts += 1 if self._from is not None else 0  # who followed so far misses something
        self._from = (number, self._acts)

    def _add(self, data: bytes, now_ns: int, *, act: bool) -> None:
        if len(self._changes) == KEPT:
            self._from = (self._changes[0].stroke, self._changes[0].acts)
        change = Change(self._stroke, self._acts, data, act)
        self._changes.append(change)
        if not self._waiting:
            self._waiting_ns = now_ns
        self._waiting.append(change)

    def file(self, path: str) -> bytes | None:
        """`@LEDGER/masks.z`, or `@LEDGER/strokes?from=N&acts=R&session=S`; None where there is none such now."""
        name, _, asked = path.partition("?")
        if name == "@LEDGER/masks.z":
            return self.record()
        if name != "@LEDGER/strokes" or self._state is None:
            return None
        found = dict(part.partition("=")[::2] for part in asked.split("&"))
        session, stroke = found.get("session", ""), found.get("from", "")
        if not stroke.isdecimal() or session not in ("", str(self._state.session_id & LOW)):
            return None
        acts = found.get("acts", "")
        if not acts and any(one.act and one.stroke >= int(stroke) for one in self._changes):
            return None
        return self.since(int(stroke), int(acts) if acts.isdecimal() else self._acts)

    def since(self, stroke: int, acts: int) -> bytes | None:
        """The changes after this stroke and this act as a file; None where some are not here any more."""
        if self._from is None or self._state is None or stroke > self._stroke or acts > self._acts:
            return None
        if stroke < self._from[0] or acts < self._from[1]:
            return None
        missed = [one for one in self._changes if one.stroke > stroke or one.acts > acts]
        return packed_changes(frames_of(missed, self._state.session_id & LOW, plan_name(self._state)))

    def record(self) -> bytes | None:
        """The whole record as a file; None for a moment while a withdrawal goes through it."""
        state, ledger = self._state, self._ledger
        if state is None or ledger is None or ledger.pending:
            return None
        plan, datum = state.mission.plan, state.datum
        header = RecordHeader(
            session_low=state.session_id & LOW,
            plan_hash=plan.plan_hash if plan is not None else "",
            site_hash=plan.site_hash if plan is not None else "",
            datum=(datum.lat_deg, datum.lon_deg, datum.alt_m),
            cell_m=state.config.mission.cell_m,
            required_depth_m=state.config.mission.required_depth_m,
            stroke=self._stroke,
            acts=self._acts,
            firm=ledger.firm,
            unclosed=ledger.open_ranges,
            vehicle_id=state.config.vehicle_id,
        )
        return packed_record(header, _tiles(ledger))


ROOM: Final = 40
"""The longest stroke with its length; a frame with less room than that is full."""


def plan_name(state: "VehicleState") -> int:
    """Four bytes that stand for the plan that is held; 0 without one."""
    plan = state.mission.plan
    return name_of(plan.plan_hash) if plan is not None else 0


def name_of(plan_hash: str | None) -> int:
    """Four bytes that stand for the plan of this hash; 0 for none."""
    return int.from_bytes(hashlib.sha256(plan_hash.encode()).digest()[:4], "little") if plan_hash else 0


def frames_of(changes: list[Change], session_low: int, plan: int) -> list[StrokesFrame]:
    """Changes in order as frames: strokes together as long as they fit, each act alone."""
    frames: list[StrokesFrame] = []
    strokes: list[bytes] = []
    first = size = acts = 0

    def end() -> None:
        nonlocal strokes, size
        if strokes:
            told = StrokesFrame(session_low=session_low, plan=plan, first=first, acts=acts, strokes=tuple(strokes))
            frames.append(told)
        strokes, size = [], 0

    for change in changes:
        if change.act:
            end()
            frames.append(
                StrokesFrame(session_low=session_low, plan=plan, first=change.stroke, acts=change.acts, act=change.data)
            )
            continue
        if size + 1 + len(change.data) > DATA_MAX or (strokes and change.acts != acts):
            end()
        if not strokes:
            first, acts = change.stroke, change.acts
        strokes.append(change.data)
        size += 1 + len(change.data)
    end()
    return frames


def _tiles(ledger: "LedgerState") -> Iterator[tuple[Key, bytes]]:
    for key, tile in sorted(
        (item for block in ledger.tiles.values() for item in block.items()), key=lambda one: one[0]
    ):
        yield key, tile if isinstance(tile, bytes) else zlib.compress(tile.tobytes(), 1)
