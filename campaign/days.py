"""A task of several days in virtual time: one machine, one field, one record, and a folder for each program start.

As with `flailpilot drive`, all starts go on in one journal, to which every run's folder has a link; latches and results
of the machine's checks survive a start, checks of a shift do not. Between two runs the machine stands where it stood.
"""

import math
import os
from pathlib import Path
from typing import Final

import msgspec

from campaign.days_file import (
    CheckStep,
    CrashStep,
    HandOverStep,
    Place,
    RunOfDay,
    SensorStep,
    ShiftStep,
    SignInStep,
    Step,
    StopStep,
    StripStep,
    WorkStep,
)
from campaign.days_parts import Hands, JournalSink, Team
from campaign.sim_operator import Goal
from firmware_bridge.flail_adapter import FlailAdapter
from firmware_bridge.mavlink import adapters
from firmware_bridge.types import Observation, ObservationKind, ObservationVerdict, OperatorEdge
from sim.checker import STATION_ID, base_check, hammer_count, timed
from sim.plant import Pose
from sim.scenario import Scenario
from sim.sim_stack import checks_of, estimate_of, wire_up
from sim.station_wire import StationWire
from sim.truth import GroundTruth
from vehicle.config.task import TaskFile
from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.messages import MissionPhase
from vehicle.contracts.people import PeopleState
from vehicle.contracts.plan import Plan
from vehicle.contracts.shift_table import text_of
from vehicle.contracts.sockets import ControllerWire
from vehicle.contracts.units import TICK_NS, TICK_S
from vehicle.control.estimate_state import EstimateState
from vehicle.control.ledger.rule import speed_limit_mps
from vehicle.control.plan_assignment import assign_plan
from vehicle.control.state import GateState, LedgerState, VehicleState
from vehicle.host.program import program
from vehicle.host.utc import EPOCH, TimeSource, UtcLine
from vehicle.planning.files.export import write_plan_files
from vehicle.planning.files.kept_site import write_site
from vehicle.planning.site.site import Site
from vehicle.records import journal
from vehicle.records.journal import JournalWriter
from vehicle.records.records import Header, Session
from vehicle.records.writer import McapRecorder
from vehicle.runtime import kept_checks, kept_place, latches
from vehicle.runtime.kept_ledger import restored
from vehicle.runtime.loop import VehicleLoop
from vehicle.runtime.run_manifest import Manifest, named, task_named, write_manifest, write_task

RECORD: Final = "record"
TELLER: Final = 41
"""Station that tells checks and acts of the day; the team that makes the checks that are due has another."""
ASKED_MOST: Final = 20
SETTLE_S: Final = 8.0
FIXED_S: Final = 4.0
"""After a start people wait for the first fix: before it the vehicle does not know the time, nor whose shift it is."""
IDLE_MAX_S: Final = 240.0
"""Work in which so long nothing comes on record is stuck."""
STRIP_DRIVE: Final = 0.3
STRIP_DEEPER_M: Final = 0.05
READ_AFTER_S: Final = 65.0


class StuckError(RuntimeError):
    """A step of the file did not come to its end: the text says where the machine stands."""


