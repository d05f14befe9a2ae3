"""Whether a known mark has truly shown the vehicle where it is, while its receiver says another place.

Heard from the radio and held against the true pose; of the vehicle only its answer to the observation, and that it
holds a mark to be missed. From then on the receiver tells how the machine moves, as long as it goes on as it was.
"""

import math
from typing import TypeAlias

from campaign.ground_watch import KEEP_OUT_M
from firmware_bridge.types import FixType, Observation, ObservationKind, ObservationVerdict
from sim.world import Truth, World
from vehicle.contracts.by_machine import of_machine
from vehicle.control.state import VehicleState

Sensed: TypeAlias = tuple[object, ...]


class MarkWatch:
    """Call `hear` for each observation that reached the vehicle, then `step` once a tick.

    `shown`: the vehicle knows where it is, whatever it tells of its position.
    """

    def __init__(self) -> None:
        self.shown = False
        self._told: dict[tuple[int, int], tuple[float, float]] = {}
        self._sensed: Sensed | None = None
        self._session = 0

    def hear(self, told: Observation) -> None:
        """Note a mark that the machine is said to stand on."""
        stands = told.kind is ObservationKind.BENCHMARK_CHECK and of_machine(told.text)
        if stands and told.lat_deg is not None and told.lon_deg is not None:
            self._told.setdefault((told.station_id, told.sequence), (told.lat_deg, told.lon_deg))

    def step(self, state: VehicleState, world: World, true: Truth) -> None:
        """Judge one tick after the vehicle's."""
        sensed, session = _sensed(world), state.gate.session_id
        goes_on = sensed is not None and sensed == self._sensed and session == self._session
        self._sensed, self._session = sensed, session
        self.shown = self.shown and goes_on and state.estimate.place.missed
        for answer in state.checks.results:
            named = self._told.pop((answer.station_id, answer.sequence), None)
            if named is None or answer.result is not ObservationVerdict.RECORDED:
                continue
            east_m, north_m, _ = state.datum.enu_from_geodetic(*named)
            on_it = math.hypot(true.east_m - east_m, true.north_m - north_m) <= KEEP_OUT_M
            self.shown = on_it and sensed is not None and state.estimate.place.missed


def _sensed(world: World) -> Sensed | None:
    """What receiver and gyro are off by; None where they do not tell how the machine moves."""
    gnss, imu = world.gnss, world.imu
    still = gnss.silent or gnss.frozen or gnss.heading_lost or gnss.heading_frozen or imu.silent or imu.stuck
    if still or gnss.fix is not FixType.RTK_FIXED:
        return None
    return gnss.jump_m, gnss.wrong_fix_m, gnss.lever_off_m, gnss.heading_jump_rad, imu.tilt_offset_rad
