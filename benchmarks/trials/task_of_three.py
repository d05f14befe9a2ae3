"""Three machines and a deminer on one task: the blocks, the site, and a machine with its own stack and operator."""

import json
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
import shapely

from firmware_bridge.flail_adapter import FlailAdapter
from firmware_bridge.mavlink import adapters
from firmware_bridge.types import NeighbourFrame, Observation, VehicleFrame
from flailpilot.simulate import plan_settings, planned_footprint
from sim.operator import Script, ScriptedOperator
from sim.scenario import Scenario
from sim.sim_stack import Parts, wire_up
from sim.station_wire import StationWire
from sim.truth import GroundTruth
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MissionConfig
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Plan
from vehicle.contracts.sockets import ControllerWire, TickRecord
from vehicle.contracts.stop_reasons import text
from vehicle.control.checks.room import all_made
from vehicle.control.ledger.rule import speed_limit_mps
from vehicle.control.state import GateState, VehicleState
from vehicle.planning.coverage.certificate import rings_of
from vehicle.planning.coverage.replan import ReplanRequest, replan
from vehicle.planning.coverage.settings import PlanSettings, StartPose
from vehicle.planning.site.site import Site, load_site
from vehicle.records import journal
from vehicle.records.journal import JournalWriter
from vehicle.records.records import Header, Session
from vehicle.runtime.kept_ledger import restored
from vehicle.runtime.loop import VehicleLoop

RING_M: Final = 12.0
MORNING_US: Final = 1_746_423_000_000_000
"""UTC of the beginning: 2025-05-05, half past five."""
PEOPLE_M: Final = 8.0
GAP_M: Final = 26.0
"""Between two blocks: two machines that stand at facing ends, rotor at rest, leave each other room to begin again."""
DATUM: Final = LocalFrame(39.99, 46.93)
PARKING_M: Final = (-28.0, -10.0)
CONSOLE_ID, DEMINER_ID = 250, 9
NAMES: Final = ("A", "B", "C")
RINGS: Final = frozenset(text(name) for name in ("ring_overlap", "ring_near", "neighbour_silent"))
STOPPED: Final = (Mode.STOPPING, Mode.HOLD)
MISSION: Final = (Mode.AUTO_MOVE, Mode.AUTO_WORK, Mode.WAIT)
NEAR_M: Final = 0.2
"""Tracks may be 0.1 m beside swept ground (`vehicle/control/ground/support.py`), and the truth is beside belief."""
DEMINER: Final = ((600.0, 24.0), (640.0, 10.0), (780.0, 10.0), (840.0, 24.0))
"""When the deminer is how far east of the last block [s, m]; walks between."""


class Layout(msgspec.Struct, frozen=True):
    """Size of each block, east and north [m]."""

    east_m: float = 30.0
    north_m: float = 9.0

    def west_m(self, number: int) -> float:
        """West side of a machine's block."""
        return number * (self.east_m + GAP_M)

    def block(self, number: int) -> list[tuple[float, float]]:
        """Corners of a machine's block, east and north [m]."""
        west, east = self.west_m(number), self.west_m(number) + self.east_m
        return [(west, 0.0), (east, 0.0), (east, self.north_m), (west, self.north_m)]

    def around(self, number: int) -> shapely.Polygon:
        """A box round a machine's block."""
        west = self.west_m(number)
        return shapely.box(west - 1.0, -1.0, west + self.east_m + 1.0, self.north_m + 1.0)

    def deminer_m(self, time_s: float) -> tuple[float, float]:
        """Where the deminer is, east and north [m]."""
        times_s, away_m = np.array(DEMINER).T
        return self.west_m(len(NAMES) - 1) + self.east_m + float(np.interp(time_s, times_s, away_m)), 4.0


class Scene(msgspec.Struct, frozen=True):
    """What is driven: one task, a plan for each machine."""

    layout: Layout
    site: Site
    scenario: Scenario
    settings: PlanSettings
    plans: tuple[Plan, ...]


class Person(ScriptedOperator):
    """Waits for a while after rings stopped the machine or refused a start; each operator for another while."""

    patience_frames = 40
    _waited = 0

    def _choose(self, mode: Mode, lease_holder: int, shown: tuple[str, ...]) -> None:
        self._waited = self._waited + 1 if RINGS & set(shown) and mode not in MISSION else self.patience_frames
        if self._waited < self.patience_frames:
            return
        self._waited = 0
        super()._choose(mode, lease_holder, shown)


