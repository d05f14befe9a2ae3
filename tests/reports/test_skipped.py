"""Ground of skipped swaths in balance, states, report and exports: never silently missed, never counted twice."""

import csv
from pathlib import Path

import msgspec
import pytest
import shapely

from tests.control.ledger import jobs
from vehicle.contracts.skipped import SkippedSwath
from vehicle.reports import gaps
from vehicle.reports.cell_states import CellState, states, write_states
from vehicle.reports.facts import JobFacts
from vehicle.reports.gaps import GapReason
from vehicle.reports.ground_sections import pieces_of
from vehicle.reports.products import features

AREA = jobs.slanted(14.0, 2.4, 0.4, 0.8)
"""The last third of it was never reached."""
RING = tuple(map(tuple, shapely.get_coordinates(jobs.slanted(4.0, 1.2, 9.0, 0.4).exterior).tolist()))
SKIP = SkippedSwath(swath=2, plan_hash="test", ring_m=RING, reason="wet", words="<water>", by="leader", utc_us=None)
WHY = "swath 2: too wet: <water> (leader)"


@pytest.fixture(scope="module")
def facts() -> JobFacts:
    made = jobs.job(AREA, jobs.worked())
    return msgspec.structs.replace(
        made, found=gaps.find(AREA, shapely.Polygon(), made.plan, made.ledger, made.config, (SKIP,))
    )


def polygon(gap: gaps.Gap) -> shapely.Polygon:
    return shapely.Polygon(gap.rings_m[0], gap.rings_m[1:])


def test_the_ground_of_a_skipped_swath_is_missed_with_its_own_reason(facts: JobFacts) -> None:
    bare = gaps.find(AREA, shapely.Polygon(), facts.plan, facts.ledger, facts.config)
    assert facts.found.missed_m2 == bare.missed_m2
    assert sum(gap.area_m2 for gap in facts.found.gaps) == pytest.approx(
        sum(gap.area_m2 for gap in bare.gaps), abs=1e-4
    )
    skipped = [gap for gap in facts.found.gaps if gap.reason is GapReason.SKIPPED]
    assert {gap.note for gap in skipped} == {WHY}
    inside = shapely.union_all([polygon(gap) for gap in skipped])
    assert inside.area > 3.0
    assert shapely.difference(inside, shapely.Polygon(RING).buffer(1e-6)).area < 1e-6
    rest = [polygon(gap) for gap in facts.found.gaps if gap.reason is GapReason.NOT_SWEPT]
    assert shapely.intersection(inside, shapely.union_all(rest)).area < 1e-6


def test_worked_ground_of_a_skipped_swath_counts_as_worked(facts: JobFacts) -> None:
    everything = msgspec.structs.replace(
        SKIP, ring_m=tuple(map(tuple, shapely.get_coordinates(AREA.exterior).tolist()))
    )
    found = gaps.find(AREA, shapely.Polygon(), facts.plan, facts.ledger, facts.config, (everything,))
    assert found.processed_m2 == facts.found.processed_m2
    assert all(gap.note == WHY for gap in found.gaps)
    assert GapReason.NOT_SWEPT not in {gap.reason for gap in found.gaps}
    margin = [gap for gap in found.gaps if gap.reason is GapReason.CREDIT_MARGIN]
    assert margin, "ground that the tool passed keeps the reason that its readings show"


def test_states_say_skipped_with_the_reason_while_the_rest_is_planned(facts: JobFacts, tmp_path: Path) -> None:
    facts = msgspec.structs.replace(facts, status="suspended")
    found = list(states(facts))
    assert sum(row.area_m2 for row in found) == pytest.approx(facts.found.area_m2, abs=1e-4)
    (skipped,) = {row.state for row in found if row.reason == WHY}
    assert skipped is CellState.SKIPPED
    assert {row.state for row in found if row.reason == "not_swept"} == {CellState.PLANNED}
    write_states(tmp_path / "states.csv", facts)
    rows = list(csv.DictReader((tmp_path / "states.csv").read_text(encoding="utf-8").splitlines()))
    assert {row["state"] for row in rows if row["reason"] == WHY} == {"skipped"}


def test_report_and_exports_name_the_swath_and_the_person(facts: JobFacts) -> None:
    (piece, *_) = [piece for piece in pieces_of(facts) if "left out on purpose" in piece.why]
    assert piece.why == "left out on purpose: swath 2: too wet: &lt;water&gt; (leader)"
    assert "left out on purpose" in piece.follow_up
    (row, *_) = [one for one in features(facts) if one.layer == "missed" and one.values["reason"] == "skipped"]
    assert row.values["text"] == f"left out on purpose: {WHY}"


def test_of_two_skips_the_newer_one_is_told(facts: JobFacts) -> None:
    newer = msgspec.structs.replace(SKIP, reason="explosive", words="fuse", swath=3)
    found = gaps.find(AREA, shapely.Polygon(), facts.plan, facts.ledger, facts.config, (SKIP, newer))
    assert {gap.note for gap in found.gaps if gap.reason is GapReason.SKIPPED} == {newer.why}
