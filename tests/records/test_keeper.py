"""The journal beside the tick: what is written when, what a disk that refuses does, and what a restart goes on from."""

import os
import queue
import threading
from functools import partial
from pathlib import Path

import msgspec
import pytest

from campaign.fault_scenario import swath_plan
from firmware_bridge.flail_adapter import FlailAdapter
from tests import builders
from tests.control.checks.test_shift import act, as_line
from tests.control.ledger.driving import ORIGIN_NS, cells, straight, versions
from vehicle.config.load import load_machine
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import JobMark, LedgerStroke, Observed
from vehicle.contracts.messages import Due, Margin, MissionPhase, Mode
from vehicle.contracts.plan import Plan, PlanAssignment, SegmentKind, works
from vehicle.contracts.shift_state import ShiftState
from vehicle.contracts.shift_table import BLOCKS_START
from vehicle.contracts.sockets import TickRecord
from vehicle.contracts.units import TICK_NS
from vehicle.control import plan_assignment
from vehicle.control.checks_state import ChecksState
from vehicle.control.depth import DUE_M
from vehicle.control.ground import raster
from vehicle.control.plan_assignment import assign_plan
from vehicle.control.state import LedgerState, VehicleState
from vehicle.records import journal, ledger_keeper, packing
from vehicle.records.journal import Journal, JournalWriter
from vehicle.records.ledger_keeper import LedgerKeeper
from vehicle.records.ledger_news import Followed
from vehicle.records.records import Confirm, HeldBack, Record, Revoke, Session
from vehicle.runtime import kept_ledger
from vehicle.runtime.kept_ledger import kept_in, opened, restored

CONFIG = builders.config()
PLAN = swath_plan(load_machine("memat"))
SESSION = Session(session_id=7, utc="2026-05-04T08:00:00Z")
YAW_RAD = PLAN.segments[0].yaw_start_rad
AHEAD_M = CONFIG.machine.tool.ahead_m


def vehicle(plan: Plan | None = None) -> VehicleState:
    state = msgspec.structs.replace(builders.vehicle_state(CONFIG), datum=PLAN.datum)
    return assign_plan(state, plan) if plan is not None else state


def states(start: VehicleState, length_m: float = 2.0) -> list[VehicleState]:
    """The plan's swath begun and worked for so long, tick by tick."""
    at_work = msgspec.structs.replace(start.mission, phase=MissionPhase.WORK, work_started=True)
    ticks = straight(length_m, YAW_RAD, sigma_m=0.005)
    return [
        msgspec.structs.replace(start, ledger=ledger, mission=at_work)
        for ledger in versions(ticks, CONFIG, start.ledger, ORIGIN_NS)
    ]


