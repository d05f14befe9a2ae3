"""Ground to which the work had not come is still to do, and nothing else is: it is told apart from what was missed."""

import math

import msgspec
import pytest
import shapely

from tests.control.ledger import jobs
from tests.control.ledger.driving import drive, straight
from vehicle.contracts.ledger_types import JobMark, LedgerBand, LedgerStroke
from vehicle.reports import gaps
from vehicle.reports.about import job_values
from vehicle.reports.ahead import swaths_ahead
from vehicle.reports.cell_states import CellState, states
from vehicle.reports.facts import JobFacts
from vehicle.reports.gaps import GapReason, names_of
from vehicle.reports.ground_sections import balance, balance_texts, not_processed, pieces_of
from vehicle.reports.picture import labels_of
from vehicle.reports.products import features
from vehicle.reports.report import _verdict

AREA = jobs.slanted(14.0, 2.4, 0.4, 0.8)
"""The last third of it was never reached."""
AHEAD = jobs.slanted(4.0, 2.0, 9.0, 0.8)


def found_of(made: JobFacts, ahead: object) -> gaps.Found:
    return gaps.find(AREA, shapely.Polygon(), made.plan, made.ledger, made.config, (), ahead)


@pytest.fixture(scope="module")
def facts() -> JobFacts:
    made = jobs.job(AREA, jobs.worked(), status="suspended")
    return msgspec.structs.replace(made, found=found_of(made, AHEAD))


def test_the_parts_add_up_with_what_is_still_to_do(facts: JobFacts) -> None:
    bare, found = found_of(facts, None), facts.found
    assert bare.to_do_m2 == 0.0
    assert found.to_do_m2 == pytest.approx(shapely.intersection(AHEAD, AREA).area, rel=0.02)
    assert found.missed_m2 + found.to_do_m2 == pytest.approx(bare.missed_m2, abs=1e-6)
    ahead = [shapely.Polygon(*[(gap.rings_m[0])]) for gap in found.gaps if gap.reason is GapReason.NOT_REACHED]
    assert shapely.difference(shapely.union_all(ahead), AHEAD.buffer(1e-6)).area < 1e-6
    shown = [float(text) for text in balance_texts(found).values()]
    assert sum(shown) == pytest.approx(round(found.area_m2, 2) - round(found.processed_m2, 2), abs=1e-9)


def test_ground_with_a_reading_against_it_is_not_still_to_do(facts: JobFacts) -> None:
    everything = found_of(facts, AREA.buffer(1.0))
    assert ({gap.reason for gap in everything.gaps}, everything.missed_m2) == ({GapReason.NOT_REACHED}, 0.0)
    shallow = drive(straight(8.0, jobs.YAW_RAD, (-0.5, 0.1), depth_m=0.12), jobs.CONFIG)
    made = msgspec.structs.replace(facts, ledger=shallow)
    below = found_of(made, AREA.buffer(1.0))
    assert {gap.reason for gap in below.gaps} == {GapReason.NOT_REACHED, GapReason.BELOW_DEPTH}
    assert below.missed_m2 == pytest.approx(found_of(made, None).below_depth_m2, rel=0.1)


def test_page_map_and_exports_call_it_by_its_name(facts: JobFacts) -> None:
    page = balance(facts, 0.0)
    assert "Still to do: in swaths to which the work had not come" in page
    assert "What is still to do adds up with them." in page
    assert "are still to do:</b>" in _verdict(facts)
    assert "were missed</b>" in _verdict(facts)
    names = names_of(facts.found.gaps)
    assert {"M1", "W1"} <= set(names)
    assert [piece.name for piece in pieces_of(facts)][: len(names)] == names
    assert [row.values["name"] for row in features(facts) if row.layer == "missed"] == names
    assert "W1" in {label.text for label in labels_of(facts)}
    assert "Still to do, 1 pieces" in not_processed(facts)
    assert float(job_values(facts)["to_do_m2"]) == pytest.approx(facts.found.to_do_m2, abs=1e-4)
    planned_m2 = sum(row.area_m2 for row in states(facts) if row.reason == "not_reached")
    assert planned_m2 == pytest.approx(facts.found.to_do_m2, abs=1e-3)
    assert {row.state for row in states(facts) if row.reason == "not_reached"} == {CellState.PLANNED}


def test_nothing_of_it_is_said_where_nothing_is_to_do(facts: JobFacts) -> None:
    bare = msgspec.structs.replace(facts, found=found_of(facts, None))
    assert "to do" not in balance(bare, 0.0) + _verdict(bare) + not_processed(bare)


# --- which ground is ahead -------------------------------------------------------------------------------------------
def stroke(along_m: float, turn_rad: float = 0.0, left_m: float = 0.1) -> LedgerStroke:
    east, north = math.cos(jobs.YAW_RAD), math.sin(jobs.YAW_RAD)
    band = LedgerBand(rear_m=-0.1, front_m=0.1, right_m=-0.8, left_m=0.8, flags=0)
    yaw_rad = jobs.YAW_RAD + turn_rad
    return LedgerStroke(
        number=1, t_ns=0, east_m=along_m * east - left_m * north, north_m=along_m * north + left_m * east,
        forward_east=math.cos(yaw_rad), forward_north=math.sin(yaw_rad), slope=0.0, bands=(band,),
    )  # fmt: skip


def ahead_m2(index: int, newest: LedgerStroke | None = None, *, at_work: bool = False) -> float:
    mark = JobMark(plan_hash="test", site_hash="test", index=index, at_work=at_work)
    return float(swaths_ahead(jobs.plan(), mark, newest).area)


def test_the_swaths_after_the_place_of_the_job_are_ahead() -> None:
    both_m2, last_m2 = ahead_m2(0), ahead_m2(1)
    assert ahead_m2(2) == 0.0
    assert last_m2 == pytest.approx(8.0 * jobs.plan().machine.tool_width_m, rel=1e-6)
    assert last_m2 < both_m2 < 2.0 * last_m2 + 1e-6


def test_of_a_swath_that_was_begun_the_ground_in_front_of_the_newest_stroke_is_ahead() -> None:
    machine = jobs.plan().machine
    last_m2, half_m2 = ahead_m2(1), 5.0 * machine.tool_width_m
    at_m = machine.tool_ahead_m - 0.5 + 4.0
    begun_m2 = ahead_m2(0, stroke(at_m - 0.1), at_work=True)
    whole = swaths_ahead(jobs.plan(), JobMark(plan_hash="test", site_hash="test", index=1), None)
    assert last_m2 < begun_m2 <= last_m2 + half_m2 + 1e-6
    for other in (None, stroke(at_m, math.pi), stroke(at_m, left_m=9.0)):
        assert ahead_m2(0, other, at_work=True) == pytest.approx(whole.area)