class Machine:
    """One stack: its world, radio, operator and vehicle, its journal, and what the truth says of its ground."""

    def __init__(self, name: str, scene: Scene, number: int, folder: Path) -> None:
        scenario = scene.scenario
        self.name, self.plan = name, scene.plans[number]
        self.scenario = scenario.model_copy(update={"seed": scenario.seed + number})
        self.machine = load_machine(scenario.machine)
        self.path = folder / name / "ledger.journal"
        self.path.parent.mkdir(parents=True)
        self.parts: Parts = wire_up(self.scenario, self.machine, self.plan, vehicle_id=name, ring_m=RING_M)
        self.parts.world.gnss.utc_zero_us = MORNING_US
        config, state = self.parts.config, self.parts.vehicle.state
        self.header = Header(
            vehicle_id=name,
            site_hash=self.plan.site_hash,
            plan_hash="",
            cell_m=config.mission.cell_m,
            datum_lat_deg=state.datum.lat_deg,
            datum_lon_deg=state.datum.lon_deg,
            datum_alt_m=state.datum.alt_m,
            required_depth_m=config.mission.required_depth_m,
            k_sigma=config.mission.k_sigma,
        )
        self.writer = JournalWriter.open(self.path, self.header, Session(session_id=state.session_id, utc=""))
        self.station = StationWire(self.parts.radio.vehicle, state.datum)
        self.vehicle = self._loop(state)
        self.operator = Person(self.parts.radio.station, Script())
        self.operator.patience_frames = 60 + 50 * number
        self.truth = GroundTruth(
            cell_m=config.mission.cell_m,
            rotor_min_radps=config.mission.rotor_at_speed_ratio * self.machine.tool.rotor_speed_radps,
            depth_min_m=config.mission.required_depth_m,
            speed_max_mps=speed_limit_mps(config, self.machine.tool.rotor_speed_radps),
        )
        self.heard: tuple[VehicleFrame | None, int] = (None, 0)
        self.stops = self.refused = self.numbers = 0
        self._mode = Mode.BOOT

    def _loop(self, state: VehicleState) -> VehicleLoop:
        wire = ControllerWire(self.parts.line, FlailAdapter())
        return VehicleLoop(state, wire, (self.station, self.parts.plans), (self, self.station))

    def accept(self, record: TickRecord) -> None:
        """Keep the journal, and count what rings did; a sink of the loop."""
        self.writer.accept(record)
        mode = record.state.gate.mode
        report = record.state.report
        if mode is Mode.STOPPING and self._mode in MISSION and report is not None:
            self.stops += report.stop_reason == "ring_overlap"
        self._mode = mode
        self.refused += sum("the ring of" in event.text for event in record.outputs.events)

    @property
    def state(self) -> VehicleState:
        """Of the vehicle."""
        return self.vehicle.state

    def step(self, now_ns: int) -> None:
        """One tick, in the order of `Phase`."""
        parts = self.parts
        parts.world.step(now_ns)
        parts.line.step()
        parts.radio.step(now_ns)
        self.operator.step(now_ns)
        if self.operator.seen is not self.heard[0]:
            self.heard = (self.operator.seen, now_ns)
        self.vehicle.step(now_ns)
        true = parts.world.truth()
        self.truth.observe(
            true.tool_left_m, true.tool_right_m, true.rotor_radps, true.depth_m, true.speed_mps, true.bare_shares
        )

    def tell(self, ring: NeighbourFrame) -> None:
        """Another ring, by the radio, in the name of the console."""
        told = msgspec.structs.replace(ring, echo_tick=self.operator.echo_tick)
        self.parts.radio.station.write(adapters.encode_neighbour(told))

    def observe(self, observation: Observation) -> None:
        """What the team measured."""
        self.numbers += 1
        fix = self.state.wire.gnss
        told = msgspec.structs.replace(
            observation,
            session_id=self.state.session_id,
            sequence=self.numbers,
            time_utc_us=fix.time_utc_us if fix is not None else None,
        )
        self.parts.radio.station.write(adapters.encode_observation(told))

    def restart(self, now_ns: int) -> None:
        """End the program and start it again: all that it knows of ground comes from its journal."""
        old = self.state
        session = old.session_id ^ (1 << 40)
        state = VehicleState(
            config=old.config,
            datum=old.datum,
            session_id=session,
            gate=GateState(session_id=session, config_hash=old.gate.config_hash, ring_m=RING_M),
            checks=all_made(),
        )
        found = journal.read(self.path)
        self.writer = JournalWriter.open(self.path, self.header, Session(session_id=session, utc=""), found=found)
        self.vehicle = self._loop(restored(state, found, now_ns))

    def close(self) -> None:
        """End the program: the journal is whole on the disk."""
        self.writer.close()


# --- the scene -------------------------------------------------------------------------------------------------------
def site_file(layout: Layout, folder: Path) -> Path:
    """The task's site: three blocks, all ground outside bears."""

    def ring(corners: list[tuple[float, float]]) -> list[list[float]]:
        found = [DATUM.geodetic_from_enu(*corner)[:2] for corner in [*corners, corners[0]]]
        return [[lon_deg, lat_deg] for lat_deg, lon_deg in found]

    features = [
        {
            "type": "Feature",
            "properties": {"role": "work_area", "name": name},
            "geometry": {"type": "Polygon", "coordinates": [ring(layout.block(number))]},
        }
        for number, name in enumerate(NAMES)
    ]
    path = folder / "task.geojson"
    task = {"type": "FeatureCollection", "outside": "safe", "tripwires": "possible", "features": features}
    path.write_text(json.dumps(task), encoding="utf-8")
    return path


def scene_of(seed: int, layout: Layout, folder: Path) -> Scene:
    """Site, scenario, planner's settings, and a plan for each machine: its own block from its south-west corner."""
    scenario = Scenario(
        name="three-machines",
        machine="memat",
        site=str(site_file(layout, folder)),
        seed=seed,
        mission=MissionConfig(required_depth_m=0.15),
    )
    machine, site = load_machine("memat"), load_site(Path(scenario.site), "safe", datum=DATUM)
    settings, shape = plan_settings(scenario, machine), planned_footprint(scenario, machine)
    plans = []
    for number in range(len(NAMES)):
        mine = shapely.intersection(site.work_area, layout.around(number))
        request = ReplanRequest(
            request_id=1,
            plan_hash="",
            site_hash=site.site_hash,
            missed=tuple(rings_of(part) for part in shapely.get_parts(mine)),
            swept=(),
            pose=StartPose(east_m=layout.west_m(number) + 2.0, north_m=-6.0, yaw_rad=0.0),
        )
        plans.append(replan(site, shape, settings, request).plan)
    return Scene(layout, site, scenario, settings, tuple(plans))


# --- what people do --------------------------------------------------------------------------------------------------