def record(state: VehicleState) -> TickRecord:
    return builders.tick_record(tick=ORIGIN_NS // TICK_NS, state=state)


def keeper_in(folder: Path, start: VehicleState, told: list[str] | None = None) -> LedgerKeeper:
    kept = kept_in(folder, kept_ledger.header_of(start, None))
    return kept_ledger.keeper_of(kept, SESSION, (told if told is not None else []).append)


def written(folder: Path) -> tuple[Path, VehicleState]:
    start = vehicle(PLAN)
    keeper = keeper_in(folder, start)
    keeper.begin(start, FlailAdapter())
    for state in states(start):
        keeper.accept(record(state))
    keeper.close()
    assert keeper.fault == ""
    return kept_in(folder, kept_ledger.header_of(start, None)).path, state


def test_what_the_tick_made_is_in_the_file_and_a_restart_has_the_same_masks(tmp_path: Path) -> None:
    path, state = written(tmp_path)
    found = journal.read(path)
    assert (found.dropped_bytes, found.stroke_count) == (0, state.ledger.stroke.number)
    assert found.job == JobMark(plan_hash=PLAN.plan_hash, site_hash=PLAN.site_hash, at_work=True, t_ns=ORIGIN_NS)
    assert (found.plan_hash, found.site_hash) == (PLAN.plan_hash, PLAN.site_hash)
    again = restored(vehicle(PLAN), found, 5)
    assert cells(again.ledger, raster.CREDITED) == cells(state.ledger, raster.CREDITED)
    assert again.ledger.stroke == state.ledger.stroke
    assert again.mission.phase is MissionPhase.PAUSED
    assert again.mission.work_started
    assert again.ledger.marks == ((5, found.stroke_count),)


def test_a_start_packs_the_strokes_of_older_sessions_and_goes_on_behind_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, state = written(tmp_path)
    before = journal.read(path)
    told: list[str] = []
    monkeypatch.setattr(packing, "older_packed", partial(packing.older_packed, worth=before.stroke_count))
    keeper = keeper_in(tmp_path, vehicle(PLAN), told)
    assert f"{before.stroke_count} strokes of older sessions are packed" in told[0]
    assert packing.unpacked_in(path)[1] == 0
    keeper.begin(restored(vehicle(PLAN), before, 5), FlailAdapter())
    keeper.close()
    after = journal.read(path)
    assert (after.records, after.lost) == ((*before.records, SESSION), None)
    assert cells(journal.rebuilt(after), raster.CREDITED) == cells(state.ledger, raster.CREDITED)


def test_a_restart_has_the_shift_of_the_record(tmp_path: Path) -> None:
    path, _ = written(tmp_path)
    acts = [act(name, 1.0) for name in BLOCKS_START]
    found = journal.read(path)
    found = msgspec.structs.replace(found, records=(*found.records, *map(as_line, acts)))
    start = vehicle(PLAN)
    used = msgspec.structs.replace(start.checks, shift=ShiftState(used=True))
    again = restored(msgspec.structs.replace(start, checks=used), found, 5).checks.shift
    assert (again.used, again.acts, again.good) == (True, tuple(acts), BLOCKS_START)
    assert not restored(start, found, 5).checks.shift.used


SHOCK = Observed(
    kind="shock",
    value=2.0,
    sigma=None,
    place_m=None,
    by="vehicle",
    text="large shock",
    station_id=0,
    t_ns=5,
    utc_us=None,
)


@pytest.mark.parametrize(
    ("rows", "struck"),
    [
        ((SHOCK,), (True, True)),
        ((msgspec.structs.replace(SHOCK, value=1.0),), (False, False)),
        ((msgspec.structs.replace(SHOCK, kind="detonation_class", value=2.0),), (True, True)),
        ((msgspec.structs.replace(SHOCK, kind="detonation_class", value=1.0),), (False, False)),
        ((msgspec.structs.replace(SHOCK, kind="depth_check"),), (False, False)),
        ((SHOCK, Confirm(kind="hammers", by="A", until_number=1)), (False, True)),
        ((SHOCK, Confirm(kind="calibration", by="A", until_number=1)), (True, False)),
        ((Confirm(kind="hammers", by="A", until_number=1), SHOCK), (True, True)),
    ],
)
def test_after_a_blast_that_took_the_power_the_journal_still_asks_for_count_and_check(
    tmp_path: Path, rows: tuple[Record, ...], struck: tuple[bool, bool]
) -> None:
    path, _ = written(tmp_path)
    found = journal.read(path)
    found = msgspec.structs.replace(found, records=(*found.records, *rows))
    again = restored(vehicle(PLAN), found, 5).checks
    assert (again.hammers_struck, again.machine_struck) == struck
    kept = msgspec.structs.replace(vehicle().checks, hammers_struck=True, machine_struck=True)
    later = restored(msgspec.structs.replace(vehicle(PLAN), checks=kept), found, 5).checks
    assert (later.hammers_struck, later.machine_struck) == (True, True)


def test_every_cut_leaves_a_part_of_the_record_and_the_job_no_further(tmp_path: Path) -> None:
    path, state = written(tmp_path)
    content = path.read_bytes()
    credited, seen, told = cells(state.ledger, raster.CREDITED), set(), 0
    header = kept_ledger.header_of(vehicle(PLAN), None)
    for cut in range(len(content) + 1):
        path.write_bytes(content[:cut])
        kept = kept_in(tmp_path, header)
        assert kept.path == path
        assert len(kept.lines) == (kept.found.dropped_bytes > 0), "told in one line"
        told += len(kept.lines)
        count = kept.found.count
        if count in seen:
            continue
        seen.add(count)
        again = restored(vehicle(PLAN), kept.found, 0)
        assert cells(again.ledger, raster.CREDITED) <= credited
        assert again.mission.worked_along_m <= 2.0
        writer = opened(kept, SESSION)
        writer.close()
        after = journal.read(path)
        assert after.dropped_bytes == 0
        assert after.stroke_count == kept.found.stroke_count
    assert len(seen) > 15
    assert told > 1_000


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cell_m": 0.1}, "cell m 0.1"),
        ({"datum_lat_deg": 39.5}, "datum lat deg"),
        ({"required_depth_m": 0.1}, "required depth m 0.1"),
        ({"site_hash": "another"}, "site hash 'another'"),
        ({"machine": "another"}, "machine 'another'"),
        ({"k_sigma": 2.0}, "k sigma"),
    ],
)
def test_a_foreign_journal_is_told_in_one_line_and_never_credited(
    change: dict[str, object], words: str, tmp_path: Path
) -> None:
    header = kept_ledger.header_of(vehicle(), None)
    mine = kept_in(tmp_path, header).path
    mine.parent.mkdir(parents=True)
    JournalWriter.open(mine, msgspec.structs.replace(header, **change), SESSION).close()
    before = mine.read_bytes()
    kept = kept_in(tmp_path, header)
    (line,) = kept.lines
    assert words in line
    assert "nothing of it is credited" in line
    assert "\n" not in line
    assert kept.path != mine
    assert restored(vehicle(), kept.found, 0).ledger == LedgerState()
    opened(kept, SESSION).close()
    assert mine.read_bytes() == before
    assert kept_in(tmp_path, header).found.header == header, "the next start finds its own"


