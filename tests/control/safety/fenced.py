"""A fenced field with a keep-out, footprints by an independent geometry library, and a machine of exact lengths."""

from shapely.affinity import rotate, translate
from shapely.geometry import Polygon, box

from tests.control.safety.gate_inputs import CONFIG, configured
from vehicle.contracts.geometry import edges_of
from vehicle.control.safety import fence

MACHINE = CONFIG.machine
FRONT = max(MACHINE.body.front_m, MACHINE.tool.ahead_m + MACHINE.tool.length_m / 2.0)
HALF = max(MACHINE.body.width_m, MACHINE.tool.width_m, MACHINE.tracks.outer_width_m) / 2.0
FIELD = ((-30.0, -20.0), (30.0, -25.0), (35.0, 22.0), (2.0, 8.0), (-28.0, 24.0))
HOLE = ((5.0, -10.0), (12.0, -9.0), (11.0, -2.0))
EDGES = edges_of((FIELD, HOLE))
GROUND = Polygon(FIELD, [HOLE])
WALL = edges_of((((-30.0, -30.0), (30.0, -30.0), (30.0, 1.2), (-30.0, 1.2)),))
"""A boundary along the left side; the half width is 0.85 m."""
BLUNT = configured("tool", ahead_m=1.0, length_m=0.5, width_m=2.0)
BLUNT = BLUNT.model_copy(
    update={
        "machine": BLUNT.machine.model_copy(
            update={
                "body": BLUNT.machine.body.model_copy(update={"front_m": 1.0, "rear_m": 1.5, "width_m": 1.5}),
                "tracks": BLUNT.machine.tracks.model_copy(update={"outer_width_m": 1.0}),
            }
        )
    }
)
"""A footprint from 1.5 m behind to 1.25 m ahead, a metre to either side."""
AROUND = ((-64.0, -64.0), (64.0, -64.0), (64.0, 64.0), (-64.0, 64.0))


def footprint(east: float, north: float, yaw: float, speed: float, sigma: float) -> Polygon:
    way = fence.stopping_m(speed, CONFIG)
    grown = 3.0 * sigma
    shape = box(
        -MACHINE.body.rear_m - grown + min(0.0, way), -HALF - grown, FRONT + grown + max(0.0, way), HALF + grown
    )
    return translate(rotate(shape, yaw, origin=(0, 0), use_radians=True), east, north)
