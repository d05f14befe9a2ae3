"""Facts of a record of several sessions, on ground that two short drives worked: whose it is, what of it counts."""

import contextlib
import math
from pathlib import Path

import msgspec
import numpy as np
import pytest
import shapely

from flailpilot import run_facts
from flailpilot.own_journal import check_own, check_withdrawn, session_of
from flailpilot.run_facts import in_order
from flailpilot.run_masks import Processed
from flailpilot.run_reading import Run
from tests import builders
from tests.control.ledger import jobs
from tests.control.ledger.driving import straight, versions
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Confirm, JobMark, LedgerStroke, Revoke
from vehicle.contracts.messages import Event
from vehicle.control.state import LedgerState
from vehicle.host.utc import TimeSource
from vehicle.planning.site.site import Site
from vehicle.records import journal, rebuilding
from vehicle.records.journal import Journal
from vehicle.records.rebuilding import masks_at
from vehicle.records.records import Header, Record, Session
from vehicle.records.stroke_table import table_of
from vehicle.reports.depths import processed_by_depth_m2
from vehicle.reports.facts import JobFacts, ReportKind
from vehicle.reports.palette import marked
from vehicle.reports.story import Samples
from vehicle.runtime.run_manifest import Manifest

MISSION = jobs.CONFIG.mission
EMPTY = shapely.Polygon()
FIRST, SECOND = Session(session_id=0xA, utc=""), Session(session_id=0xB, utc="")
HEADER = Header(
    vehicle_id="a", site_hash="test", plan_hash="", cell_m=MISSION.cell_m, required_depth_m=MISSION.required_depth_m,
    k_sigma=MISSION.k_sigma, datum_lat_deg=builders.DATUM.lat_deg, datum_lon_deg=builders.DATUM.lon_deg,
    datum_alt_m=builders.DATUM.alt_m,
)  # fmt: skip
SITE = Site(
    name="north field", datum=builders.DATUM, work_area=jobs.slanted(6.0, 2.4, 0.4, 0.8), keep_out=EMPTY,
    safe_ground=EMPTY, access=EMPTY, site_hash="test",
)  # fmt: skip
NONE, WHOLE = np.zeros(0), np.zeros(0, np.int64)
SAMPLES = Samples(
    t_s=NONE, east_m=NONE, north_m=NONE, speed_mps=NONE, yaw_rad=NONE, yaw_rate_radps=NONE, sigma_m=NONE, depth_m=NONE,
    age_s=NONE, mode=WHOLE, phase=WHOLE, segment=WHOLE, proven=np.zeros(0, np.bool_), run=WHOLE,
)  # fmt: skip


def job(*, done: bool) -> JobMark:
    return JobMark(plan_hash="test", site_hash="test", index=1, done=done)


def strokes() -> tuple[list[LedgerStroke], list[LedgerStroke]]:
    """Of two swaths of 8 m with a seam, numbered on from one to the other."""
    start_m = (-0.5 - 1.3 * math.sin(jobs.YAW_RAD), 0.1 + 1.3 * math.cos(jobs.YAW_RAD))
    found, state = [], LedgerState()
    for place_m, start_ns in (((-0.5, 0.1), 10**9), (start_m, 10**12)):
        rows: dict[int, LedgerStroke] = {}
        before = state.stroke.number if state.stroke is not None else 0
        for after in versions(straight(8.0, jobs.YAW_RAD, place_m), jobs.CONFIG, state, start_ns):
            state = after
            if state.stroke is not None and state.stroke.number > before:
                rows[state.stroke.number] = state.stroke
        found.append(list(rows.values()))
    return found[0], found[1]


ONE, TWO = strokes()
DAY1: tuple[Record, ...] = (HEADER, FIRST, *ONE, job(done=False))
DAY2: tuple[Record, ...] = (*DAY1, SECOND, *TWO, job(done=True))


def run_of(records: tuple[Record, ...], session: Session, day: int, where: str = "/ledger", **more: object) -> Run:
    name = f"2026-11-{day:02d}T08:00:00.000Z"
    manifest = Manifest(
        run=f"day{day}", vehicle_id="a", machine="m", required_depth_m=MISSION.required_depth_m, start_utc=name,
        time_source=TimeSource.SIMULATED, session_id=session_of(session),
    )  # fmt: skip
    kept = Journal(records=records, valid_bytes=0, dropped_bytes=0, check=0)
    made = Run(
        folder=Path("/none"), manifest=manifest, site=SITE, plan=jobs.plan(), config=jobs.CONFIG, journal=kept,
        journal_path=Path(where), task=None, events=(), samples=SAMPLES, zero_us=day * 86_400_000_000, start_ns=0,
        end_ns=10**9, note="", files=(),
    )  # fmt: skip
    return msgspec.structs.replace(made, **more)