@pytest.mark.parametrize("content", [b"no journal at all", b"FLAILJ\n", b"FLAILJ4\n" + bytes(2000)])
def test_what_cannot_be_read_is_left_as_it_is(content: bytes, tmp_path: Path) -> None:
    header = kept_ledger.header_of(vehicle(), None)
    mine = kept_in(tmp_path, header).path
    mine.parent.mkdir(parents=True)
    mine.write_bytes(content)
    kept = kept_in(tmp_path, header)
    assert len(kept.lines) == 1
    opened(kept, SESSION).close()
    assert mine.read_bytes() == content


@pytest.mark.parametrize("content", [b"FLAILJ7\n", b"FLAILJ12\n" + bytes(2000)])
@pytest.mark.parametrize("digest", [None, "0123abcd", "0123abcd-2"])
def test_a_journal_of_a_later_program_is_refused_and_none_is_begun_beside_it(
    content: bytes, digest: str | None, tmp_path: Path
) -> None:
    """A later header may give the same ground another digest."""
    header = kept_ledger.header_of(vehicle(), None)
    mine = kept_in(tmp_path, header).path
    if digest is not None:
        mine = tmp_path / f"no-site-{digest}" / mine.name
    mine.parent.mkdir(parents=True)
    mine.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        kept_in(tmp_path, header)
    assert str(refusal.value).startswith(
        f"{mine}: a ledger journal of format {int(content[6:].split()[0].strip(bytes(1)))}, "
    )
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.rglob("*.journal")) == [mine]
    assert mine.read_bytes() == content


def test_a_later_journal_of_another_site_is_none_of_ours(tmp_path: Path) -> None:
    other = tmp_path / "no-site-north-0123abcd" / kept_ledger.NAME
    other.parent.mkdir(parents=True)
    other.write_bytes(b"FLAILJ7\n")
    assert kept_in(tmp_path, kept_ledger.header_of(vehicle(), None)).lines == ()


def test_a_second_program_does_not_write_into_it(tmp_path: Path) -> None:
    kept = kept_in(tmp_path, kept_ledger.header_of(vehicle(), None))
    first = opened(kept, SESSION)
    with pytest.raises(InputError, match="another program"):
        opened(kept, SESSION)
    first.close()
    opened(kept_in(tmp_path, kept.header), SESSION).close()


