"""Exercises for operators in the simulator: a goal, steps with hints, faults at given times, and a result sheet.

Pure: the steps of an `Exercise` are judged once a tick by a `Look`: what somebody beside the machine could see. Faults
are set in the simulated machine, never in the vehicle program (`Doors`).
"""

from collections.abc import Callable
from typing import Final

import msgspec

from sim.live import LiveMachine
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.contracts.stop_reasons import names
from vehicle.contracts.units import NS_PER_S, TICK_S
from vehicle.control.events import is_stop
from vehicle.control.state import VehicleState

OPENING_EDGES: Final = 1 | 4 | 128 | 2048
"""ARM, RESET, START, RECOVERY: acts that must have an effect."""
ACT_NS: Final = NS_PER_S
"""An act that changed nothing within this time counts as wrong."""


ATTENDED_NS: Final = 3 * NS_PER_S
"""Time between two looks of a person at the machine."""


class Doors(msgspec.Struct):
    """Where faults are set. `air_cut`: nothing passes between console and vehicle; `picture_held`: no new pictures.

    `second_console`: another console wants the machine. `attended`: somebody stands at the machine.
    """

    machine: LiveMachine
    air_cut: bool = False
    picture_held: bool = False
    second_console: bool = False
    attended: bool = False
    attended_ns: int = 0

    def attend(self, now_ns: int) -> None:
        """If the machine is `attended`, somebody beside it turns the key and starts an engine that stands."""
        engine, controller = self.machine.world.engine, self.machine.world.controller
        if not self.attended or engine.running or now_ns - self.attended_ns < ATTENDED_NS:
            return
        self.attended_ns = now_ns
        controller.reset_at_machine()
        engine.start()


class Look(msgspec.Struct, frozen=True, kw_only=True):
    """One tick as it is judged. `edges`: acts that are pressed; `state_of_acts`: what an act may change.

    `tilled_m`: distance driven with the rotor turning in the soil, since the beginning.
    """

    t_ns: int
    mode: Mode
    phase: MissionPhase
    speed_mps: float
    held: bool
    edges: int
    rotor_radps: float
    depth_m: float
    area_m2: float
    tilled_m: float
    cross_m: float | None
    reasons: tuple[str, ...]
    state_of_acts: tuple[object, ...] = ()


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """A step of an exercise; `hint` is shown at its beginning.

    It ends when `until` holds, at the earliest after `at_least_s`. `begin` and `end` set and end a fault; the operator
    has to notice the fault of a step with `begin`.
    """

    hint: str
    until: Callable[[Look], bool]
    at_least_s: float = 0.0
    begin: Callable[[Doors], None] | None = None
    end: Callable[[Doors], None] | None = None


class Exercise(msgspec.Struct, frozen=True, kw_only=True):
    """`soil_mjpm3` replaces the scenario's; `bank_ahead_m`: distance to a bank across the machine's way."""

    name: str
    goal: str
    steps: tuple[Step, ...]
    bank_ahead_m: float | None = None
    soil_mjpm3: float | None = None


class Sheet(msgspec.Struct, kw_only=True):
    """The result. `noticed_s`: for each fault the time until the operator's first reaction; None if there was none."""

    exercise: str
    goal: str
    reached: bool = False
    steps_done: int = 0
    steps: int = 0
    time_s: float = 0.0
    stops: list[tuple[float, str]] = msgspec.field(default_factory=list)
    noticed_s: list[float | None] = msgspec.field(default_factory=list)
    wrong_acts: int = 0
    acts: int = 0
    area_m2: float = 0.0
    cross_rms_m: float | None = None

    def lines(self) -> list[str]:
        """Return lines for people."""
        noticed = ", ".join("not noticed" if one is None else f"{one:.1f} s" for one in self.noticed_s) or "no fault"
        stops = ", ".join(f"{reason} at {t_s:.0f} s" for t_s, reason in self.stops) or "none"
        off = f"; tool off the swath {self.cross_rms_m * 100:.0f} cm RMS" if self.cross_rms_m is not None else ""
        end = "goal reached" if self.reached else "broken off"
        return [
            f"{self.exercise}: {end} after {self.time_s:.0f} s, {self.steps_done} of {self.steps} steps",
            f"stops: {stops}",
            f"time to notice: {noticed}",
            f"acts: {self.acts}, without effect: {self.wrong_acts}; processed {self.area_m2:.1f} m2{off}",
        ]


def look_of(state: VehicleState, machine: LiveMachine, t_ns: int, before: Look | None) -> Look:
    """Return this tick, from what the vehicle shows and what the machine truly does."""
    truth = machine.world.truth()
    frames = state.wire.operator
    held = frames[-1].hold_to_run if frames else before.held if before is not None else False
    edges = int(frames[-1].edges) if frames else before.edges if before is not None else 0
    gate = state.gate
    working = state.mission.phase is MissionPhase.WORK or (truth.depth_m > 0.02 and truth.rotor_radps > 5.0)
    step_m = abs(truth.speed_mps) * TICK_S
    return Look(
        t_ns=t_ns,
        mode=gate.mode,
        phase=state.mission.phase,
        speed_mps=truth.speed_mps,
        held=held,
        edges=edges,
        rotor_radps=truth.rotor_radps,
        depth_m=truth.depth_m,
        area_m2=state.ledger.credited_m2,
        tilled_m=(before.tilled_m if before is not None else 0.0) + (step_m if working else 0.0),
        cross_m=off_swath_m(state, truth.tool_left_m, truth.tool_right_m) if working else None,
        reasons=names(gate.active | gate.latched | gate.shown),
        state_of_acts=(gate.mode, gate.reset_due, gate.latched, gate.estop_latched, gate.holder, state.mission.phase),
    )


