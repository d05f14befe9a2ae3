"""The record for the page is reckoned by what makes every other report, from the console's own copy of the ground."""

import csv
import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import shapely

from console.server.planning import ledger_file
from console.server.planning.recording import RecordRequest, facts_of, shown, written
from console.server.planning.sites import rings_of
from tests.control.ledger import jobs
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import UntreatableReason
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.reports.facts import JobFacts

pytestmark = pytest.mark.long
CELL_M = jobs.CONFIG.mission.cell_m


def site_of(facts: JobFacts) -> dict[str, Any]:
    """As GET /api/site tells a job's site and plan."""
    site, plan = facts.site, facts.plan

    def parts(role: str, shape: Any) -> list[dict[str, Any]]:
        found = [part for part in shapely.get_parts(shape) if not part.is_empty]
        return [{"role": role, "name": "", "rings": rings_of(part)} for part in found]

    return {
        "hash": plan.plan_hash,
        "name": site.name,
        "datum": [plan.datum.lat_deg, plan.datum.lon_deg, plan.datum.alt_m],
        "required_depth_m": jobs.CONFIG.mission.required_depth_m,
        "areas": [
            *parts("work_area", site.work_area),
            *parts("keep_out", site.keep_out),
            {"role": "benchmark", "name": "", "point": [0.5, -3.0]},
        ],
        "swaths": [
            {"n": one.seq, "kind": "swath", "from": one.points_m[0], "to": one.points_m[-1]} for one in plan.segments
        ],
        "unworkable": [{"reason": row.reason.value, "rings": row.rings_m} for row in plan.untreatable],
        "machine": msgspec.to_builtins(plan.machine),
    }


def request(folder: Path, facts: JobFacts, **changed: Any) -> RecordRequest:
    path = folder / "record.bin"
    path.write_bytes(ledger_file.encoded(facts.ledger, facts.plan.plan_hash, CELL_M))
    asked = {"site": site_of(facts), "ledger": str(path), "simulated": True, **changed}
    return RecordRequest(**asked)


def test_the_copy_in_the_file_is_the_ledger_cell_by_cell(tmp_path: Path) -> None:
    ledger = jobs.worked()
    path = tmp_path / "record.bin"
    path.write_bytes(ledger_file.encoded(ledger, "abc", CELL_M))
    copy, head = ledger_file.read(path)
    assert (head.plan_hash, head.cell_m) == ("abc", CELL_M)
    assert copy.credited_cells == ledger.credited_cells
    assert copy.swept_cells == ledger.swept_cells
    assert copy.provisional_cells == ledger.provisional_cells
    pairs = list(zip(raster.each(ledger.tiles), raster.each(copy.tiles), strict=True))
    assert pairs
    for (column, row, one), (other_column, other_row, other) in pairs:
        assert (column, row) == (other_column, other_row)
        assert np.array_equal(one, other)


@pytest.mark.parametrize("content", [b"", b"{}\n", b'{"format": 1', b"\x00\xff"])
def test_a_file_that_is_none_is_one_sentence(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "record.bin").write_bytes(content)
    with pytest.raises(InputError, match="the record: cannot be read"):
        ledger_file.read(tmp_path / "record.bin")


@pytest.mark.parametrize("facts", [jobs.open_job(), jobs.done_job()], ids=["open", "done"])
def test_totals_and_gaps_are_those_of_the_report(facts: JobFacts, tmp_path: Path) -> None:
    found = shown(request(tmp_path, facts))
    totals = found["totals"]
    assert totals["area_m2"] == pytest.approx(facts.found.area_m2, abs=1e-2)
    assert totals["processed_m2"] == pytest.approx(facts.found.processed_m2, abs=1e-2)
    assert totals["missed_m2"] == pytest.approx(facts.found.missed_m2, abs=1e-2)
    assert totals["provisional_m2"] == pytest.approx(facts.provisional_m2)
    assert sum(row["area_m2"] for row in found["gaps"]) == pytest.approx(totals["missed_m2"], abs=1e-4)
    assert [piece["reason"] for piece in found["pieces"]] == [gap.reason.value for gap in facts.found.gaps]
    assert sum(row["area_m2"] for row in found["depths"]) == pytest.approx(facts.ledger.credited_cells * CELL_M**2)
    assert {row["depth_cm"] for row in found["depths"]} == {16, 19}
    assert "not for feet" in found["statement"]


@pytest.mark.parametrize("said", [None, 0.0])
def test_a_required_depth_that_nobody_says_is_asked_for(said: float | None, tmp_path: Path) -> None:
    asked = request(tmp_path, jobs.open_job())
    asked.site["required_depth_m"] = said
    with pytest.raises(InputError, match=r"says the required depth: plan the site again"):
        shown(asked)