def test_what_was_written_after_it_was_read_is_not_cut_off(tmp_path: Path) -> None:
    """The program before ends while the next one comes up; the last thing that it knew was a withdrawal."""
    header = kept_ledger.header_of(vehicle(), None)
    before = opened(kept_in(tmp_path, header), SESSION)
    for row in strokes_of(6):
        before.append(row)
    kept = kept_in(tmp_path, header)
    before.append(revoke(6))
    before.close()
    with pytest.raises(InputError, match="end that program"):
        opened(kept, SESSION)
    assert journal.read(kept.path).act_count == 1
    opened(kept_in(tmp_path, header), SESSION).close()


def test_a_journal_that_is_damaged_before_its_end_is_not_credited(tmp_path: Path) -> None:
    """What was lost may have been the withdrawal of what is left."""
    header = kept_ledger.header_of(vehicle(), None)
    path, rows = kept_in(tmp_path, header).path, strokes_of(8)
    writer = opened(kept_in(tmp_path, header), SESSION)
    for row in rows[:6]:
        writer.append(row)
    begins = path.stat().st_size
    writer.append(revoke(6))
    ends = path.stat().st_size
    for row in rows[6:]:
        writer.append(row)
    writer.close()
    content = path.read_bytes()
    for place in (begins + 2, begins + 20, ends - 1):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        kept = kept_in(tmp_path, header)
        (line,) = kept.lines
        assert "a withdrawal may be among what is lost" in line
        assert kept.path != path
    path.write_bytes(content[:ends] + bytes(500))
    assert kept_in(tmp_path, header).path == path, "zeros are what a power cut leaves at an end"


def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "ledgers").write_text("")
    kept = kept_in(tmp_path / "ledgers", kept_ledger.header_of(vehicle(), None))
    with pytest.raises(InputError, match="state_folder"):
        opened(kept, SESSION)


# --- where a job goes on ---------------------------------------------------------------------------------------------
def left(**changes: object) -> Journal:
    job = msgspec.structs.replace(JobMark(plan_hash=PLAN.plan_hash, site_hash=PLAN.site_hash, at_work=True), **changes)
    header = kept_ledger.header_of(vehicle(), None)
    rows: list[object] = [header]
    ticks = straight(3.0, YAW_RAD, sigma_m=0.005)
    number = 0
    for ledger in versions(ticks, CONFIG, LedgerState(), ORIGIN_NS):
        if ledger.stroke is not None and ledger.stroke.number != number:
            number = ledger.stroke.number
            rows.append(ledger.stroke)
    return Journal(records=(*rows, job), valid_bytes=0, dropped_bytes=0, check=0)  # type: ignore[arg-type]


def test_a_swath_goes_on_where_the_ground_is_not_credited() -> None:
    again = restored(vehicle(PLAN), left(), 0)
    # the tool worked from 0 to 3 m; the body is that much behind it
    assert again.mission.worked_along_m == pytest.approx(3.0 - AHEAD_M, abs=0.2)
    assert again.mission.worked_along_m <= 3.0 - AHEAD_M


@pytest.mark.parametrize("change", [{"plan_hash": "another"}, {"done": True}, {"index": 7}])
def test_a_job_of_another_plan_or_one_that_was_done_begins_at_its_beginning(change: dict[str, object]) -> None:
    again = restored(vehicle(PLAN), left(**change), 0)
    assert (again.mission.index, again.mission.phase) == (0, MissionPhase.IDLE)
    assert again.ledger.credited_m2 > 3.0, "what was proven stays proven"


def test_a_plan_that_is_taken_later_goes_on_too_and_only_once() -> None:
    bare = restored(vehicle(), left(), 0)
    assert bare.mission.plan is None
    none = assign_plan(bare, None)
    again = assign_plan(none, PLAN)
    assert again.mission.phase is MissionPhase.PAUSED
    assert assign_plan(again, PLAN).mission.phase is MissionPhase.IDLE


def moves(name: str) -> Plan:
    """A plan that only drives: a metre back on the swath's own line."""
    swath = PLAN.segments[0]
    back = msgspec.structs.replace(swath, kind=SegmentKind.REVERSE, tool_down=False, points_m=swath.points_m[::-1])
    return msgspec.structs.replace(PLAN, plan_hash=name, segments=(back,))


