"""A shift with four visits to the parking, by stick and by planned ways: `python benchmarks/four_parkings.py`.

The unchanged stack in virtual time, with the scripted operator, who follows the texts: one field, of which the ground
outside is unknown but for a strip at its west side, at whose end the machine parks, 25 m to the south of the field. At
every fifth of the field the mission is left, the hammers are counted in the bay, and the work goes on:

  before   the operator drives there and back by stick, along the very way that a plan would take, at up to 0.67 m/s,
           seeing the machine on the map 0.4 s late, and starts the mission where it was left
  after    *To parking* and *Back to work*: a way is planned and looked at for 15 s, handed over, started, supervised;
           then the plan of the work is handed over again, and goes on by its own re-entry

Both drive the same field, plan and seed. Ways are what is between leaving the work and its going on, without the time
in the bay. The field is small, so that a visit is due every few minutes of work and both shifts are driven in minutes
of a processor; so the square metres per hour are those of many visits and short swaths, good for comparing alone.
Exit status 1: a field that was not finished, false credit, or missed ground, by the record or by the truth.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import numpy as np
import shapely

from benchmarks.tree_row import BY_STICK, DRIVING, STOPPED, slowed
from benchmarks.trials.parking_visits import Driver, Scene, Visits
from benchmarks.trials.parkings import Part, Shift, due_m2, figures, good, missed_truth_m2
from firmware_bridge.types import OperatorEdge
from flailpilot.simulate import plan_settings, planned_footprint
from sim import sim_stack
from sim.scenario import Scenario
from sim.sim_stack import SimStack, assemble
from sim.truth import GroundTruth
from sim.virtual_time import Phase, VirtualClock, run_virtual
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MissionConfig
from vehicle.contracts.geometry import rectangle_m
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Plan
from vehicle.contracts.units import TICK_S
from vehicle.control.ledger.rule import speed_limit_mps
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.coverage.settings import PlanSettings
from vehicle.planning.site.site import Site, load_site
from vehicle.polygons.boundary import area_of
from vehicle.reports import gaps

LAT_DEG, LON_DEG = 39.99, 46.93
EAST_DEG, NORTH_DEG = 1.0 / 85_400.0, 1.0 / 111_030.0
"""A metre there, to a part in a thousand."""
LENGTH_M, WIDTH_M = 10.0, 6.0
STRIP_M, POST_M, PARKING_M = 12.0, 30.0, 25.0
PARKINGS = 4
BAY_MIN = 30.0
"""docs/WORKING_DAY.md, *Parking*."""
LIMIT_S = 8.0 * 3600.0
BARE_TICKS = 50
STUCK_S = 600.0


def box_lonlat(west_m: float, south_m: float, east_m: float, north_m: float) -> dict[str, Any]:
    """A polygon of GeoJSON, metres from the field's south-west corner."""
    corners = ((west_m, south_m), (east_m, south_m), (east_m, north_m), (west_m, north_m), (west_m, south_m))
    ring = [[LON_DEG + x * EAST_DEG, LAT_DEG + y * NORTH_DEG] for x, y in corners]
    return {"type": "Polygon", "coordinates": [ring]}


def document(length_m: float, width_m: float) -> dict[str, Any]:
    """The site: field, a pole in it, the strip beside it, the parking point at the strip's southern end."""
    said = {"said_by": "team leader", "basis": "searched by deminers", "said_on": "2026-05-04"}
    pole = (0.6 * length_m, 0.5 * width_m)
    at = [LON_DEG - 0.5 * STRIP_M * EAST_DEG, LAT_DEG - PARKING_M * NORTH_DEG]
    rows = (
        ({"role": "work_area", "name": "field"}, box_lonlat(0.0, 0.0, length_m, width_m)),
        ({"role": "keep_out", "name": "pole"}, box_lonlat(*pole, pole[0] + 0.5, pole[1] + 0.5)),
        ({"role": "safe_ground", **said}, box_lonlat(-STRIP_M, -POST_M, 0.0, width_m)),
        ({"role": "parking"}, {"type": "Point", "coordinates": at}),
    )  # fmt: skip
    features = [{"type": "Feature", "properties": about, "geometry": shape} for about, shape in rows]
    return {"type": "FeatureCollection", "outside": "unknown", "tripwires": "none", "features": features}


