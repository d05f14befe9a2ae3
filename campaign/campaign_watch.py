"""What a campaign judges beside `campaign/safety_monitor.py`: swept ground, stops by the controller, the process.

C1 the controller stops by itself only where the vehicle could not stop it before: its process did not tick in time, or
   the line between them lost, damaged or delayed what was sent.
C2 no ground counts as swept that lies further than 0.3 m from where the tool truly passed, in the ground and turning:
   the 0.1 m up to which a base may be wrong and what was swept stays, 3 sigma of a fix, the checks' margin, a cell.
C3 the vehicle's program raises nothing.
"""

import math

import numpy as np

from campaign.fault_scenario import FaultScenario
from campaign.invariants import Breach
from campaign.safety_monitor import DRIVING
from sim.truth import GroundTruth
from vehicle.control.ground import raster

SWEPT_M = 0.3
EXCUSED_TICKS = 25


class CampaignWatch:
    """One call of `step` a tick instead of the drill's own; `swept` once the checks were made."""

    def __init__(self, drill: FaultScenario) -> None:
        config = drill.parts.config
        self._drill = drill
        self._cell_m = config.mission.cell_m
        rotor_radps = config.mission.rotor_at_speed_ratio * config.machine.tool.rotor_speed_radps
        self._passed = GroundTruth(cell_m=self._cell_m, rotor_min_radps=rotor_radps, depth_min_m=0.0)
        self._excused_until = self._lapses = 0
        self._lapsed = False
        self.breaches: list[Breach] = []

    def step(self) -> None:
        """One tick of the drill.

        Raises:
            ProcessDiedError: the tick raised; what it raised is told as a breach.
        """
        drill = self._drill
        drove = drill.mode in DRIVING
        try:
            drill.step()
        except Exception as error:
            self._tell("process_died", f"{type(error).__name__}: {error}")
            raise ProcessDiedError from error
        if self._excuse():
            self._excused_until = drill.ticks + EXCUSED_TICKS
        lapsed = drill.world.controller.lease_expired
        if lapsed and not self._lapsed and drove and drill.ticks > self._excused_until:
            self._tell("controller_stop", "while driving, line and process well for half a second")
        self._lapsed = lapsed
        true = drill.world.truth()
        self._passed.observe(true.tool_left_m, true.tool_right_m, true.rotor_radps, true.depth_m, true.speed_mps)

    def _excuse(self) -> bool:
        drill = self._drill
        line = drill.line
        broken = line.unplugged or line.down_cut or line.flip_ratio > 0.0 or line.down_ticks > 0 or line.up_ticks > 0
        controller = drill.world.controller
        return broken or not drill.process.runs or not controller.awake or controller.mute

    def _tell(self, name: str, text: str) -> None:
        if all(breach.name != name for breach in self.breaches):
            self.breaches.append(Breach(t_s=self._drill.time_s, name=name, text=text))

    def swept(self) -> None:
        """Hold the swept mask against where the tool truly passed."""
        far = self._far_cells()
        if far:
            self._tell("false_swept", f"{far * self._cell_m**2:.4f} m2 further than {SWEPT_M} m from where it passed")

    def _far_cells(self) -> int:
        column0, row0, passed = self._passed.cells()
        reach = math.ceil(SWEPT_M / self._cell_m)
        found = 0
        for column, row, tile in raster.each(self._drill.state.ledger.tiles):
            for down, across in np.argwhere((tile[raster.FLAGS] & raster.SWEPT) != 0).tolist():
                south, west = row + down - row0 - reach, column + across - column0 - reach
                north, east = south + 2 * reach + 1, west + 2 * reach + 1
                near = passed[max(0, south) : max(0, north), max(0, west) : max(0, east)]
                found += not near.any()
        return found


class ProcessDiedError(Exception):
    """The vehicle's program ended by an error; nothing more can be judged."""
