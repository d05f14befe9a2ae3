"""What the papers of a job cost: processor seconds and bytes of masks, balance, exports, map and report.

    python -m benchmarks.papers 0.06 1

A synthetic site, a square, worked in parallel swaths that lean against the grid, 1.4 m apart, with noise in the depth
and gaps in a few places; strokes of 10 cm as a run leaves them.
"""

import functools
import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import shapely

from vehicle.config.load import assemble_vehicle, load_machine
from vehicle.config.vehicle import MissionConfig, footprint
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.ledger_types import LedgerBand, LedgerStroke
from vehicle.contracts.plan import Certificate, Plan, Segment, SegmentKind
from vehicle.control.ground import raster
from vehicle.control.ledger import strokes
from vehicle.control.state import LedgerState
from vehicle.reports import gaps
from vehicle.reports.facts import JobFacts
from vehicle.reports.lots import Lot
from vehicle.reports.pdf import pdf_of
from vehicle.reports.results import write_all, write_exports

YAW_RAD = 0.31
SWATH_M, HALF_M, STROKE_M = 1.4, 0.75, 0.1
DATUM = LocalFrame(39.99, 46.93, 0.0)


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """The site."""

    name: str
    work_area: Any
    keep_out: Any = shapely.Polygon()
    safe_ground: Any = shapely.Polygon()
    benchmarks_m: tuple[tuple[float, float], ...] = ((-5.0, -5.0),)
    turning_points_m: tuple[tuple[float, float], ...] = ()


def lines(side_m: float) -> list[tuple[tuple[float, float], float]]:
    """Start and yaw of every swath, one after another and back."""
    found = []
    for row in range(math.ceil(side_m / SWATH_M) + 1):
        across_m, back = row * SWATH_M, row % 2
        along_m = side_m + 1.0 if back else -1.0
        start = (
            along_m * math.cos(YAW_RAD) - across_m * math.sin(YAW_RAD),
            along_m * math.sin(YAW_RAD) + across_m * math.cos(YAW_RAD),
        )
        found.append((start, YAW_RAD + math.pi * back))
    return found


def synthetic_strokes(side_m: float) -> list[LedgerStroke]:
    """Strokes of the whole square."""
    noise = np.random.default_rng(1)
    found = []
    for start, yaw_rad in lines(side_m):
        forward = (math.cos(yaw_rad), math.sin(yaw_rad))
        for step in range(round((side_m + 2.0) / STROKE_M)):
            along_m = step * STROKE_M
            credited = not 0.4 < noise.random() < 0.4002
            depth_cm = int(19 + 2.0 * math.sin(along_m / 5.0) + noise.normal(0.0, 1.0))
            band = LedgerBand(
                rear_m=-0.2, front_m=STROKE_M, right_m=-HALF_M, left_m=HALF_M, depth_cm=depth_cm,
                flags=raster.SWEPT | (raster.CREDITED if credited else 0),
            )  # fmt: skip
            found.append(
                LedgerStroke(
                    number=len(found) + 1, t_ns=len(found) * 500_000_000, east_m=start[0] + along_m * forward[0],
                    north_m=start[1] + along_m * forward[1], forward_east=forward[0], forward_north=forward[1],
                    slope=0.0, bands=(band,),
                )
            )  # fmt: skip
    return found


def ledger_of(rows: list[LedgerStroke], cell_m: float) -> LedgerState:
    """The masks."""
    state, own = LedgerState(), set[raster.Key]()
    for row in rows:
        state = msgspec.structs.replace(strokes.apply(state, row, cell_m, own), stroke=row)
    return state


def facts_of(hectares: float) -> JobFacts:
    """A finished job on a square."""
    side_m = math.sqrt(hectares * 1e4)
    machine = load_machine("mematt")
    config = assemble_vehicle("benchmark", "benchmark", machine, MissionConfig(required_depth_m=0.15))
    area = shapely.affinity.rotate(shapely.box(0.0, 0.0, side_m, side_m), YAW_RAD, origin=(0.0, 0.0), use_radians=True)
    segments = tuple(
        Segment(
            seq=seq, kind=SegmentKind.SWATH, tool_down=True, yaw_start_rad=yaw, yaw_end_rad=yaw, speed_mps=0.2,
            points_m=(start, (start[0] + (side_m + 2) * math.cos(yaw), start[1] + (side_m + 2) * math.sin(yaw))),
        )
        for seq, (start, yaw) in enumerate(lines(side_m))
    )  # fmt: skip
    plan = Plan(
        datum=DATUM, site_hash="s", plan_hash="p", machine=footprint(machine), segments=segments, untreatable=(),
        certificate=Certificate(
            missed_nominal_m2=0.0, missed_shrunk_m2=0.0, missed_bitmap_m2=0.0, missed_shrunk_bitmap_m2=0.0,
            cross_track_budget_m=0.1,
        ),
        area_m2=area.area, overlap_m=0.1, outside="safe", outside_assumed=False, keep_out_m=(), unproven_m=(),
        time_s=1.0, bound_s=1.0,
    )  # fmt: skip
    rows = synthetic_strokes(side_m)
    ledger = measured(f"{hectares} ha: masks of {len(rows)} strokes", lambda: ledger_of(rows, config.mission.cell_m))
    found = measured("balance and gaps", lambda: gaps.find(area, shapely.Polygon(), plan, ledger, config))
    trail = tuple((row.east_m, row.north_m) for row in rows[::2])
    step = max(1, len(rows) // 6)
    ends = [*range(step, len(rows), step), len(rows)]
    lots = tuple(Lot(name=f"L{n}", machine=machine.name, last_number=end) for n, end in enumerate(ends, 1))
    return JobFacts(
        site=Ground(name="synthetic", work_area=area), plan=plan, config=config, ledger=ledger, found=found,
        time_s=len(rows) * 0.5, simulated=True, trail_m=trail, lots=lots,
    )  # fmt: skip


def measured(text: str, work: Callable[[], Any]) -> Any:
    """Do it, and print the processor time."""
    start_s = time.process_time()
    found = work()
    print(f"{text:48s} {time.process_time() - start_s:8.2f} s")
    return found


def main() -> None:
    """All sizes that are named, in hectares."""
    for word in sys.argv[1:] or ["0.06", "1"]:
        facts = facts_of(float(word))
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            measured("exports", functools.partial(write_exports, folder, facts))
            measured("everything but the PDF", functools.partial(write_all, folder, facts))
            page = (folder / "report.html").read_text(encoding="utf-8")
            content = measured("PDF of the page", functools.partial(pdf_of, page))
            (folder / "report.pdf").write_bytes(content)
            for path in sorted(folder.iterdir()):
                print(f"    {path.name:44s} {path.stat().st_size / 1e6:8.3f} MB")


if __name__ == "__main__":
    main()