class Meter:
    """Counts what each part of the shift took, and where the tracks truly were; once a tick, after the vehicle."""

    def __init__(self, rig: SimStack, scene: Scene, visits: Visits, truth: GroundTruth) -> None:
        self._rig, self._visits, self._truth = rig, visits, truth
        self._unproven = area_of(scene.work.unproven_m)
        shapely.prepare(self._unproven)
        self.parts = {"work": Part(), "ways": Part(), "bay": Part()}
        self._mode, self._edges = Mode.BOOT, OperatorEdge.NONE
        self.unasked, self.bare_s = 0, 0.0

    def step(self, now_ns: int) -> None:
        """One tick."""
        del now_ns
        rig, state, true = self._rig, self._rig.vehicle.state, self._rig.world.truth()
        self._truth.observe(
            true.tool_left_m, true.tool_right_m, true.rotor_radps, true.depth_m, true.speed_mps, true.bare_shares
        )
        where = self._visits.where
        part = self.parts[where if where in self.parts else "ways"]
        before, mode = self._mode, state.gate.mode
        part.time_s += TICK_S
        if before.name in (*DRIVING, "MANUAL", "RECOVERY") and mode.name in STOPPED:
            part.stops += 1
            self.unasked += where == "work" and state.mission.phase.value != "done"
        part.stick_m += abs(true.speed_mps) * TICK_S if mode in BY_STICK else 0.0
        for frame in state.wire.operator:
            part.presses += (frame.edges & ~self._edges).bit_count()
            self._edges = frame.edges
        self._mode = mode
        if rig.barrier.tick % BARE_TICKS == 0 and abs(true.speed_mps) > 0.02 and mode.name != "AUTO_WORK":
            self.bare_s += BARE_TICKS * TICK_S * self._is_bare(true.east_m, true.north_m, true.yaw_rad)

    def _is_bare(self, east_m: float, north_m: float, yaw_rad: float) -> bool:
        """Whether a corner of the tracks lies on ground that bore nothing before and was not truly worked since."""
        tracks = self._rig.config.machine.tracks
        half_m = 0.5 * tracks.length_m
        corners = np.array(rectangle_m((east_m, north_m), yaw_rad, half_m, half_m, 0.5 * tracks.outer_width_m))
        corners = corners[shapely.contains_xy(self._unproven, corners)]
        if not len(corners):
            return False
        column, row, cells = self._truth.cells()
        cell_m = self._rig.config.mission.cell_m
        across, up = (np.floor(corners / cell_m).astype(int) - (column, row)).T
        known = (across >= 0) & (up >= 0) & (across < cells.shape[1]) & (up < cells.shape[0])
        return not known.all() or not cells[up[known], across[known]].all()


class Progress:
    """Says where the shift is, and ends one that is stuck; once a tick."""

    def __init__(self, rig: SimStack, visits: Visits) -> None:
        self._rig, self._visits = rig, visits
        self._seen: tuple[str, int, float] = ("", 0, 0.0)
        self._since_ticks = 0

    def step(self, now_ns: int) -> None:
        """One tick."""
        state, visits = self._rig.vehicle.state, self._visits
        seen = (visits.where, visits.parkings, round(state.ledger.credited_m2))
        reasons = ", ".join(state.report.reasons) if state.report is not None else ""
        stand = f"{now_ns / 60e9:.1f} min, {visits.where}: {state.gate.mode.name}, {seen[2]:.0f} m2 {reasons}"
        self._since_ticks = self._since_ticks + 1 if seen == self._seen else 0
        if seen[:2] != self._seen[:2]:
            print(stand, file=sys.stderr, flush=True)
        if self._since_ticks * TICK_S > STUCK_S:
            print(f"stuck at {stand}; {state.mission.blocked}", file=sys.stderr, flush=True)
            self._rig.barrier.stop()
        self._seen = seen