class Days:
    """The machine on its field, over all starts. `ledger`: the record as the vehicle holds it."""

    def __init__(self, scenario: Scenario, machine: MachineConfig, site: Site, plan: Plan, task: TaskFile, out: Path):
        self._site, self._task, self._out, self._scenario = site, task, out, scenario
        parts = wire_up(scenario, machine, plan)
        self.world, self._radio, self._line, self._plans = parts.world, parts.radio, parts.line, parts.plans
        self.config, self._loop = parts.config, parts.vehicle
        tool, mission = machine.tool, parts.config.mission
        self.truth = GroundTruth(
            cell_m=mission.cell_m,
            rotor_min_radps=mission.rotor_at_speed_ratio * tool.rotor_speed_radps,
            depth_min_m=mission.required_depth_m,
            speed_max_mps=speed_limit_mps(parts.config, tool.rotor_speed_radps),
        )
        self._now_ns, self._starts, self._told = 0, 0, 0
        self._disk: bytes | None = None
        self._hands = Hands(self._radio.station, 1)
        self._team = Team(self._radio.station.write, self.world, plan.datum, tool.hammer_count)
        self._path = out / RECORD / "ledger.journal"
        self._path.parent.mkdir(parents=True)
        self._header = Header(
            vehicle_id=parts.config.vehicle_id, site_hash=site.site_hash, plan_hash="", cell_m=mission.cell_m,
            datum_lat_deg=plan.datum.lat_deg, datum_lon_deg=plan.datum.lon_deg, datum_alt_m=plan.datum.alt_m,
            required_depth_m=mission.required_depth_m, k_sigma=mission.k_sigma, site=site.name,
            machine=plan.machine.name,
        )  # fmt: skip

    @property
    def ledger(self) -> LedgerState:
        """The record."""
        return self._loop.state.ledger

    @property
    def false_credit_m2(self) -> float:
        """Area [m2] that the record claims and that was not worked; 0 is promised."""
        self.truth.flush()
        return self.truth.false_credit_m2(self.ledger)

    def drive(self, run: RunOfDay, plan: Plan) -> Path:
        """Drive one run; return its folder.

        Raises:
            StuckError: A step did not come to its end.
        """
        folder, line = self._out / run.name, _line_of(run, self._now_ns)
        if run.stands is not None:
            place_m = self.world.metres.of_plan(run.stands.at_m)
            self.world.tracks.put(Pose(*place_m, math.radians(run.stands.yaw_deg)))
        folder.mkdir()
        write_plan_files(plan, self._site, folder / "plan")
        state = self._started(plan, run.stands)
        manifest = self._manifest(run, plan, state, line)
        write_manifest(folder, manifest)
        write_task(folder, self._task)
        write_site(folder, self._site)
        header = named(manifest) | task_named(self._task)
        recorder = McapRecorder(folder / "run.mcap", header, line.log_zero_ns)
        session = Session(session_id=state.session_id, utc=line.text(self._now_ns), time_source=line.source)
        writer = JournalWriter.open(self._path, self._header, session, sync_records=1 << 30)
        (folder / self._path.name).symlink_to(os.path.relpath(self._path, folder))
        station = StationWire(self._radio.vehicle, plan.datum)
        wire = ControllerWire(self._line, FlailAdapter())
        self._loop = VehicleLoop(state, wire, (station, self._plans), (recorder, JournalSink(writer), station))
        self._team = Team(self._radio.station.write, self.world, plan.datum, self.config.machine.tool.hammer_count)
        self.world.gnss.utc_zero_us = line.zero_us
        try:
            killed = self._driven(run, line)
            kept_bytes = (folder / "run.mcap").stat().st_size
            if not killed:
                self._leave()
        finally:
            recorder.close()
            writer.close()
        if killed:
            os.truncate(folder / "run.mcap", kept_bytes)  # what the program had handed to the system
        else:
            write_manifest(folder, msgspec.structs.replace(manifest, end_utc=line.text(self._now_ns)))
        return folder

    def _driven(self, run: RunOfDay, line: UtcLine) -> bool:
        """Do the steps; return whether the program dies at their end."""
        self._hands.goal = Goal.REST
        self._run(FIXED_S)
        for number, step in enumerate(run.steps, start=1):
            self._do(step, line, f"{run.name}, step {number}")
        return bool(run.steps) and isinstance(run.steps[-1], CrashStep)

    def _leave(self) -> None:
        self._hands.goal = Goal.REST
        self._press(OperatorEdge.DISARM)
        self._run(SETTLE_S)
        self._press(OperatorEdge.RELEASE)
        self._run(1.0)

    def _started(self, plan: Plan, stands: Place | None) -> VehicleState:
        """Return the state of a start: disarmed, in a new session, with what journal and files keep."""
        self._starts += 1
        old = self._loop.state
        session = (old.session_id + self._starts * 2_654_435_761) & 0x7FFF_FFFF_FFFF_FFFF | 1
        gate = GateState(session_id=session, config_hash=old.gate.config_hash)
        first = self._starts == 1
        checks = checks_of(self._scenario) if first else kept_checks.restored(kept_checks.encode(old.checks))
        shift = msgspec.structs.replace(checks.shift, used=self._task.task.shift)
        state = VehicleState(
            config=self.config,
            datum=plan.datum,
            session_id=session,
            gate=latches.restored(gate, self._disk) if self._disk is not None else gate,
            checks=msgspec.structs.replace(checks, shift=shift, people=PeopleState(used=True)),
            estimate=estimate_of(self._scenario) if first else _left(old, plan, stands),
        )
        state = assign_plan(state, plan)
        return state if first else restored(state, journal.read(self._path), self._now_ns)

    def _manifest(self, run: RunOfDay, plan: Plan, state: VehicleState, line: UtcLine) -> Manifest:
        mission = self.config.mission
        return Manifest(
            run=run.name, program=program(), simulated=True, vehicle_id=self.config.vehicle_id,
            machine=self.config.machine.name, site=self._site.name, site_hash=plan.site_hash, plan_hash=plan.plan_hash,
            required_depth_m=mission.required_depth_m, config_hash=state.gate.config_hash.hex(),
            session_id=f"{state.session_id:016x}", start_utc=line.text(self._now_ns), time_source=line.source,
            task=self._task.task.task_order or "",
        )  # fmt: skip

    def _do(self, step: Step, line: UtcLine, where: str) -> None:
        if isinstance(step, ShiftStep):
            self._tell(_shift_act(step, line, self._now_ns), where)
        elif isinstance(step, WorkStep):
            self._work(step, where)
        elif isinstance(step, StopStep):
            self._stop()
            self._run(step.stand_s)
        elif isinstance(step, CheckStep):
            self._check(step, where)
        elif isinstance(step, SensorStep):
            self.world.tool_sensors.depth_offset_m = step.off_m
        elif isinstance(step, SignInStep):
            self._by_person(ObservationKind.SIGN_IN, step.who, step.role, where)
        elif isinstance(step, HandOverStep):
            self._hand_over(step, where)
        elif isinstance(step, StripStep):
            self._strip(step, where)

    def _tick(self) -> None:
        self._now_ns += TICK_NS
        now_ns = self._now_ns
        self.world.step(now_ns)
        self._line.step()
        self._radio.step(now_ns)
        self._hands.step(now_ns)
        self._team.step(now_ns, self._loop.state)
        self._loop.step(now_ns)
        self._disk = latches.encode(self._loop.state.gate) if now_ns % (TICK_NS * 5) == 0 else self._disk
        true = self.world.truth()
        self.truth.observe(
            true.tool_left_m, true.tool_right_m, true.rotor_radps, true.depth_m, true.speed_mps, true.bare_shares
        )
        if self._loop.failures:
            raise StuckError(f"a sink failed: {', '.join(self._loop.failures)}")

    def _run(self, seconds: float) -> None:
        for _ in range(round(seconds / TICK_S)):
            self._tick()

    def _press(self, edge: OperatorEdge) -> None:
        self._hands.pressed = edge
        self._run(0.4)
        self._hands.pressed = OperatorEdge.NONE

    def _stop(self) -> None:
        self._hands.goal = Goal.REST
        self._press(OperatorEdge.STOP)
        self._run(SETTLE_S)

    def _work(self, step: WorkStep, where: str) -> None:
        self._hands.goal = Goal.MISSION
        newest, idle = 0, 0
        while idle * TICK_S < IDLE_MAX_S:
            self._tick()
            state = self._loop.state
            number = state.ledger.stroke.number if state.ledger.stroke is not None else 0
            newest, idle = number, 0 if number != newest else idle + 1
            if step.until_m2 is not None and state.ledger.credited_m2 >= step.until_m2:
                return
            if state.mission.phase is MissionPhase.DONE:
                if step.until_m2 is not None:
                    raise StuckError(f"{where}: done with {state.ledger.credited_m2:.1f} m2")
                self._hands.goal = Goal.REST
                self._press(OperatorEdge.DISARM)
                self._run(SETTLE_S)
                return
        raise StuckError(f"{where}: {self._stand()}")

    def _check(self, step: CheckStep, where: str) -> None:
        if step.what == "base":
            self._tell_check(base_check(self.world), where)
        elif step.what == "hammers":
            self._tell_check(hammer_count(self.world, self.config.machine.tool.hammer_count), where)
        else:
            self._run(READ_AFTER_S)
            found = self._team.reading(self._now_ns)
            if found is None:
                raise StuckError(f"{where}: no place to read a depth")
            self._tell_check(found, where)

    def _hand_over(self, step: HandOverStep, where: str) -> None:
        kinds = ObservationKind
        self._stop()
        self._by_person(kinds.HAND_OVER_OFFER, step.giver, "", where)
        offered = self._loop.state.checks.people.hand_over
        assert offered is not None, "an offer that was recorded"
        mark = f"{offered.mark} {step.role}"
        self._by_person(kinds.HAND_OVER_READ, step.taker, mark, where, station_id=step.to_station)
        self._by_person(kinds.HAND_OVER_SIGN, step.giver, offered.mark, where)
        self._press(OperatorEdge.RELEASE)
        self._run(1.0)
        self._hands = Hands(self._radio.station, step.to_station)
        self._by_person(kinds.SIGN_IN, step.taker, step.role, where)

    def _by_person(
        self, kind: ObservationKind, who: str, text: str, where: str, *, station_id: int | None = None
    ) -> None:
        """Tell an act of a person at a console; without `station_id` at the one that drives."""
        station_id = station_id or self._hands.station.station_id
        self._tell(Observation(station_id=station_id, session_id=0, sequence=0, kind=kind, who=who, text=text), where)

    def _strip(self, step: StripStep, where: str) -> None:
        """Work a strip by stick on ground that bears the tracks."""
        before = self.world.truth()
        hands, start = self._hands, (before.east_m, before.north_m)
        hands.depth_m = self.config.mission.required_depth_m + STRIP_DEEPER_M
        hands.rotor, hands.goal, hands.drive = True, Goal.MANUAL, 0.0
        for _ in range(round(120.0 / TICK_S)):
            self._tick()
            truth = self.world.truth()
            ready = truth.depth_m >= self.config.mission.required_depth_m
            hands.drive = STRIP_DRIVE if ready else 0.0
            if math.dist(start, (truth.east_m, truth.north_m)) >= step.length_m:
                break
        else:
            raise StuckError(f"{where}: {self._stand()}")
        hands.drive, hands.depth_m, hands.rotor = 0.0, None, False
        self._stop()

    def _tell_check(self, check: Observation, where: str) -> None:
        """Tell a check made now by the team's own station, apart from those that the team makes when they are due."""
        made = timed(check, self.world, self._now_ns)
        self._tell(msgspec.structs.replace(made, station_id=TELLER), where)

    def _tell(self, observation: Observation, where: str) -> None:
        """Send an observation until it is answered. Raises StuckError if it is refused."""
        self._told += 1
        state = self._loop.state
        told = msgspec.structs.replace(observation, session_id=state.session_id, sequence=self._told)
        for _ in range(ASKED_MOST):
            self._radio.station.write(adapters.encode_observation(told))
            self._run(0.3)
            for answer in self._loop.state.checks.answers:
                if (answer.station_id, answer.sequence) == (told.station_id, self._told):
                    if answer.result is ObservationVerdict.REFUSED:
                        raise StuckError(f"{where}: refused: {answer.text}")
                    return
        raise StuckError(f"{where}: no answer")

    def _stand(self) -> str:
        state, truth = self._loop.state, self.world.truth()
        reasons = ", ".join(state.report.reasons) if state.report is not None else ""
        return (
            f"{state.gate.mode.name}, {state.mission.phase.value}, segment {state.mission.index}, {reasons}; at "
            f"{truth.east_m:.1f} E {truth.north_m:.1f} N, {state.ledger.credited_m2:.1f} m2"
        )


