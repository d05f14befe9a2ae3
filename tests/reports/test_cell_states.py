"""States of the ground add up to the work area, none lies over another, and each follows from the record."""

import csv
from itertools import combinations
from pathlib import Path

import matplotlib.image
import msgspec
import numpy as np
import pyogrio
import pytest
import shapely
from matplotlib.colors import to_rgb

from tests.control.ledger import jobs
from vehicle.contracts.ledger_types import Confirm, Observed, Revoke
from vehicle.control.ledger import withdrawal
from vehicle.control.state import LedgerState
from vehicle.reports import gaps
from vehicle.reports.about import public_values
from vehicle.reports.cell_states import CellState, Ground, states, write_states
from vehicle.reports.facts import JobFacts, RecordedAct
from vehicle.reports.palette import MARKS
from vehicle.reports.picture import draw_map, labels_of
from vehicle.reports.results import write_all

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


def told(kind: str, value: float, text: str, place_m: tuple[float, float] | None) -> RecordedAct:
    act = Observed(
        kind=kind, value=value, sigma=None, place_m=place_m, by="A", text=text, station_id=1, t_ns=0, utc_us=None
    )
    return RecordedAct(t_s=6.5, act=act)


ACTS = (
    told("detonation_class", 3.0, "nobody says where", None),
    told("detonation_class", 4.0, "AP, tool intact", (1.0, 2.0)),
    told("note", 0.0, "rain", (0.0, 0.0)),
    told("find", 2.0, "fuze", (2.5, 1.0)),
)


def test_a_detonation_is_a_place(worked: LedgerState) -> None:
    (found,) = [row for row in states(facts_of(worked, acts=ACTS)) if row.state is CellState.DETONATION]
    assert (found.geometry.coords[0], found.reason) == ((1.0, 2.0), "class 4, AP, tool intact")


def test_a_shock_that_the_machine_felt_is_a_place_until_people_tell_of_it(worked: LedgerState) -> None:
    felt, far = told("shock", 1.0, "small shock, 12 g", (3.0, 4.0)), told("shock", 2.0, "large shock", (9.0, 4.0))
    word = told("detonation_class", 1.0, "AP, picture good", (2.0, 4.0))

    def texts(*acts: RecordedAct) -> list[str]:
        found = states(facts_of(worked, acts=acts))
        return [row.reason for row in found if row.state is CellState.DETONATION]

    assert texts(felt, far) == ["small shock, 12 g", "large shock"]
    assert texts(felt, word, far) == ["class 1, AP, picture good", "large shock"]


@pytest.mark.long
def test_detonations_and_finds_that_were_told_are_points_of_every_export(worked: LedgerState, tmp_path: Path) -> None:
    facts = facts_of(worked, acts=ACTS, zero_us=1_777_881_600_000_000)
    write_all(tmp_path, facts)
    with (tmp_path / "points.csv").open(newline="", encoding="utf-8") as file:
        rows = {row["name"]: row for row in csv.DictReader(file) if row["name"].startswith("F")}
    assert {name: row["kind"] for name, row in rows.items()} == {"F1": "detonation", "F2": "find"}
    assert (float(rows["F2"]["east_m"]), rows["F2"]["text"], rows["F2"]["utc"]) == (
        2.5, "2 found, fuze", "2026-05-04T08:00:06Z",
    )  # fmt: skip
    for name, layer in (("ledger.gpkg", "events"), ("ledger.kml", "events"), ("ledger_points.geojson", None)):
        meta, _, wkb, columns = pyogrio.raw.read(tmp_path / name, layer=layer, force_2d=True)
        names = [str(field) for field in meta["fields"]]
        held = columns[names.index("Name" if "Name" in names else "name")].tolist()
        place = shapely.from_wkb(wkb[held.index("F2")])
        expected = facts.plan.datum.lonlat_from_enu_array([(2.5, 1.0)])[0].tolist()
        assert (place.x, place.y) == pytest.approx(expected, abs=1e-7), name
    assert {label.text for label in labels_of(facts)} >= {"F1", "F2"}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "find F2" in page[page.index("Detonations, finds, notes") :]


@pytest.mark.long
@pytest.mark.draws
def test_the_map_shows_a_find_where_it_was_told(worked: LedgerState, tmp_path: Path) -> None:
    def pixels(name: str, acts: tuple[RecordedAct, ...]) -> int:
        draw_map(tmp_path / name, facts_of(worked, acts=acts, events=()))
        image = matplotlib.image.imread(tmp_path / name)[..., :3]
        return int((np.abs(image - np.array(to_rgb(MARKS["find"][1]), np.float32)).max(axis=-1) < 0.02).sum())

    assert pixels("with.png", ACTS) > pixels("without.png", ACTS[:3]) + 60  # the mark and its entry in the legend


def test_the_table_holds_every_piece(worked: LedgerState, tmp_path: Path) -> None:
    facts = facts_of(worked)
    write_states(tmp_path / "states.csv", facts)
    with (tmp_path / "states.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    found = list(states(facts))
    assert [(row["state"], row["reason"]) for row in rows] == [(row.state.value, row.reason) for row in found]
    assert sum(float(row["area_m2"]) for row in rows) == pytest.approx(facts.found.area_m2, abs=1e-2)
    assert all(shapely.is_valid(shapely.from_wkt(row["wkt"])) for row in rows)
    assert all("not for feet" in row["note"] and row["site"] == facts.site.name for row in rows)
    assert not [row for row in rows if row["state"] not in ("processed", "provisional")
                and row["note"].startswith("processed: ")]  # fmt: skip


def test_words_of_people_in_the_table_are_no_formula(worked: LedgerState, tmp_path: Path) -> None:
    facts = facts_of(worked)
    note = '=HYPERLINK("x")'
    told = tuple(msgspec.structs.replace(gap, reason=gaps.GapReason.SKIPPED, note=note) for gap in facts.found.gaps)
    assert told
    write_states(
        tmp_path / "states.csv", msgspec.structs.replace(facts, found=msgspec.structs.replace(facts.found, gaps=told))
    )
    with (tmp_path / "states.csv").open(newline="", encoding="utf-8") as file:
        assert {row["reason"] for row in csv.DictReader(file) if "HYPERLINK" in row["reason"]} == {f"'{note}"}
