"""What a task left is planned again from the record that the console holds: missed ground alone, craters kept out."""

import json
import shutil
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import shapely

from console.server.planning import ledger_file
from console.server.planning.making import PlanRequest, planned, strip_of
from console.server.planning.replanning import ReplanAsked, replanned, swept_of
from console.server.planning.sites import SiteRequest, read
from tests.control.ledger import jobs
from vehicle.contracts.detonation import CRATER_M
from vehicle.contracts.errors import InputError
from vehicle.contracts.plan import Plan, SegmentKind, UntreatableReason, rests_on_untaken
from vehicle.contracts.skipped import SkippedSwath, ring_of
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState
from vehicle.planning.coverage.replan import crater

pytestmark = pytest.mark.long
SMALL = Path(__file__).parents[3] / "configs" / "sites" / "small.geojson"
CELL_M = 0.05


def skip_of(plan: Plan, number: int) -> SkippedSwath:
    return SkippedSwath(
        swath=number,
        plan_hash=plan.plan_hash,
        ring_m=ring_of(swaths(plan)[number - 1], plan),
        reason="wet",
        words="water",
        by="leader",
        utc_us=None,
    )


def nobody(_: float, __: str) -> None:
    """No progress is shown."""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    site = SiteRequest(path=str(SMALL), name="small.geojson")
    planned(PlanRequest(site=site, machine="mematt", folder=str(folder), outside="safe", tripwires="none"), nobody)
    return folder


def plan_of(folder: Path) -> Plan:
    return msgspec.json.decode((folder / "plan.json").read_bytes(), type=Plan)


def swaths(plan: Plan) -> list[Any]:
    return [segment for segment in plan.segments if segment.kind is SegmentKind.SWATH]