def test_the_parts_of_a_survey_add_up_to_its_area(tmp_path: Path) -> None:
    """Ground between its strips is neither missed nor not workable, and is not left out."""
    facts = jobs.open_job()
    beyond = jobs.untreatable(jobs.slanted(1.4, 2.4, 8.0, 0.8), UntreatableReason.NOT_IN_TASK)
    steep = jobs.untreatable(jobs.slanted(1.0, 2.4, 9.0, 0.8), UntreatableReason.SLOPE)
    plan = msgspec.structs.replace(facts.plan, untreatable=(beyond, steep))
    rings = rings_of(jobs.slanted(9.6, 2.4, 0.4, 0.8))
    asked = request(tmp_path, msgspec.structs.replace(facts, plan=plan))
    for area in asked.site["areas"]:
        if area["role"] == "work_area":
            area["rings"] = rings
    totals = shown(asked)["totals"]
    parts = [totals[name] for name in ("processed_m2", "missed_m2", "listed_m2", "not_in_task_m2")]
    assert all(part > 0.1 for part in parts)
    assert sum(parts) == pytest.approx(totals["area_m2"], abs=5e-3)


def test_nothing_worked_is_nothing_processed(tmp_path: Path) -> None:
    facts = msgspec.structs.replace(jobs.open_job(), ledger=LedgerState())
    found = shown(request(tmp_path, facts))
    assert found["totals"]["processed_m2"] == 0.0  # not even by rounding
    assert [row["reason"] for row in found["gaps"]] == ["not_swept"]
    assert found["depths"] == []


def test_credit_is_provisional_by_the_strokes_that_the_masks_name_alone(tmp_path: Path) -> None:
    whole = jobs.worked()
    masks = LedgerState(tiles=whole.tiles, firm=whole.firm, unclosed=whole.unclosed)  # as a console fetches it
    facts = msgspec.structs.replace(jobs.open_job(), ledger=masks)
    assert shown(request(tmp_path, facts))["totals"]["provisional_m2"] == pytest.approx(
        whole.provisional_cells * CELL_M**2
    )
    assert whole.provisional_cells > 0
    closed = msgspec.structs.replace(facts, ledger=msgspec.structs.replace(masks, firm=10**6))
    assert shown(request(tmp_path, closed))["totals"]["provisional_m2"] == 0.0


def test_a_vehicle_that_does_not_say_its_work_area_has_no_figures_here(tmp_path: Path) -> None:
    asked = request(tmp_path, jobs.open_job())
    without = [area for area in asked.site["areas"] if area["role"] != "work_area"]
    with pytest.raises(InputError, match="has not sent its work area"):
        shown(msgspec.structs.replace(asked, site={**asked.site, "areas": without}))


def test_the_record_of_another_plan_is_no_record_of_this_site(tmp_path: Path) -> None:
    asked = request(tmp_path, jobs.open_job())
    with pytest.raises(InputError, match="the record is of plan"):
        shown(msgspec.structs.replace(asked, site={**asked.site, "hash": "another"}))
    with pytest.raises(InputError, match="not known yet"):
        shown(msgspec.structs.replace(asked, site={"hash": None}))
    with pytest.raises(InputError, match="cannot be read"):
        shown(msgspec.structs.replace(asked, site={**asked.site, "unworkable": [{"reason": "weather", "rings": []}]}))


def test_what_the_console_did_not_see_is_not_stated(tmp_path: Path) -> None:
    facts = facts_of(request(tmp_path, jobs.open_job()))
    assert (facts.time_s, facts.start_utc, facts.trail_m, facts.events) == (0.0, "", (), ())
    assert "this console saw" in facts.remarks[0]


def test_files_of_the_record_are_those_of_every_report(tmp_path: Path) -> None:
    seen = {
        "hours": {"work": 800.0},
        "time_s": 800.0,
        "events": [{"t_s": 6.0, "tick": 3, "kind": "mode", "text": "AUTO_WORK -> STOPPING", "e": 3.0, "n": 1.2}],
        "start_utc": "2026-11-30T07:00:00Z",
        "end_utc": "2026-11-30T08:00:00Z",
    }
    asked = request(tmp_path, jobs.open_job(), seen=seen)
    without = written(asked, tmp_path / "first")
    assert set(without) > {"map.png", "report.html", "ledger.gpkg", "ledger.geojson", "ledger.kmz", "lots.csv"}
    assert "ledger.csv" not in without
    told = msgspec.structs.replace(asked, organisation="Demining team", operator="Operator 1", task_id="T-7")
    assert written(told, tmp_path / "second")[-1] == "ledger.csv"
    page = (tmp_path / "second" / "report.html").read_text()
    assert "not for feet" in page
    assert "SIMULATED" in page
    values = json.loads((tmp_path / "second" / "ledger.geojson").read_text())["about"]
    assert (values["task_id"], values["simulated"]) == ("T-7", "yes")
    with (tmp_path / "second" / "ledger.csv").open() as file:
        assert "not for feet" in next(iter(csv.DictReader(file)))["statement"]
