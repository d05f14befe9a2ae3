"""Runs a whole mission in virtual time and judges it by the truth. Same scenario and seed: same bytes of recording."""

from collections.abc import Callable

import msgspec

from campaign.invariants import GROUND_PERIOD_TICKS, Breach, Invariants
from campaign.rim_watch import RimWatch
from sim.scenario import Scenario
from sim.sim_stack import SimStack, assemble
from sim.truth import GroundTruth
from sim.virtual_time import Phase, VirtualClock, run_virtual
from vehicle.config.vehicle import MachineConfig, VehicleConfig
from vehicle.contracts.messages import Event, MissionPhase, Mode, VehicleReport
from vehicle.contracts.plan import Plan
from vehicle.contracts.sockets import Sink, TickRecord
from vehicle.contracts.units import NS_PER_S, TICK_S
from vehicle.control.events import is_stop
from vehicle.control.ledger.rule import speed_limit_mps
from vehicle.control.state import VehicleState
from vehicle.planning.site.site import Site
from vehicle.records.journal import JournalWriter
from vehicle.records.writer import Recorder

TRAIL_PERIOD_TICKS = 25
PROGRESS_PERIOD_TICKS = 250
FINISH_TICKS = 100
"""After the mission the operator disarms; two seconds are enough for the acts and the radio."""


class BrokenSinkError(RuntimeError):
    """A sink of a run failed."""


Progress = Callable[[VehicleReport, float], None]


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """One stop of a moving machine."""

    t_s: float
    mode: str
    reasons: tuple[str, ...]
    east_m: float
    north_m: float


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The results of a run in memory; `campaign/outcome.py` writes them to files."""

    finished: bool
    config: VehicleConfig
    state: VehicleState
    truth_processed_m2: float
    false_credit_m2: float
    sim_s: float
    ticks: int
    stops: tuple[Stop, ...]
    breaches: tuple[Breach, ...]
    events: tuple[Event, ...]
    trail_m: tuple[tuple[float, float], ...]
    phase_s: dict[str, float]


class Told:
    """A sink that keeps the newest report and all events."""

    name = "observer"

    def __init__(self) -> None:
        self.report: VehicleReport | None = None
        self.events: list[Event] = []

    def accept(self, record: TickRecord) -> None:
        """Keep a tick's report and events."""
        outputs = record.outputs
        if outputs.report is not None:
            self.report = outputs.report
        self.events += record.notices + outputs.events


