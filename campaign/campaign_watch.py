"""What a campaign judges besides `campaign/safety_monitor.py`: stops by the controller, swept ground, the process.

C1 the controller stops by itself only if the vehicle could not stop the machine before: the vehicle's process did not
   tick in time, or the line between them lost, damaged or delayed frames.
C2 no ground counts as swept that is further than 0.3 m from where the tool truly was, turning and in the ground:
   the error of a base that is not found (0.1 m), 3 sigma of a fix, the margin of the checks, and a cell. The tool's
   axis is kept and no raster: a machine that digs itself in passes less than a cell.
C3 the vehicle's program raises no error.
"""

import numpy as np
import shapely

from campaign.fault_scenario import FaultScenario
from campaign.invariants import Breach
from campaign.safety_monitor import DRIVING
from sim.world import Truth
from vehicle.contracts.frames import FloatArray
from vehicle.control.ground import raster

SWEPT_M = 0.3
AXIS_STEP_M = 0.01
"""The tool's axis is kept anew when one end of it has moved by more."""
EXCUSED_TICKS = 25


class CampaignWatch:
    """Call `step` once a tick instead of the scenario's own `step`, and `swept` after the checks."""

    def __init__(self, drill: FaultScenario) -> None:
        config = drill.parts.config
        self._drill = drill
        self._cell_m = config.mission.cell_m
        self._rotor_radps = config.mission.rotor_at_speed_ratio * config.machine.tool.rotor_speed_radps
        self._axes_m: list[tuple[tuple[float, float], tuple[float, float]]] = []
        self._excused_until = self._lapses = 0
        self._lapsed = False
        self.breaches: list[Breach] = []

    def step(self) -> None:
        """Run one tick of the scenario.

        Raises:
            ProcessDiedError: The tick raised an error, which is reported as a breach.
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
            self._tell("controller_stop", "while driving; line and process had worked for half a second")
        self._lapsed = lapsed
        self._note(drill.world.truth())

    def _note(self, true: Truth) -> None:
        """Keep the tool's axis where it turns in the ground."""
        if true.rotor_radps < self._rotor_radps or true.depth_m < 0.0:
            return
        axis_m = true.tool_left_m, true.tool_right_m
        if not self._axes_m or np.abs(np.subtract(axis_m, self._axes_m[-1])).max() > AXIS_STEP_M:
            self._axes_m.append(axis_m)

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
        """Compare the swept mask with the ground where the tool truly passed."""
        far = self._far_cells()
        if far:
            self._tell("false_swept", f"{far * self._cell_m**2:.4f} m2 further than {SWEPT_M} m from where it passed")

    def _far_cells(self) -> int:
        swept = self._swept_m()
        if not len(swept) or not self._axes_m:
            return len(swept)
        axes = shapely.STRtree(shapely.linestrings(np.array(self._axes_m)))
        near, _ = axes.query(shapely.points(swept), predicate="dwithin", distance=SWEPT_M)
        return len(swept) - len(np.unique(near))

    def _swept_m(self) -> FloatArray:
        """Return (n, 2) the centres of the cells that count as swept, east and north [m]."""
        found = []
        for column, row, tile in raster.each(self._drill.state.ledger.tiles):
            down, across = np.nonzero(tile[raster.FLAGS] & raster.SWEPT)
            found.append((np.column_stack((column + across, row + down)) + 0.5) * self._cell_m)
        return np.concatenate(found) if found else np.empty((0, 2))


class ProcessDiedError(Exception):
    """The vehicle's program ended with an error; nothing more can be judged."""
