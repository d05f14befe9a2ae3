"""Small finished and unfinished jobs for pictures, reports and exports."""

import math

import msgspec
import shapely

from tests import builders
from tests.control.ledger.driving import drive, straight
from vehicle.config.footprint import footprint
from vehicle.contracts.messages import Event
from vehicle.contracts.plan import Plan, Untreatable, UntreatableReason
from vehicle.control.state import LedgerState
from vehicle.reports import gaps
from vehicle.reports.facts import JobFacts

CONFIG = builders.config()
YAW_RAD = 0.31


class Shapes(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    work_area: object
    keep_out: object
    safe_ground: object = shapely.Polygon()
    benchmarks_m: tuple[tuple[float, float], ...] = ((0.5, -3.0),)


def slanted(length_m: float, width_m: float, start_m: float = 0.0, left_m: float = 0.0) -> shapely.Polygon:
    box = shapely.box(start_m, left_m - width_m / 2.0, start_m + length_m, left_m + width_m / 2.0)
    return shapely.affinity.rotate(box, YAW_RAD, origin=(0.0, 0.0), use_radians=True)


def untreatable(shape: shapely.Polygon, reason: UntreatableReason) -> Untreatable:
    rings = tuple(
        tuple(map(tuple, shapely.get_coordinates(ring).tolist())) for ring in (shape.exterior, *shape.interiors)
    )
    return Untreatable(reason=reason, rings_m=rings, area_m2=shape.area)


def plan(*rows: Untreatable) -> Plan:
    swaths = (builders.swath(0, 8.0, YAW_RAD), builders.swath(1, 8.0, YAW_RAD, (-0.4, 1.3)))
    return msgspec.structs.replace(builders.plan(swaths, footprint(CONFIG.machine)), untreatable=rows)


def worked() -> LedgerState:
    """Two swaths of 8 m with a seam, the second one 3 cm shallower."""
    first = drive(straight(8.0, YAW_RAD, (-0.5, 0.1)), CONFIG)
    start_m = (-0.5 - 1.3 * math.sin(YAW_RAD), 0.1 + 1.3 * math.cos(YAW_RAD))
    return drive(straight(8.0, YAW_RAD, start_m, depth_m=0.17), CONFIG, first, start_ns=10**12)


def job(work_area: object, ledger: LedgerState, keep_out: object = None, **changes: object) -> JobFacts:
    keep_out = shapely.Polygon() if keep_out is None else keep_out
    rows = [untreatable(keep_out.buffer(0.3).difference(keep_out), UntreatableReason.KEEP_OUT_CLEARANCE)]
    made = plan(*(rows if keep_out.area > 0.0 else []))
    site = Shapes(name="north field", work_area=work_area, keep_out=keep_out)
    facts = JobFacts(
        site=site,
        plan=made,
        config=CONFIG,
        ledger=ledger,
        found=gaps.find(work_area, keep_out, made, ledger, CONFIG),
        time_s=1234.0,
        simulated=False,
        phase_s={"work": 800.0, "move": 300.0, "spin_up": 134.0},
        trail_m=((-2.0, -0.5), (6.0, 2.0), (5.6, 3.3), (-2.4, 0.8)),
        events=(
            Event(
                t_ns=6 * 10**9 + 40_000_000,
                tick=302,
                kind="mode",
                text="AUTO_WORK -> STOPPING",
                east_m=3.0,
                north_m=1.2,
            ),
            Event(t_ns=6 * 10**9, tick=300, kind="reason", text="reason: <link> & lost", east_m=3.0, north_m=1.2),
        ),
    )
    return msgspec.structs.replace(facts, **changes)


def done_job(**changes: object) -> JobFacts:
    """Nothing missed: the area lies well within what was worked, about a keep-out that was listed."""
    return job(slanted(6.0, 2.4, 0.4, 0.8), worked(), shapely.Point(3.0, 1.4).buffer(0.2, quad_segs=4), **changes)


def open_job(**changes: object) -> JobFacts:
    """A third of the area was never reached."""
    return job(slanted(9.6, 2.4, 0.4, 0.8), worked(), **changes)
