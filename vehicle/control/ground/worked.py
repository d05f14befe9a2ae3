"""How far a swath is worked, by the record alone."""

import math

import numpy as np

from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.geometry import distance_m
from vehicle.contracts.plan import Segment
from vehicle.control.ground import raster
from vehicle.control.state import LedgerState


def worked_along_m(swath: Segment, ledger: LedgerState, config: VehicleConfig) -> float:
    """Way of the body along a swath up to which the ground under the tool's middle is credited without a gap.

    From where credit begins: the start of every run is trimmed by k sigma, and no re-entry can earn that. 0 where
    nothing is credited.
    """
    cell_m, ahead_m = config.mission.cell_m, config.machine.tool.ahead_m
    (east_m, north_m), yaw_rad = swath.points_m[0], swath.yaw_start_rad
    way_m = distance_m(swath.points_m[0], swath.points_m[-1])
    along_m = np.arange(0.0, way_m, cell_m)
    tool_m = along_m + ahead_m
    places_m = np.column_stack((east_m + tool_m * math.cos(yaw_rad), north_m + tool_m * math.sin(yaw_rad)))
    credited = raster.marked(ledger, places_m, cell_m, raster.CREDITED)
    if not credited.any():
        return 0.0
    left = np.flatnonzero(~credited & (along_m > along_m[credited.argmax()]))
    return float(along_m[left[0]]) if len(left) else way_m
