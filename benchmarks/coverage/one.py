"""One site, one mode, in a process of its own: plan, check independently, print one JSON row.

`python -m benchmarks.coverage.one SITE MODE LIMIT_S [MACHINE]` prints time and memory of the planning alone. Without a
machine it is the one of the other planners' cost model; a profile is planned with its own overlap and pace.
"""

import json
import resource
import sys
import tempfile
from pathlib import Path
from time import process_time
from typing import Any

from tests.planning.coverage.checker import check_folder
from tests.planning.coverage.support import BENCH
from vehicle.config.load import load_machine
from vehicle.config.vehicle import footprint
from vehicle.contracts.plan import Plan, SegmentKind, UntreatableReason
from vehicle.contracts.plan_times import length_m, times_of
from vehicle.host.clock import elapsed_s
from vehicle.planning.coverage.area import parts_of
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.coverage.work_limit import WorkLimit
from vehicle.planning.files.export import summary_of, write_poses
from vehicle.planning.site.site import load_site

OVERLAP_M = 0.2
SHORT_M = 16.0
LEFT = (UntreatableReason.NO_APPROACH, UntreatableReason.PLANNING_TIME)


def row_of(
    document: dict[str, Any], mode: str, limit_s: float, folder: Path, machine: str | None = None
) -> dict[str, Any]:
    """Figures of one plan: of the bench machine under the cost model of the table, or of a profile at its own pace."""
    shape = BENCH if machine is None else footprint(load_machine(machine))
    settings = PlanSettings(overlap_m=OVERLAP_M) if machine is None else PlanSettings(required_depth_m=0.15)
    path = folder / "site.geojson"
    path.write_text(json.dumps(document), encoding="utf-8")
    site = load_site(path, mode)
    before_mb = _peak_mb()
    start_s, start_cpu_s = elapsed_s(), process_time()
    plan = plan_site(site, shape, settings, WorkLimit(limit_s))
    plan_s, plan_cpu_s = elapsed_s() - start_s, process_time() - start_cpu_s
    peak_mb = _peak_mb()
    (folder / "summary.json").write_text(json.dumps(summary_of(plan, site)), encoding="utf-8")
    write_poses(plan, folder / "poses.csv")
    report = check_folder(folder, document)
    return {
        "mode": mode,
        "area_m2": plan.area_m2,
        "holes": len(parts_of(site.keep_out)),
        "plan_s": plan_s,
        "plan_cpu_s": plan_cpu_s,
        "peak_mb": peak_mb,
        "base_mb": before_mb,
        "missed_m2": max(report.missed_m2, report.missed_raster_m2),
        "certified_missed_m2": max(plan.certificate.missed_nominal_m2, plan.certificate.missed_shrunk_m2),
        "track": len(report.track_violations) + len(report.raised_tool_violations),
        "keep_out": len(report.keep_out_violations),
        "complaints": report.complaints()[:3],
        "left_m2": sum(row.area_m2 for row in plan.untreatable if row.reason in LEFT),
        "listed_m2": {
            reason.value: sum(row.area_m2 for row in plan.untreatable if row.reason is reason)
            for reason in UntreatableReason
        },
        "kind_h": {kind.value: _hours(plan, kind) for kind in SegmentKind},
        "cut_short": any(row.reason is UntreatableReason.PLANNING_TIME for row in plan.untreatable),
        "tool_on_m": report.tool_on_m,
        "time_h": plan.time_s / 3600.0,
        "bound_h": plan.bound_s / 3600.0,
        "bound_turns_h": plan.bound_turns_s / 3600.0,
        "swaths": _count(plan, SegmentKind.SWATH),
        "short": _short(plan),
    }


def _short(plan: Plan) -> dict[str, float]:
    """Number of passes up to `SHORT_M`, and their hours: the sweep, and what is driven since the pass before."""
    count, hours, since_s = 0, 0.0, 0.0
    for segment, time in zip(plan.segments, times_of(plan.segments, plan.machine), strict=True):
        since_s += time.whole_s
        if segment.kind is SegmentKind.SWATH:
            short = length_m(segment) <= SHORT_M
            count, hours, since_s = count + short, hours + short * since_s / 3600.0, 0.0
    return {"count": count, "hours": hours}


def _hours(plan: Plan, kind: SegmentKind) -> float:
    timed = zip(plan.segments, times_of(plan.segments, plan.machine), strict=True)
    return sum(time.whole_s for segment, time in timed if segment.kind is kind) / 3600.0


def _count(plan: Plan, kind: SegmentKind) -> int:
    return sum(segment.kind is kind for segment in plan.segments)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024.0


def main() -> None:
    """Read a document from the named file."""
    document = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(row_of(document, sys.argv[2], float(sys.argv[3]), Path(folder), *sys.argv[4:5])))


if __name__ == "__main__":
    main()