def worked(plan: Plan, but: int | None) -> LedgerState:
    """All swaths of a plan credited cell by cell, but one (from 1)."""
    strips = [strip_of(one, plan) for n, one in enumerate(swaths(plan), start=1) if n != but]
    ground = shapely.union_all(strips)
    ledger = LedgerState()
    tiles: raster.Blocks = {}
    side_m = CELL_M * raster.TILE
    west, south, east, north = ground.bounds
    for column in range(int(west // side_m), int(east // side_m) + 1):
        for row in range(int(south // side_m), int(north // side_m) + 1):
            tile = np.zeros((raster.PLANES, raster.TILE, raster.TILE), np.uint8)
            middle = (np.arange(raster.TILE) + 0.5) * CELL_M
            x, y = np.meshgrid(column * side_m + middle, row * side_m + middle)
            inside = shapely.contains_xy(ground, x, y)
            tile[raster.FLAGS][inside] = raster.SWEPT | raster.CREDITED
            tile[raster.DEPTH][inside] = 16
            tiles = raster.replaced(tiles, (column, row), tile, warm=False)
    return msgspec.structs.replace(ledger, tiles=tiles)


def asked(folder: Path, made: Path, ledger: LedgerState, **changed: Any) -> ReplanAsked:
    plan = plan_of(made)
    path = folder / "record.bin"
    path.write_bytes(ledger_file.encoded(ledger, plan.plan_hash, CELL_M))
    (x, y), yaw = plan.segments[-1].points_m[-1], plan.segments[-1].yaw_end_rad
    whole = {"made": str(made), "ledger": str(path), "folder": str(folder), "pose": (x, y, yaw), **changed}
    return ReplanAsked(**whole)


def missing(plan: Plan) -> int:
    """A swath in the middle of the field that no other covers."""
    strips = [strip_of(one, plan) for one in swaths(plan)]
    alone = [strip.difference(shapely.union_all([s for s in strips if s is not strip])).area for strip in strips]
    return alone.index(max(alone)) + 1


def test_a_swath_that_was_left_out_is_all_that_is_planned(made: Path, tmp_path: Path) -> None:
    plan = plan_of(made)
    number = missing(plan)
    told = replanned(asked(tmp_path, made, worked(plan, number)), nobody)
    rest = plan_of(tmp_path)
    assert told == {"hash": rest.plan_hash, "replaces": plan.plan_hash}
    assert rest.site_hash == plan.site_hash
    assert rest.certificate.missed_nominal_m2 == 0.0
    left = strip_of(swaths(plan)[number - 1], plan)
    again = shapely.union_all([strip_of(one, rest) for one in swaths(rest)])
    others = shapely.union_all([strip_of(one, plan) for n, one in enumerate(swaths(plan), 1) if n != number])
    site = read(SiteRequest(path=str(SMALL), name="small.geojson"))
    open_ground = left.difference(others).intersection(site.work_area).difference(site.keep_out)
    listed = shapely.union_all([shapely.Polygon(row.rings_m[0], row.rings_m[1:]) for row in rest.untreatable])
    assert open_ground.difference(again).difference(listed).area < 0.05
    assert rest.time_s < 0.6 * plan.time_s
    assert json.loads((tmp_path / "shown.json").read_bytes())["hash"] == rest.plan_hash


def test_ground_that_was_only_not_planned_in_time_is_planned_again(made: Path, tmp_path: Path) -> None:
    plan = plan_of(made)
    number = missing(plan)
    row = jobs.untreatable(strip_of(swaths(plan)[number - 1], plan), UntreatableReason.PLANNING_TIME)
    cut = tmp_path / "cut"
    shutil.copytree(made, cut)
    cut_short = msgspec.structs.replace(plan, untreatable=(*plan.untreatable, row))
    (cut / "plan.json").write_bytes(msgspec.json.encode(cut_short))
    replanned(asked(tmp_path, cut, worked(plan, number)), nobody)
    assert swaths(plan_of(tmp_path))


def test_a_skipped_swath_is_not_planned_again_and_stays_missed(made: Path, tmp_path: Path) -> None:
    plan = plan_of(made)
    number = missing(plan)
    with pytest.raises(InputError, match="Nothing is left"):
        replanned(asked(tmp_path, made, worked(plan, number), skips=(skip_of(plan, number),)), nobody)


def test_the_ground_of_a_skip_is_the_strip_that_the_page_shows(made: Path) -> None:
    plan = plan_of(made)
    for number, segment in enumerate(swaths(plan), start=1):
        ring = shapely.Polygon(skip_of(plan, number).ring_m)
        assert shapely.symmetric_difference(ring, strip_of(segment, plan)).area < 1e-6


def test_nothing_left_is_said(made: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Nothing is left"):
        replanned(asked(tmp_path, made, worked(plan_of(made), None)), nobody)


def test_the_record_of_another_plan_is_refused(made: Path, tmp_path: Path) -> None:
    request = asked(tmp_path, made, LedgerState())
    Path(request.ledger).write_bytes(ledger_file.encoded(LedgerState(), "another", CELL_M))
    with pytest.raises(InputError, match="not made by this console"):
        replanned(request, nobody)
    with pytest.raises(InputError, match="not made by this console"):
        replanned(msgspec.structs.replace(request, made=str(tmp_path)), nobody)


def test_a_crater_holds_the_whole_circle_round_its_mark() -> None:
    ring = shapely.Polygon(crater((3.0, -2.0))[0])
    assert ring.contains(shapely.Point(3.0, -2.0).buffer(CRATER_M - 1e-6, quad_segs=64))


def test_ground_bears_where_cells_were_swept() -> None:
    ledger = jobs.worked()
    area_m2 = sum(shapely.Polygon(rings[0], rings[1:]).area for rings in swept_of(ledger, CELL_M))
    assert area_m2 == pytest.approx(ledger.swept_cells * CELL_M**2, rel=1e-6)
    assert swept_of(LedgerState(), CELL_M) == ()


def test_the_plan_of_the_rest_is_for_the_vehicle_alone_whose_ground_it_uses(made: Path, tmp_path: Path) -> None:
    plan = plan_of(made)
    request = asked(tmp_path, made, worked(plan, missing(plan)))
    ledger, _ = ledger_file.read(Path(request.ledger))
    Path(request.ledger).write_bytes(ledger_file.encoded(ledger, plan.plan_hash, CELL_M, "memat-1"))
    replanned(request, nobody)
    rest = plan_of(tmp_path)
    assert rests_on_untaken(rest, "memat-1", ()) == ""
    assert "ground of memat-1" in rests_on_untaken(rest, "memat-2", ("a" * 32,))