class Observer:
    """Reads truth and vehicle after every tick and changes neither."""

    def __init__(
        self, rig: SimStack, told: Told, site: Site, plan: Plan, scenario: Scenario, progress: Progress | None
    ) -> None:
        tool, mission = rig.config.machine.tool, scenario.mission
        rotor_min = mission.rotor_at_speed_ratio * tool.rotor_speed_radps
        self._rig, self._told, self._progress = rig, told, progress
        self.truth = GroundTruth(
            cell_m=mission.cell_m,
            rotor_min_radps=rotor_min,
            depth_min_m=mission.required_depth_m,
            speed_max_mps=speed_limit_mps(rig.config, tool.rotor_speed_radps),
        )
        decel_mps2 = rig.config.machine.tracks.decel_mps2
        self.invariants = Invariants(plan.machine, site.keep_out, decel_mps2, RimWatch(plan.machine, site))
        self.stops: list[Stop] = []
        self.trail_m: list[tuple[float, float]] = []
        self.phase_ticks: dict[str, int] = {}
        self.done_tick = -1
        self._mode = Mode.BOOT

    def step(self, now_ns: int) -> None:
        """Look at one tick, after the vehicle has decided."""
        rig = self._rig
        tick, state, truth = rig.barrier.tick, rig.vehicle.state, rig.world.truth()
        self.truth.observe(
            truth.tool_left_m, truth.tool_right_m, truth.rotor_radps, truth.depth_m, truth.speed_mps, truth.bare_shares
        )
        phase = state.mission.phase.value
        self.phase_ticks[phase] = self.phase_ticks.get(phase, 0) + 1
        self._check(state, tick, now_ns)
        if tick % GROUND_PERIOD_TICKS == 0:
            self.invariants.check_ground(truth.east_m, truth.north_m, truth.yaw_rad, now_ns / NS_PER_S)
        if tick % TRAIL_PERIOD_TICKS == 0:
            self.trail_m.append((truth.east_m, truth.north_m))
        report = self._told.report
        if self._progress is not None and tick % PROGRESS_PERIOD_TICKS == 0 and report is not None:
            self._progress(report, tick * TICK_S)
        self._end(state, tick)

    def _check(self, state: VehicleState, tick: int, now_ns: int) -> None:
        mode = state.gate.mode
        ended = state.mission.phase is MissionPhase.DONE
        if is_stop(self._mode, mode) and state.report is not None and not ended:
            estimate = state.estimate.x
            self.stops.append(
                Stop(
                    t_s=now_ns / NS_PER_S,
                    mode=self._mode.name,
                    reasons=state.report.reasons,
                    east_m=float(estimate[0]),
                    north_m=float(estimate[1]),
                )
            )
        self._mode = mode
        outputs = self._rig.world.controller.outputs
        applied_mps = max(abs(outputs.left_mps), abs(outputs.right_mps))
        age_s = state.report.operator_age_s if state.report is not None else 0.0
        self.invariants.check_command(state, applied_mps, age_s, tick * TICK_S)

    def _end(self, state: VehicleState, tick: int) -> None:
        operator = self._rig.operator
        if state.mission.phase is MissionPhase.DONE and self.done_tick < 0:
            self.done_tick = tick
            operator.finish()
        if operator.gave_up or 0 <= self.done_tick <= tick - FINISH_TICKS:
            self._rig.barrier.stop()


def run_mission(
    scenario: Scenario,
    machine: MachineConfig,
    site: Site,
    plan: Plan,
    recorder: Recorder,
    *,
    sinks: tuple[Sink, ...] = (),
    progress: Progress | None = None,
    journal: JournalWriter | None = None,
) -> Outcome:
    """Drive `plan` to its end, until the operator gives up, or to the scenario's time limit; `journal` is closed.

    Raises:
        BrokenSinkError: A sink failed. A vehicle reports this and drives on; here the run's results would be wrong.
    """

    async def main(clock: VirtualClock) -> Outcome:
        del clock
        told = Told()
        kept = (recorder,) if journal is None else (recorder, journal)
        rig = assemble(scenario, machine, plan, (*kept, told, *sinks))
        observer = Observer(rig, told, site, plan, scenario, progress)
        rig.barrier.subscribe(Phase.OBSERVE, observer.step)
        ticks = await rig.barrier.run(round(scenario.sim_max_s / TICK_S))
        recorder.close()
        if journal is not None:
            journal.close()
        broken = [event.text for event in told.events if event.kind == "sink"] or list(rig.vehicle.failures)
        if broken:
            raise BrokenSinkError(", ".join(broken))
        return _outcome(rig, observer, told, ticks)

    outcome: Outcome = run_virtual(main)
    return outcome


def _outcome(rig: SimStack, observer: Observer, told: Told, ticks: int) -> Outcome:
    observer.truth.flush()
    state = rig.vehicle.state
    return Outcome(
        finished=observer.done_tick >= 0,
        config=rig.config,
        state=state,
        truth_processed_m2=observer.truth.processed_m2(),
        false_credit_m2=observer.truth.false_credit_m2(state.ledger),
        sim_s=ticks * TICK_S,
        ticks=ticks,
        stops=tuple(observer.stops),
        breaches=tuple(observer.invariants.breaches),
        events=tuple(told.events),
        trail_m=tuple(observer.trail_m),
        phase_s={phase: count * TICK_S for phase, count in observer.phase_ticks.items()},
    )
