"""States of the ground add up to the work area, none lies over another, and each follows from the record."""

import csv
from itertools import combinations
from pathlib import Path

import msgspec
import pytest
import shapely

from tests.control.ledger import jobs
from vehicle.contracts.ledger_types import Confirm, Revoke
from vehicle.contracts.messages import Event
from vehicle.control.ledger import withdrawal
from vehicle.control.state import LedgerState
from vehicle.reports import gaps
from vehicle.reports.about import public_values
from vehicle.reports.cell_states import CellState, Ground, states, write_states
from vehicle.reports.facts import JobFacts

AREA = jobs.slanted(9.0, 3.2, -0.5, 0.6)
KEEP_OUT = shapely.Point(3.0, 3.2).buffer(0.4)


def facts_of(ledger: LedgerState, **changes: object) -> JobFacts:
    made = jobs.job(AREA, ledger, KEEP_OUT, **changes)
    found = gaps.find(AREA, KEEP_OUT, made.plan, ledger, made.config)
    return msgspec.structs.replace(made, found=found)


def by_state(found: list[Ground]) -> dict[CellState, float]:
    sums: dict[CellState, float] = {}
    for row in found:
        sums[row.state] = sums.get(row.state, 0.0) + row.area_m2
    return sums


@pytest.fixture(scope="module")
def worked() -> LedgerState:
    """Two swaths; the first is confirmed, the end of the second turned out to be too shallow."""
    ledger = jobs.worked()
    newest = ledger.stroke.number if ledger.stroke is not None else 0
    ledger = withdrawal.confirmed(ledger, Confirm(kind="base", by="A", until_number=newest // 2))
    shallow = Revoke(
        reason="x", by="y", since_number=newest - 20, until_number=newest, bias_m=0.05, required_depth_m=0.15
    )
    return withdrawal.done(withdrawal.begun(ledger, shallow), jobs.CONFIG.mission.cell_m)


def test_all_states_together_are_the_work_area_and_none_lies_over_another(worked: LedgerState) -> None:
    facts = facts_of(worked)
    found = [row for row in states(facts) if row.state is not CellState.DETONATION]
    assert sum(row.area_m2 for row in found) == pytest.approx(facts.found.area_m2, abs=1e-4)
    for one, other in combinations(found, 2):
        assert shapely.intersection(one.geometry, other.geometry).area < 1e-6, (one.state, other.state)
    sums = by_state(found)
    assert {CellState.PROCESSED, CellState.PROVISIONAL, CellState.BELOW_DEPTH, CellState.SKIPPED} <= set(sums)
    claimed = sums[CellState.PROCESSED] + sums[CellState.PROVISIONAL]
    assert claimed == pytest.approx(facts.found.processed_m2, abs=1e-4)
    assert all(row.reason for row in found if row.state in (CellState.SKIPPED, CellState.BELOW_DEPTH))


def test_the_figure_of_provisional_ground_is_that_of_the_work_area_alone(worked: LedgerState) -> None:
    facts = facts_of(worked)
    inside_m2 = by_state(list(states(facts)))[CellState.PROVISIONAL]
    assert 0.0 < inside_m2 < facts.provisional_m2 - 0.1  # the tool worked beyond the edge
    assert float(public_values(facts)["provisional_m2"]) == pytest.approx(inside_m2, abs=1e-3)


def test_what_was_not_reached_is_planned_until_the_job_ends(worked: LedgerState) -> None:
    for status, state in (("suspended", CellState.PLANNED), ("completed", CellState.SKIPPED)):
        found = [row for row in states(facts_of(worked, status=status)) if row.reason == "not_swept"]
        assert found
        assert {row.state for row in found} == {state}


def test_what_was_withdrawn_is_skipped_with_its_reason(worked: LedgerState) -> None:
    revoke = Revoke(reason="x", by="y", since_number=1, until_number=20)
    ledger = withdrawal.done(withdrawal.begun(worked, revoke), jobs.CONFIG.mission.cell_m)
    before, after = by_state(list(states(facts_of(worked)))), by_state(list(states(facts_of(ledger))))
    assert after[CellState.PROCESSED] < before[CellState.PROCESSED]
    assert any(row.reason == "withdrawn" and row.state is CellState.SKIPPED for row in states(facts_of(ledger)))


def test_a_detonation_is_a_place(worked: LedgerState) -> None:
    event = Event(t_ns=1, tick=1, kind="detonation", text="AP, tool intact", east_m=1.0, north_m=2.0)
    (found,) = [row for row in states(facts_of(worked, events=(event,))) if row.state is CellState.DETONATION]
    assert (found.geometry.coords[0], found.reason) == ((1.0, 2.0), "AP, tool intact")


def test_the_table_holds_every_piece(worked: LedgerState, tmp_path: Path) -> None:
    facts = facts_of(worked)
    write_states(tmp_path / "states.csv", facts)
    with (tmp_path / "states.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = list(states(facts))
    assert [(row["state"], row["reason"]) for row in rows] == [(row.state.value, row.reason) for row in found]
    assert sum(float(row["area_m2"]) for row in rows) == pytest.approx(facts.found.area_m2, abs=1e-2)
    assert all(shapely.is_valid(shapely.from_wkt(row["wkt"])) for row in rows)
