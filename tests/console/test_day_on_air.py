"""What people tell from one console is held by the vehicle, recorded, and told to all others."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from benchmarks.trials.linked_scenario import STATION_ID
from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict, OperatorEdge
from tests.console.rig import ConsoleRig
from vehicle.contracts import skipped
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.messages import Mode
from vehicle.contracts.people import PeopleState
from vehicle.contracts.sockets import TickRecord
from vehicle.records.journal import JournalWriter, read
from vehicle.records.records import Session
from vehicle.runtime.kept_ledger import header_of, restored

pytestmark = pytest.mark.long
US = 1_000


def observed(rig: ConsoleRig, kind: ObservationKind, **rest: object) -> ObservationVerdict:
    gnss = rig.state.wire.gnss
    assert gnss is not None
    base = Observation(
        station_id=7, session_id=0, sequence=0, kind=kind, who="leader",
        time_utc_us=gnss.time_utc_us or 1_790_000_000_000_000 + rig.now_ns // US,
    )  # fmt: skip
    number = rig.page.protocol.observe(replace(base, **rest))
    rig.run(0.6)
    return rig.page.protocol.results[number].result


def test_a_skipped_swath_is_told_to_every_console_and_moves_nothing() -> None:
    rig = ConsoleRig().manual()
    plan = rig.state.mission.plan
    assert plan is not None
    work = rig.page.protocol.work
    assert work is not None
    before = work.day_count
    text = skipped.text_of(plan.plan_hash, "wet", "water in the ruts")
    assert observed(rig, ObservationKind.SKIP_SWATH, value=1.0, text=text) is ObservationVerdict.RECORDED
    assert rig.mode is Mode.MANUAL
    assert rig.page.protocol.work is not None
    assert rig.page.protocol.work.day_count == before + 1
    (skip,) = rig.state.checks.skips
    assert [row.kind for row in rig.state.ledger.acts if isinstance(row, Observed)] == ["skip_swath"]
    assert skip.why == "swath 1: too wet: water in the ruts (leader)"
    stale = skipped.text_of("0" * 16, "wet", "water")
    assert observed(rig, ObservationKind.SKIP_SWATH, value=1.0, text=stale) is ObservationVerdict.REFUSED


class Rows:
    """Lines of the record."""

    name = "rows"

    def __init__(self) -> None:
        self.rows: list[Observed] = []
        self._count = 0

    def accept(self, record: TickRecord) -> None:
        ledger = record.state.ledger
        new = ledger.act_count - self._count
        self._count = ledger.act_count
        self.rows += [row for row in ledger.acts[-new:] if isinstance(row, Observed)] if new else []


def test_who_takes_control_is_named_on_every_console_and_in_the_record_and_a_stop_needs_no_name() -> None:
    kept = Rows()
    rig = ConsoleRig(sinks=(kept,))
    state = rig.state
    rig.process.loop.state = replace(state, checks=replace(state.checks, people=PeopleState(used=True)))
    rig.run(2.0)
    assert observed(rig, ObservationKind.SIGN_IN, who="first person", text="operator") is ObservationVerdict.RECORDED
    rig.manual()
    driving = rig.state.checks.people.driving
    assert driving is not None
    assert (driving.name, driving.station_id) == ("first person", STATION_ID)
    rows = [(row.by, row.text) for row in kept.rows if row.kind == "control"]
    assert rows == [("first person", "operator has control; nobody had it before")]
    assert observed(rig, ObservationKind.HAND_OVER_OFFER, who="first person") is ObservationVerdict.REFUSED
    assert rig.mode is Mode.MANUAL
    # nobody is named any more, and STOP stops all the same
    state = rig.state
    rig.process.loop.state = replace(state, checks=replace(state.checks, people=PeopleState(used=True)))
    rig.hold(0.4)
    assert rig.moves(5.0)
    rig.page.protocol.stop(rig.now_ns)
    assert rig.until((Mode.STOPPING, Mode.HOLD), 2.0)


def test_a_hand_over_on_the_air_stands_in_the_journal_and_a_restart_gives_control_to_nobody(tmp_path: Path) -> None:
    path = tmp_path / "ledger.journal"
    made = ConsoleRig().state
    writer = JournalWriter.open(path, header_of(made, None), Session(session_id=made.session_id, utc=""))
    rig = ConsoleRig(sinks=(writer,))
    state, kinds = rig.state, ObservationKind
    rig.process.loop.state = replace(state, checks=replace(state.checks, people=PeopleState(used=True)))
    rig.run(3.0)

    def told(kind: ObservationKind, who: str, text: str = "") -> None:
        assert observed(rig, kind, who=who, text=text) is ObservationVerdict.RECORDED

    told(kinds.SIGN_IN, "first person", "operator")
    rig.taken(OperatorEdge.TAKE)
    told(kinds.HAND_OVER_OFFER, "first person")
    hand_over = rig.state.checks.people.hand_over
    assert hand_over is not None
    told(kinds.HAND_OVER_READ, "second person", f"{hand_over.mark} operator")
    told(kinds.HAND_OVER_SIGN, "first person", hand_over.mark)
    rig.taken(OperatorEdge.RELEASE)
    told(kinds.SIGN_IN, "second person", "operator")
    rig.taken(OperatorEdge.TAKE)
    plan = rig.state.mission.plan
    assert plan is not None
    skip = skipped.text_of(plan.plan_hash, "wet", "water")
    assert observed(rig, kinds.SKIP_SWATH, value=1.0, text=skip) is ObservationVerdict.RECORDED
    writer.close()
    found = read(path)
    rows = [row for row in found.records if isinstance(row, Observed)]
    items = [row.text for row in rows if row.kind == "open_item"]
    assert items == [f"{hand_over.mark} {one}" for one in hand_over.items]
    control = [(row.by, row.text.partition("; ")[2]) for row in rows if row.kind == "control"]
    assert control == [
        ("first person", "nobody had it before"),
        ("first person", ""),
        ("second person", f"hand-over from first person, list {hand_over.mark}"),
    ]
    again = restored(ConsoleRig().state, found, 0)
    assert again.checks.skips == rig.state.checks.skips
    assert (again.checks.people.last, again.checks.people.holder, again.gate.holder) == ("second person", 0, 0)
