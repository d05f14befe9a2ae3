"""Ground that the tool worked as deep as its sensor read, while nobody could know that the sensor reads too deep.

Before a check finds it, an error of the depth sensor that no sensor shows makes ground too shallow that counts as
worked (docs/SAFETY.md, *Envelope of silent errors*). The tracks may follow the tool onto it. Three bounds hold:

1 once the vehicle was told (depth and tool height contradict each other, or a depth reading failed), no more ground is
  excused. The mission has to end before its tracks reach such ground; after it, the ground from before is not excused
  either;
2 an error of more than 10 cm, which is beyond the promise, excuses 2 m of way of the tool in AUTO_WORK and no more.
  Depth and tool height may differ by 8 cm over one metre: their mean, which forgets with one metre, reaches this after
  1.6 m;
3 an error of more than 8 cm excuses 10 m. Over five metres they may differ by 6 cm, which is reached after 7 m.
"""

import math

from sim.truth import GroundTruth
from sim.world import Truth
from vehicle.contracts.messages import Mode
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.units import TICK_S
from vehicle.control.state import VehicleState

AUTO = (Mode.AUTO_MOVE, Mode.AUTO_WORK)
WAYS_M = ((0.10, 2.0), (0.08, 10.0))
"""Sizes of error, the largest first, and after which way of the tool a larger one excuses no more ground."""
CONTRADICTS = 1 << StopReason.DEPTH_CONTRADICTS


class SilentDepth:
    """Call `step` once a tick; `ground`: what counts as worked in spite of the error, None if there is none.

    `depth_min_m`: the least depth that counts; `rotor_min_radps`: the least speed of the rotor.
    """

    def __init__(self, *, cell_m: float, rotor_min_radps: float, depth_min_m: float) -> None:
        self._numbers = cell_m, rotor_min_radps, depth_min_m
        self.ground: GroundTruth | None = None
        self._told = False
        self._session, self._way_m = 0, 0.0

    def step(self, state: VehicleState, true: Truth, error_m: float) -> None:
        """Note one tick. `error_m`: by how much the sensor reads too deep."""
        told = bool((state.gate.active | state.gate.latched) & CONTRADICTS) or state.checks.depth_failed
        self._told = self._told or told
        if self._told and state.gate.mode not in AUTO:
            self.ground, self._told, self._way_m = None, told, 0.0
        self._measure_way(state, true, error_m)
        most_m = next((way_m for size_m, way_m in WAYS_M if error_m > size_m), math.inf)
        self._observe(true, 0.0 if self._told or self._way_m > most_m else error_m)

    def _observe(self, true: Truth, excused_m: float) -> None:
        """Note the ground under the tool as so much deeper than it truly is."""
        if self.ground is None:
            if excused_m <= 0.0:
                return
            cell_m, rotor_min_radps, depth_min_m = self._numbers
            self.ground = GroundTruth(cell_m=cell_m, rotor_min_radps=rotor_min_radps, depth_min_m=depth_min_m)
        depth_m = true.depth_m + excused_m
        self.ground.observe(true.tool_left_m, true.tool_right_m, true.rotor_radps, depth_m, true.speed_mps)

    def _measure_way(self, state: VehicleState, true: Truth, error_m: float) -> None:
        """Measure the way of the tool with a large error; a new process knows nothing of the way before."""
        if state.gate.session_id != self._session or error_m <= WAYS_M[-1][0]:
            self._session, self._way_m = state.gate.session_id, 0.0
        elif state.gate.mode is Mode.AUTO_WORK and true.depth_m > 0.0:
            self._way_m += max(0.0, true.speed_mps) * TICK_S