def facts(*runs: Run) -> JobFacts:
    return run_facts.facts_of(runs, ReportKind.DAILY)


def check(header: Header = HEADER, records: tuple[Record, ...] = DAY1[1:], session: Session = FIRST) -> None:
    made = run_of((header, *records), session, 1)
    check_own(Path("ledger.journal"), made.journal, made.manifest, made.site, made.config)


def test_the_journal_of_the_run_is_its_own() -> None:
    check()
    check(msgspec.structs.replace(HEADER, site_hash=""))


WITHDRAWN = Revoke(reason="depth reading: 0.1 m", by="T", since_number=1, until_number=2)
TOLD = "credit withdrawn: depth reading: 0.1 m"
SHALLOW = "depth on record 0.050 m too great since the last good reading: depth reading: 0.1 m"


def said(*texts: str, kind: str = "record") -> list[Event]:
    return [Event(t_ns=1, tick=1, kind=kind, text=text, east_m=None, north_m=None) for text in texts]


@pytest.mark.parametrize(
    ("records", "told", "missing"),
    [
        ((*DAY1, WITHDRAWN), said(TOLD), False),
        ((*DAY1, WITHDRAWN), said("credit withdrawn from 0.10 to 0.20 m across the tool: depth reading: 0.1 m"), False),
        ((*DAY1, WITHDRAWN), said(SHALLOW), False),
        (DAY1, said("credit again", "base: checked and good"), False),
        (DAY1, said(TOLD, kind="mission"), False),
        (DAY1, said(TOLD), True),
        (DAY1, said(SHALLOW), True),
        ((*DAY1, WITHDRAWN), said(TOLD, TOLD), True),
        ((*DAY1, WITHDRAWN), said("credit withdrawn: hammers lost"), True),
        ((*DAY1, SECOND, WITHDRAWN), said(TOLD), True),  # the same words of a later session
    ],
)
def test_a_journal_holds_each_withdrawal_that_the_recording_tells(
    records: tuple[Record, ...], told: list[Event], *, missing: bool
) -> None:
    made = run_of(records, FIRST, 1)
    refused = pytest.raises(InputError, match=r"^ledger.journal: lacks a withdrawal of which the recording tells \(")
    with refused if missing else contextlib.nullcontext():
        check_withdrawn(Path("ledger.journal"), made.journal, made.manifest, told)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("site_hash", "other", "site 'other', the run has 'test'"),
        ("datum_lat_deg", 1.0, "latitude of the datum 1.0"),
        ("datum_lon_deg", 1.0, "longitude of the datum 1.0"),
        ("datum_alt_m", 1.0, "altitude of the datum 1.0"),
        ("cell_m", 1.0, "cell 1.0"),
        ("required_depth_m", 0.01, "required depth 0.01"),
        ("k_sigma", 0.5, "k 0.5"),
    ],
)
def test_a_journal_of_other_ground_or_another_rule_is_refused(name: str, value: object, words: str) -> None:
    with pytest.raises(InputError, match="not the record of this run") as refused:
        check(msgspec.structs.replace(HEADER, **{name: value}))
    assert words in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_journal_that_names_no_site_is_of_the_site_of_its_jobs() -> None:
    other = msgspec.structs.replace(job(done=False), site_hash="other")
    with pytest.raises(InputError, match="site 'other'"):
        check(msgspec.structs.replace(HEADER, site_hash=""), (FIRST, *ONE, other))


def test_a_journal_without_the_runs_session_is_refused() -> None:
    with pytest.raises(InputError, match="holds no session 000000000000000b of this run"):
        check(session=SECOND)


def test_of_a_journal_without_the_runs_session_nothing_is_taken() -> None:
    assert facts(run_of(DAY1, SECOND, 1)).ledger.swept_cells == 0


def test_runs_that_credit_by_another_k_are_of_another_task() -> None:
    header = msgspec.structs.replace(HEADER, k_sigma=0.5)
    with pytest.raises(InputError, match=r"of another task .*k_sigma"):
        facts(run_of(DAY1, FIRST, 1), run_of((header, SECOND, *TWO), SECOND, 2, "/other"))


def revoke(since: int, until: int) -> Revoke:
    return Revoke(reason="a rod was bent", by="A", since_number=since, until_number=until, t_ns=5)