assert STATION_ID != TELLER


def _line_of(run: RunOfDay, now_ns: int) -> UtcLine:
    """Return the line by which the run's first tick has the time that the file says."""
    start_us = round((run.start_utc - EPOCH).total_seconds() * 1e6)
    return UtcLine(TimeSource.SIMULATED, start_us - now_ns // 1000)


def _left(old: VehicleState, plan: Plan, stands: Place | None) -> EstimateState:
    """Return the estimate at a start: where the program left the machine, or brought it to by stick (`stands`)."""
    kept = kept_place.kept_of(old)
    if kept is None:
        return kept_place.UNKNOWN
    if stands is not None:
        lat_deg, lon_deg, _ = plan.datum.geodetic_from_enu(*stands.at_m)
        kept = msgspec.structs.replace(kept, lat_deg=lat_deg, lon_deg=lon_deg, yaw_rad=math.radians(stands.yaw_deg))
    return kept_place.restored(kept_place.encode(kept), plan.datum)


def _shift_act(step: ShiftStep, line: UtcLine, now_ns: int) -> Observation:
    assert line.zero_us is not None
    kind = ObservationKind.SHIFT_NOT_DONE if step.not_done else ObservationKind.SHIFT_DONE
    return Observation(
        station_id=TELLER, session_id=0, sequence=0, kind=kind, value=step.minutes, who=step.who,
        text=text_of(step.item, step.words), time_utc_us=line.zero_us + now_ns // 1000,
    )  # fmt: skip