def handed_over(state: VehicleState, plan: Plan | None) -> VehicleState:
    return plan_assignment.step(state, PlanAssignment(plan=plan), 0)[0]


def test_work_goes_on_where_it_was_left_after_ways_to_the_parking_and_back() -> None:
    at_work = msgspec.structs.replace(restored(vehicle(PLAN), left(), 0), job_left=None)
    worked_m = at_work.mission.worked_along_m
    there = handed_over(at_work, moves("there"))
    assert (there.mission.phase, there.mission.index) == (MissionPhase.IDLE, 0)
    done = msgspec.structs.replace(there, mission=msgspec.structs.replace(there.mission, phase=MissionPhase.DONE))
    back = handed_over(done, moves("back"))
    again = handed_over(back, PLAN)
    assert again.job_left is None
    mission = again.mission
    assert (mission.phase, mission.work_started, mission.worked_along_m) == (MissionPhase.PAUSED, True, worked_m)


@pytest.mark.parametrize("between", [moves("there"), None, msgspec.structs.replace(PLAN, plan_hash="another")])
def test_only_a_plan_that_drives_alone_keeps_the_place_of_the_work(between: Plan | None) -> None:
    at_work = msgspec.structs.replace(restored(vehicle(PLAN), left(), 0), job_left=None)
    phase = handed_over(handed_over(at_work, between), PLAN).mission.phase
    drives = between is not None and not works(between)
    assert phase is (MissionPhase.PAUSED if drives else MissionPhase.IDLE)


def test_a_plan_that_only_drives_keeps_the_place_also_where_it_waits_for_disarm() -> None:
    at_work = msgspec.structs.replace(restored(vehicle(PLAN), left(), 0), job_left=None)
    held = msgspec.structs.replace(at_work, gate=msgspec.structs.replace(at_work.gate, mode=Mode.HOLD))
    waiting = handed_over(held, moves("there"))
    assert waiting.mission.plan is None
    disarmed = msgspec.structs.replace(waiting, gate=at_work.gate)
    there, _ = plan_assignment.step(disarmed, None, 0)
    assert there.mission.plan is not None
    assert handed_over(there, PLAN).mission.phase is MissionPhase.PAUSED


def test_the_journal_keeps_the_place_of_the_work_while_a_way_is_driven(tmp_path: Path) -> None:
    start = vehicle(PLAN)
    keeper = keeper_in(tmp_path, start)
    keeper.begin(start, FlailAdapter())
    for state in states(start):
        keeper.accept(record(state))
    there = handed_over(state, moves("there"))
    for phase in (MissionPhase.MOVE, MissionPhase.DONE):
        mission = msgspec.structs.replace(there.mission, phase=phase)
        keeper.accept(record(msgspec.structs.replace(there, mission=mission)))
    keeper.close()
    found = journal.read(kept_in(tmp_path, kept_ledger.header_of(start, None)).path)
    assert found.plan_hash == PLAN.plan_hash
    assert found.job is not None
    assert found.job.at_work
    # a program that is started in the parking with the way back as its plan keeps the place too
    again = restored(vehicle(moves("back")), found, 5)
    assert handed_over(again, PLAN).mission.phase is MissionPhase.PAUSED


def test_nothing_moves_by_a_restart() -> None:
    before = vehicle(PLAN)
    again = restored(before, left(), 0)
    assert again.gate == before.gate
    assert again.ledger.run is None


def test_what_an_earlier_start_worked_while_a_reading_was_due_still_counts_as_held_back(tmp_path: Path) -> None:
    """Else a rod that finds what is claimed there would find the sensor right, which reads two centimetres too deep."""
    kept = kept_in(tmp_path, kept_ledger.header_of(vehicle(), None))
    writer, rows = opened(kept, SESSION), strokes_of(9)
    good = Confirm(kind="depth", by="somebody", until_number=2, t_ns=1, closing=True)
    base = Confirm(kind="base", by="somebody", until_number=1, t_ns=1, closing=True)
    found: list[Record] = [*rows[:2], base, *rows[2:4], good, *rows[4:6], SESSION, *rows[6:8], SESSION, rows[8]]
    for row in found:
        writer.append(row)
    writer.close()
    checks = restored(vehicle(), kept_in(tmp_path, kept.header).found, 0).checks
    assert checks.depth_due_before == (
        HeldBack(first_number=1, last_number=5),
        HeldBack(first_number=7, last_number=9),
    )