def test_what_a_later_session_withdraws_of_a_run_counts_in_its_report_alone() -> None:
    half = len(ONE) // 2
    back = (*DAY1, SECOND, *TWO, revoke(half + 1, len(ONE) + len(TWO)))
    alone, early = facts(run_of(back, FIRST, 1)), facts(run_of((HEADER, FIRST, *ONE[:half]), FIRST, 1))
    whole = facts(run_of(DAY1, FIRST, 1))
    assert 0.0 < early.found.processed_m2 <= alone.found.processed_m2 < whole.found.processed_m2
    assert alone.found.withdrawn_m2 > 0.0
    assert alone.runs[0].processed_m2 == pytest.approx(alone.found.processed_m2, abs=1e-9)
    assert alone.acts == ()  # its time is of another session's clock
    assert "1 of them reach back into these runs and are counted" in alone.remarks[0]
    assert alone.lots[-1].last_number == len(ONE)


def test_what_a_later_session_withdraws_of_its_own_leaves_an_earlier_run_alone() -> None:
    own = (*DAY2, revoke(len(ONE) + 1, len(ONE) + len(TWO)))
    assert facts(run_of(own, FIRST, 1)).found.processed_m2 == facts(run_of(DAY1, FIRST, 1)).found.processed_m2


def test_copies_of_a_journal_and_its_beginning_are_one_record_and_each_day_has_its_line() -> None:
    once = facts(run_of(DAY2, FIRST, 1), run_of(DAY2, SECOND, 2))
    assert once.found.missed_m2 == 0.0
    for first in (DAY1, DAY2):
        both = facts(run_of(first, FIRST, 1, "/day1"), run_of(DAY2, SECOND, 2, "/day2"))
        assert [row.processed_m2 for row in both.runs] == [row.processed_m2 for row in once.runs]
        assert all(row.processed_m2 > 1.0 for row in both.runs)
        assert [lot.day for lot in both.lots] == ["1970-01-02", "1970-01-03"]


def test_checks_of_a_day_stay_when_the_next_days_copy_holds_them() -> None:
    act = revoke(1, 2)
    first = (*DAY1, act)
    both = facts(run_of(first, FIRST, 1, "/day1"), run_of((*first, SECOND, *TWO), SECOND, 2, "/day2"))
    assert [row.act for row in both.acts] == [act]


def test_a_withdrawal_in_one_copy_of_a_journal_holds_for_all() -> None:
    rows = (*DAY2, revoke(1, len(ONE)))
    once, copied = facts(run_of(rows, SECOND, 2)), facts(run_of(rows, FIRST, 1, "/a"), run_of(rows, SECOND, 2, "/b"))
    assert copied.found.processed_m2 == once.found.processed_m2