def off_swath_m(state: VehicleState, left_m: tuple[float, float], right_m: tuple[float, float]) -> float | None:
    """Distance [m] of the tool's middle from the line of the present segment, left positive; None without a plan."""
    plan = state.mission.plan
    if plan is None or state.mission.index >= len(plan.segments):
        return None
    (e0, n0), *_, (e1, n1) = plan.segments[state.mission.index].points_m
    length_m = ((e1 - e0) ** 2 + (n1 - n0) ** 2) ** 0.5
    if length_m < 0.5:
        return None
    east, north = (left_m[0] + right_m[0]) / 2.0 - e0, (left_m[1] + right_m[1]) / 2.0 - n0
    return float(((e1 - e0) * north - (n1 - n0) * east) / length_m)


class Run:
    """One exercise from beginning to end; call `look` once a tick."""

    def __init__(self, exercise: Exercise, doors: Doors, say: Callable[[str], None]) -> None:
        self.exercise, self._doors, self._say = exercise, doors, say
        self.sheet = Sheet(exercise=exercise.name, goal=exercise.goal, steps=len(exercise.steps))
        self._index = -1
        self._start_ns: int | None = None
        self._step_ns = 0
        self._before: Look | None = None
        self._fault: tuple[int, bool] | None = None
        self._acts: list[tuple[int, tuple[object, ...]]] = []
        self._cross: list[float] = []

    @property
    def done(self) -> bool:
        """Whether all steps are done."""
        return self._index >= len(self.exercise.steps)

    def look(self, now: Look) -> None:
        """Judge one tick."""
        if self.done:
            return
        before, self._before = self._before, now
        if self._start_ns is None or before is None:
            self._start_ns = now.t_ns
            self._say(f"exercise {self.exercise.name}: {self.exercise.goal}")
            self._next(now)
            return
        self.sheet.time_s = (now.t_ns - self._start_ns) / NS_PER_S
        self.sheet.area_m2 = now.area_m2
        if is_stop(before.mode, now.mode):
            self.sheet.stops.append((round(self.sheet.time_s, 1), now.reasons[0] if now.reasons else "operator_stop"))
        self._judge_acts(before, now)
        self._judge_notice(before, now)
        if now.cross_m is not None and now.speed_mps > 0.02:
            self._cross.append(now.cross_m)
            self.sheet.cross_rms_m = (sum(off * off for off in self._cross) / len(self._cross)) ** 0.5
        step = self.exercise.steps[self._index]
        if (now.t_ns - self._step_ns) / NS_PER_S >= step.at_least_s and step.until(now):
            self._next(now)

    def end(self) -> Sheet:
        """End all faults and return the sheet."""
        if 0 <= self._index < len(self.exercise.steps):
            self._close(self.exercise.steps[self._index])
        return self.sheet

    def _next(self, now: Look) -> None:
        steps = self.exercise.steps
        if self._index >= 0:
            self._close(steps[self._index])
            self.sheet.steps_done += 1
        self._index += 1
        self._step_ns = now.t_ns
        if self._index == len(steps):
            self.sheet.reached = True
            for line in self.sheet.lines():
                self._say(line)
            return
        step = steps[self._index]
        if step.hint:
            self._say(f"hint: {step.hint}")
        if step.begin is not None:
            step.begin(self._doors)
            self.sheet.noticed_s.append(None)
            self._fault = (now.t_ns, now.held)

    def _close(self, step: Step) -> None:
        if step.end is not None:
            step.end(self._doors)

    def _judge_notice(self, before: Look, now: Look) -> None:
        """Note a reaction to a fault: an act, or hold-to-run pressed or released."""
        if self._fault is None:
            return
        since_ns, held = self._fault
        if now.held is not held or now.edges & ~before.edges:
            self.sheet.noticed_s[-1] = round((now.t_ns - since_ns) / NS_PER_S, 2)
            self._fault = None

    def _judge_acts(self, before: Look, now: Look) -> None:
        risen = now.edges & ~before.edges
        if risen:
            self.sheet.acts += risen.bit_count()
        if risen & OPENING_EDGES:
            self._acts.append((now.t_ns, before.state_of_acts))
        waiting = []
        for t_ns, state in self._acts:
            if now.state_of_acts != state:
                continue
            if now.t_ns - t_ns > ACT_NS:
                self.sheet.wrong_acts += 1
            else:
                waiting.append((t_ns, state))
        self._acts = waiting