def test_a_reading_that_falls_due_is_on_record_with_what_was_taken_off_then(tmp_path: Path) -> None:
    """So that the next start knows by how much the claims of that time stay below what the sensor read."""
    kept = kept_in(tmp_path, kept_ledger.header_of(vehicle(), None))
    writer, rows = opened(kept, SESSION), strokes_of(4)
    checks = ChecksState(depth_due_number=2, due=Due(depth=True), margin=Margin(depth_bias_m=0.01 + DUE_M))
    followed = Followed(0, 0, None)
    told, followed = followed.after(msgspec.structs.replace(vehicle(), checks=checks), 1)
    again, _ = followed.after(msgspec.structs.replace(vehicle(), checks=checks), 2)
    assert again == ()
    good = Confirm(kind="depth", by="somebody", until_number=2, t_ns=1, closing=True)
    for row in (*rows[:2], good, *told, *rows[2:]):
        writer.append(row)
    writer.close()
    before = restored(vehicle(), kept_in(tmp_path, kept.header).found, 0).checks.depth_due_before
    assert [(row.first_number, row.last_number) for row in before] == [(1, 3), (3, 4)]
    assert before[1].bias_m == pytest.approx(0.01)


# --- the thread ------------------------------------------------------------------------------------------------------
class Script:
    """A queue that brings rows at set times of a clock of its own, and the end."""

    def __init__(self, rows: list[tuple[float, object]]) -> None:
        self.rows, self.now_s = rows, 0.0

    def get(self, timeout: float | None = None) -> object:
        at_s, row = self.rows[0]
        if timeout is not None and at_s > self.now_s + timeout:
            self.now_s += timeout
            raise queue.Empty
        self.now_s = max(self.now_s, at_s)
        self.rows.pop(0)
        return row


def strokes_of(count: int) -> list[LedgerStroke]:
    return [row for row in left().records if isinstance(row, LedgerStroke)][:count]


def revoke(last: int) -> Revoke:
    return Revoke(
        reason="check of the base",
        by="somebody",
        since_number=1,
        until_number=last,
        flags=7,
        across_m=None,
        bias_m=0.0,
        required_depth_m=0.15,
        t_ns=1,
    )


def test_what_is_written_is_on_the_disk_within_the_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keeper = keeper_in(tmp_path, vehicle())
    one, two, three, four = strokes_of(4)
    script = Script([(0.0, (one,)), (0.2, (two,)), (0.24, (three,)), (7.0, (four,)), (60.0, None)])
    synced: list[float] = []
    written_at: list[float] = []
    monkeypatch.setattr(keeper, "_jobs", script)
    monkeypatch.setattr(keeper, "_now_s", lambda: script.now_s)
    monkeypatch.setattr(keeper._writer, "sync", lambda: synced.append(script.now_s))
    append = keeper._writer.append
    monkeypatch.setattr(keeper._writer, "append", lambda row: (written_at.append(script.now_s), append(row)))
    keeper._write()
    assert written_at == [0.0, 0.2, 0.24, 7.0], "each at once"
    assert synced == [0.25, 7.25, 60.0]
    assert all(any(0.0 <= flushed - at <= ledger_keeper.SYNC_S for flushed in synced) for at in written_at)