def week(count: int) -> list[Run]:
    """Runs of one journal, a day each, that share out the strokes; one withdraws, one confirms."""
    rows: list[Record] = [HEADER]
    strokes, sessions = [*ONE, *TWO], []
    for day in range(count):
        sessions.append(Session(session_id=day + 1, utc=""))
        rows += [sessions[-1], *strokes[day * len(strokes) // count : (day + 1) * len(strokes) // count]]
        rows += [revoke(3, 5)] if day == 1 else [Confirm(kind="base", by="A", until_number=9)] if day == 2 else []
    return [run_of(tuple(rows), session, day) for day, session in enumerate(sessions, start=1)]


def test_masks_after_each_run_are_those_that_the_journal_makes() -> None:
    records = [entry.record for entry in run_facts.put_together(week(6))[0]]
    cuts, seen = {0, 1, 2, 17, len(records) // 2, len(records)}, []
    asked, known = SITE.work_area, Processed(SITE.work_area, MISSION.cell_m)
    for cut, found in masks_at(records, cuts):
        whole = journal.rebuilt(Journal(records=tuple(records[:cut]), valid_bytes=0, dropped_bytes=0, check=0))
        assert msgspec.structs.replace(found, tiles={}, warm=()) == msgspec.structs.replace(whole, tiles={}, warm=())
        assert {key: held for block in found.tiles.values() for key, held in block.items()} == {
            key: held for block in whole.tiles.values() for key, held in block.items()
        }
        by_depth_m2 = processed_by_depth_m2(asked, whole, MISSION.cell_m)
        assert known.area_m2(found) == pytest.approx(by_depth_m2.sum(), abs=1e-9)
        seen.append(cut)
    assert seen == sorted(cuts - {0})


def test_each_stroke_is_looked_at_once_however_many_the_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[int] = []

    def counted(strokes: list[LedgerStroke]) -> object:
        looked.append(len(strokes))
        return table_of(strokes)

    monkeypatch.setattr(rebuilding, "table_of", counted)
    for count in (3, 12):
        looked.clear()
        made = facts(*week(count))
        assert len(made.runs) == count
        assert sum(row.processed_m2 for row in made.runs) == pytest.approx(made.found.processed_m2, abs=1e-9)
        assert sum(looked) == len(ONE) + len(TWO)


DONE = Event(t_ns=0, tick=90, kind="mission", text="mission: done", east_m=1.0, north_m=2.0)


def test_completed_is_what_the_newest_run_left_done_with_nothing_missed_or_withdrawn() -> None:
    assert facts(run_of(DAY2, SECOND, 2)).status == "completed"
    assert facts(run_of((*DAY2, revoke(1, 9)), SECOND, 2)).status == "suspended"
    other = msgspec.structs.replace(jobs.plan(), plan_hash="other")
    assert facts(run_of(DAY2, SECOND, 2, plan=other)).status == "suspended"
    assert facts(run_of((*DAY1, job(done=True)), FIRST, 1)).status == "suspended"  # the second swath was never worked


def test_a_job_that_was_broken_off_is_not_completed_by_an_earlier_run() -> None:
    third = Session(session_id=0xC, utc="")
    rows = (*DAY2, third, job(done=False))
    runs = (run_of(rows, SECOND, 2, events=(DONE,)), run_of(rows, third, 3))
    assert facts(*runs).found.missed_m2 == 0.0
    assert facts(*runs).status == "suspended"
    assert facts(runs[0]).status == "completed"  # what came after it is not its own


def test_stops_of_a_later_run_are_told_after_one_that_was_done() -> None:
    def event(tick: int, kind: str, text: str) -> Event:
        return Event(t_ns=tick * 20_000_000, tick=tick, kind=kind, text=text, east_m=1.0, north_m=2.0)

    first = (DONE, event(95, "mode", "AUTO_MOVE -> STOPPING"))
    armed, stop = event(3, "mode", "DISARMED -> READY"), event(400, "mode", "AUTO_WORK -> STOPPING")
    early = event(7, "mode", "AUTO_WORK -> STOPPING")
    for told in (first, first[:1]):  # the program ended before it was disarmed
        for later, stops in (((stop,), 1), ((early,), 1), ((early, stop), 2)):
            runs = (run_of(DAY2, FIRST, 1, events=told), run_of(DAY2, SECOND, 2, events=(armed, *later)))
            assert len(marked(facts(*runs).events)) == stops


def test_a_report_of_a_rest_alone_says_that_an_earlier_plan_may_have_listed_what_is_missed() -> None:
    """Else the paper of the last day asks for work where no machine can work, and that of all days does not."""
    whole = run_of(DAY1, FIRST, 1, plan=msgspec.structs.replace(jobs.plan(), area_m2=14.4))
    rest = run_of(DAY2, SECOND, 2, plan=msgspec.structs.replace(jobs.plan(), area_m2=3.0))
    assert any("is of remaining ground" in line for line in facts(rest).remarks)
    assert not any("is of remaining ground" in line for line in facts(whole, rest).remarks)
    assert not any("is of remaining ground" in line for line in facts(whole).remarks)


def test_what_a_day_had_not_come_to_is_still_to_do_and_missed_in_the_last_report() -> None:
    daily = facts(run_of(DAY1, FIRST, 1))
    final = run_facts.facts_of([run_of(DAY1, FIRST, 1)], ReportKind.COMPLETION)
    assert daily.found.to_do_m2 > 3.5
    assert final.found.to_do_m2 == 0.0
    assert final.found.missed_m2 == pytest.approx(daily.found.missed_m2 + daily.found.to_do_m2, abs=1e-6)
    assert daily.status == final.status == "suspended"


@pytest.mark.parametrize(
    "mark", [None, job(done=True), msgspec.structs.replace(job(done=False), plan_hash="an earlier plan")]
)
def test_without_the_place_of_this_plans_job_nothing_is_to_do(mark: JobMark | None) -> None:
    records: tuple[Record, ...] = (HEADER, FIRST, *ONE, *([mark] if mark is not None else []))
    assert facts(run_of(records, FIRST, 1)).found.to_do_m2 == 0.0


def test_runs_whose_time_is_unknown_are_taken_as_they_were_named() -> None:
    """The zero of an uptime is another one after each start, and says nothing about which run came first."""
    one, two = run_of(DAY1, FIRST, 1), run_of(DAY2, SECOND, 2)
    bare = [msgspec.structs.replace(run, zero_us=None, start_ns=ns) for run, ns in ((one, 9 * 10**9), (two, 10**9))]
    for named in (bare, [one, bare[1]], [bare[0], two]):
        assert in_order(named) == named
        assert facts(*named).runs[-1].name == "day2"
        told = [line for line in facts(*named).remarks if line.startswith("When these runs began is not known: day")]
        assert len(told) == 1
    assert in_order([two, one]) == [one, two]
    assert not any("began is not known" in line for line in facts(one, two).remarks)
    assert not any("began is not known" in line for line in facts(bare[0]).remarks)