def planned(seed: int, folder: Path, length_m: float, width_m: float) -> tuple[Scenario, Site, Plan, PlanSettings]:
    """The field and its plan."""
    path = folder / "field.geojson"
    path.write_text(json.dumps(document(length_m, width_m)), encoding="utf-8")
    scenario = Scenario(
        name="four-parkings", machine="memat", site=str(path), seed=seed, mission=MissionConfig(required_depth_m=0.15)
    )
    machine, site = load_machine("memat"), load_site(path)
    settings = plan_settings(scenario, machine)
    return scenario, site, plan_site(site, planned_footprint(scenario, machine), settings), settings


def driven(seed: int, parkings: int, length_m: float, width_m: float, *, supervised: bool) -> dict[str, Any]:
    """One shift; its figures."""
    begun_s = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        scenario, site, work, settings = planned(seed, Path(folder), length_m, width_m)
    machine = load_machine("memat")
    scene = Scene(
        site=site, work=work, settings=settings, due_m2=due_m2(length_m * width_m, parkings), supervised=supervised
    )
    slowed()
    sim_stack.ScriptedOperator = Driver  # type: ignore[misc, attr-defined]

    async def main(_: VirtualClock) -> tuple[SimStack, Visits, Meter, GroundTruth]:
        rig = assemble(scenario, machine, work)
        tool, mission = rig.config.machine.tool, rig.config.mission
        truth = GroundTruth(
            cell_m=mission.cell_m,
            rotor_min_radps=mission.rotor_at_speed_ratio * tool.rotor_speed_radps,
            depth_min_m=mission.required_depth_m,
            speed_max_mps=speed_limit_mps(rig.config, tool.rotor_speed_radps),
        )
        visits = Visits(rig, scene)
        meter = Meter(rig, scene, visits, truth)
        rig.barrier.subscribe(Phase.OBSERVE, meter.step)
        rig.barrier.subscribe(Phase.OBSERVE, visits.step)
        rig.barrier.subscribe(Phase.OBSERVE, Progress(rig, visits).step)
        await rig.barrier.run(round(LIMIT_S / TICK_S))
        truth.flush()
        return rig, visits, meter, truth

    rig, visits, meter, truth = run_virtual(main)
    meter.parts["ways"].presses += visits.page_acts
    found: dict[str, Any] = figures(shift_of(rig, scene, visits, meter, truth), BAY_MIN)
    found["seconds to plan a way, at most"] = max(visits.planning_s, default=0.0)
    found["finished"] = float(rig.vehicle.state.mission.phase.value == "done" and visits.where == "work")
    found["processor s"] = time.process_time() - begun_s
    return found


def shift_of(rig: SimStack, scene: Scene, visits: Visits, meter: Meter, truth: GroundTruth) -> Shift:
    """Judge a driven shift."""
    state, site = rig.vehicle.state, scene.site
    listed = shapely.union_all([area_of(row.rings_m) for row in scene.work.untreatable])
    asked = shapely.difference(shapely.difference(site.work_area, site.keep_out), listed)
    return Shift(
        credited_m2=state.ledger.credited_m2,
        parkings=visits.parkings,
        **meter.parts,
        unasked=meter.unasked,
        bare_s=meter.bare_s,
        false_m2=truth.false_credit_m2(state.ledger),
        missed_m2=gaps.find(site.work_area, site.keep_out, scene.work, state.ledger, state.config).missed_m2,
        missed_truth_m2=missed_truth_m2(asked, truth, state.config.mission.cell_m),
    )


def main() -> int:
    """Print the figures of both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--parkings", type=int, default=PARKINGS)
    parser.add_argument("--only", choices=("before", "after"), help="one of the two, its figures as JSON")
    parser.add_argument("--field", type=float, nargs=2, default=(LENGTH_M, WIDTH_M), help="east-west, north-south [m]")
    options = parser.parse_args()
    if options.only is not None:
        print(json.dumps(driven(options.seed, options.parkings, *options.field, supervised=options.only == "after")))
        return 0
    before, after = (
        driven(options.seed, options.parkings, *options.field, supervised=supervised) for supervised in (False, True)
    )
    print(f"{'':36s} {'before':>10s} {'after':>10s}")
    for name, value in before.items():
        print(f"{name:36s} {value:10.2f} {after[name]:10.2f}")
    whole = all(good(row, options.parkings) and row["finished"] == 1.0 for row in (before, after))
    return 0 if whole else 1


if __name__ == "__main__":
    sys.exit(main())