@pytest.mark.parametrize("taken", ["withdrawal", "detonation"])
def test_what_takes_from_the_record_is_on_the_disk_at_once(
    taken: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A power cut a moment later, by the blast itself, would bring back as credit what is withdrawn or in doubt."""
    keeper = keeper_in(tmp_path, vehicle())
    one, two = strokes_of(2)
    row = revoke(1) if taken == "withdrawal" else SHOCK
    script = Script([(0.0, (one,)), (0.1, (row,)), (0.2, (two,)), (60.0, None)])
    synced: list[float] = []
    monkeypatch.setattr(keeper, "_jobs", script)
    monkeypatch.setattr(keeper, "_now_s", lambda: script.now_s)
    monkeypatch.setattr(keeper._writer, "sync", lambda: synced.append(script.now_s))
    keeper._write()
    assert synced[0] == 0.1
    assert synced[1:] == [pytest.approx(0.45), 60.0]


def test_a_disk_that_refuses_is_told_once_and_holds_up_no_tick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    told: list[str] = []
    start = vehicle(PLAN)
    keeper = keeper_in(tmp_path, start, told)

    def refuse(row: object) -> None:
        del row
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(keeper._writer, "append", refuse)
    keeper.begin(start, FlailAdapter())
    assert keeper.healthy
    for state in states(start):
        keeper.accept(record(state))
    keeper.close()
    assert not keeper.healthy
    (line,) = told
    assert "no space left" in line


def test_a_keeper_that_never_began_is_closed(tmp_path: Path) -> None:
    keeper_in(tmp_path, vehicle()).close()


def test_a_disk_that_hangs_is_seen_after_half_a_second(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    keeper, start = keeper_in(tmp_path, vehicle()), vehicle()
    go, hangs, now_s = threading.Event(), threading.Event(), [0.0]

    def hang() -> None:
        hangs.set()
        assert go.wait(120.0)

    monkeypatch.setattr(keeper, "_now_s", lambda: now_s[0])
    monkeypatch.setattr(keeper._writer, "_sync_records", 1)
    monkeypatch.setattr(keeper._writer, "sync", hang)
    keeper.begin(start, FlailAdapter())
    one, two = strokes_of(2)
    keeper._put((one,))
    assert hangs.wait(120.0)
    assert keeper.healthy
    keeper._put((two,))
    now_s[0] = 0.4
    assert keeper.healthy
    now_s[0] = 1.0
    assert not keeper.healthy
    monkeypatch.setattr(keeper._writer, "sync", lambda: None)
    go.set()
    keeper.close()
    assert keeper.healthy, "the disk came back, and nothing was lost"


def test_whatever_ends_the_thread_is_told(tmp_path: Path) -> None:
    told: list[str] = []
    keeper = keeper_in(tmp_path, vehicle(), told)
    keeper.begin(vehicle(), FlailAdapter())
    keeper._put((object(),))  # type: ignore[arg-type]
    keeper.close()
    assert not keeper.healthy
    assert len(told) == 1


def test_behind_half_a_record_nothing_is_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A disk that is nearly full takes a part, and a moment later there is room again."""
    told: list[str] = []
    keeper, write, count = keeper_in(tmp_path, vehicle(), told), os.write, [0]

    def nearly_full(file: int, frame: bytes) -> int:
        count[0] += 1
        return write(file, frame[: len(frame) // 2] if count[0] == 3 else frame)

    keeper.begin(vehicle(), FlailAdapter())
    monkeypatch.setattr(os, "write", nearly_full)
    for row in strokes_of(6):
        keeper._put((row,))
    keeper.close()
    assert not keeper.healthy
    assert "no space left" in told[0]
    path = kept_in(tmp_path, kept_ledger.header_of(vehicle(), None)).path
    assert journal.read(path).stroke_count == 2


@pytest.mark.parametrize("above", [False, True])
def test_a_journal_that_the_computer_does_not_read_is_refused_and_no_second_one_begins(
    above: bool, tmp_path: Path
) -> None:
    header = kept_ledger.header_of(vehicle(), None)
    mine = kept_in(tmp_path, header).path
    if above:
        mine.parent.symlink_to("a" * 300)  # a name that no file system takes: what lies there cannot be known
    else:
        mine.mkdir(parents=True)
    with pytest.raises(InputError) as refusal:
        kept_in(tmp_path, header)
    assert str(mine) in str(refusal.value)
    assert "cannot be read" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert [path.name for path in tmp_path.iterdir()] == [mine.parent.name]
