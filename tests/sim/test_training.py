"""Exercises: what is judged, with made-up looks; and each can be reached by an operator who follows the screen."""

import functools

import msgspec
import pytest

from campaign.sim_operator import Goal, SimOperator
from firmware_bridge.types import OperatorEdge
from sim.bank import Bank
from sim.exercises import EXERCISES
from sim.live import LiveMachine
from sim.scenario import Scenario
from sim.sim_stack import ground_of, start_pose, wire_up
from sim.training import Doors, Exercise, Look, Run, Step, look_of
from tests.marks import some
from tests.operator_link.small_plan import small_plan
from vehicle.config.load import load_machine
from vehicle.config.vehicle import MissionConfig, SafetyConfig
from vehicle.contracts.messages import MissionPhase, Mode
from vehicle.contracts.units import NS_PER_S, TICK_NS

ARM, STOP, RESET = OperatorEdge.ARM, OperatorEdge.STOP, OperatorEdge.RESET
LOOK = Look(
    t_ns=0, mode=Mode.DISARMED, phase=MissionPhase.IDLE, speed_mps=0.0, held=False, edges=0, rotor_radps=0.0,
    depth_m=-0.6, area_m2=0.0, tilled_m=0.0, cross_m=None, reasons=(),
)  # fmt: skip


class Played:
    """An exercise under looks that a test makes up, 50 a second."""

    def __init__(self, *steps: Step) -> None:
        self.said: list[str] = []
        self.doors = Doors(machine=None)  # type: ignore[arg-type]  # no fault of these reaches into it
        self.run = Run(Exercise(name="x", goal="some goal", steps=steps), self.doors, self.said.append)
        self.now = LOOK
        self.run.look(self.now)

    def go(self, seconds: float, **changes) -> None:
        for _ in range(round(seconds * 50)):
            self.now = msgspec.structs.replace(self.now, t_ns=self.now.t_ns + TICK_NS, **changes)
            if "state_of_acts" not in changes:
                self.now = msgspec.structs.replace(self.now, state_of_acts=(self.now.mode,))
            self.run.look(self.now)


def cut(doors: Doors) -> None:
    doors.air_cut = True


def join(doors: Doors) -> None:
    doors.air_cut = False


def never(_: Look) -> bool:
    return False


def test_steps_follow_each_other_not_before_their_time():
    played = Played(
        Step(hint="first", until=lambda now: now.mode is Mode.MANUAL),
        Step(hint="second", until=lambda now: now.speed_mps > 0.1, at_least_s=2.0),
    )
    played.go(1.0)
    assert played.said == ["exercise x: some goal", "hint: first"]
    played.go(1.0, mode=Mode.MANUAL, speed_mps=0.3)
    assert played.said[-1] == "hint: second"
    assert not played.run.done
    played.go(1.5)
    assert played.run.done
    assert played.run.sheet.reached
    assert played.said[-4].startswith("x: goal reached after 3 s, 2 of 2 steps")


def test_a_fault_stands_from_its_step_to_its_end_and_the_time_to_notice_is_that_of_the_first_reaction():
    played = Played(
        Step(hint="", until=lambda now: now.held),
        Step(hint="", until=lambda now: now.mode is Mode.HOLD, begin=cut, end=join),
        Step(hint="", until=never),
    )
    assert not played.doors.air_cut
    played.go(1.0, held=True, mode=Mode.MANUAL)
    assert played.doors.air_cut
    played.go(2.0)
    assert played.run.sheet.noticed_s == [None]
    played.go(0.1, held=False)
    assert played.run.sheet.noticed_s == [pytest.approx(3.0, abs=0.05)]
    played.go(0.1, mode=Mode.HOLD, reasons=("link_lost",))
    assert not played.doors.air_cut
    assert [reason for _, reason in played.run.sheet.stops] == ["link_lost"]
    played.go(1.0, held=True)
    assert len(played.run.sheet.noticed_s) == 1


def test_an_exercise_that_is_broken_off_leaves_no_fault():
    played = Played(Step(hint="", until=never, begin=cut, end=join))
    assert played.doors.air_cut
    sheet = played.run.end()
    assert not played.doors.air_cut
    assert not sheet.reached
    assert "broken off" in sheet.lines()[0]


def test_an_act_that_changes_nothing_within_a_second_is_counted():
    played = Played(Step(hint="", until=never))
    for mode in (Mode.READY, Mode.MANUAL):
        played.go(0.1, edges=ARM)
        played.go(0.2, edges=0, mode=mode)
    played.go(2.0)
    assert (played.run.sheet.acts, played.run.sheet.wrong_acts) == (2, 0)
    played.go(0.1, edges=ARM)
    played.go(2.0, edges=0)
    played.go(0.1, edges=STOP)  # stopping is never wrong
    played.go(2.0, edges=0)
    assert (played.run.sheet.acts, played.run.sheet.wrong_acts) == (4, 1)


def test_the_way_off_the_swath_is_scored_while_the_tool_works_and_moves():
    played = Played(Step(hint="", until=never))
    played.go(1.0, cross_m=0.5, speed_mps=0.0)
    assert played.run.sheet.cross_rms_m is None
    played.go(1.0, cross_m=0.03, speed_mps=0.2)
    played.go(1.0, cross_m=-0.03, speed_mps=0.2)
    assert played.run.sheet.cross_rms_m == pytest.approx(0.03)


# --- the whole stack ------------------------------------------------------------------------------------------------
SCENARIO = Scenario(name="x", machine="memat", site="-", mission=MissionConfig(required_depth_m=0.15), seed=3)
RETREAT_STEP = 2
WILL = {
    "link-loss": lambda rig: rig.drives(0.6),
    "rtk-loss": lambda rig: rig.wants(Goal.MISSION),
    "slope": lambda rig: (
        rig.drives(0.6) if rig.step < RETREAT_STEP else rig.wants(Goal.RETREAT, -1.0) if rig.step == RETREAT_STEP
        else rig.wants(Goal.STAND)
    ),
    "hard-soil": lambda rig: rig.wants(Goal.MISSION),
    "detonation": lambda rig: (
        rig.wants(Goal.MISSION) if rig.step < 3 else rig.drives(-0.5) if rig.step == 3 else rig.wants(Goal.STAND)
    ),
    "stale-video": lambda rig: rig.wants(Goal.STAND) if rig.step == 2 else rig.drives(0.6),
    "second-console": lambda rig: rig.disarms() if rig.step == 3 else rig.drives(0.3),
    "e-stop": lambda rig: rig.drives(0.6),
}  # fmt: skip


class Rig:
    """The unchanged vehicle, the simulated machine, an operator with a will, and the exercise over them."""

    def __init__(self, exercise: Exercise) -> None:
        machine, plan = load_machine("memat"), small_plan()
        self.parts = wire_up(SCENARIO, machine, plan, safety=SafetyConfig(detonation_wait_s=60.0))
        world = self.parts.world
        if exercise.bank_ahead_m is not None:
            bank = Bank(ground_of(SCENARIO), start_pose(plan), exercise.bank_ahead_m)
            world.tracks._ground = world.flail._ground = bank
        self.live = LiveMachine(world=world, line=self.parts.line)
        self.doors = Doors(machine=self.live)
        self.operator = SimOperator(self.parts.radio.station, 7)
        self.run = Run(exercise, self.doors, lambda _: None)
        self._will = WILL[exercise.name]
        self._before: Look | None = None

    @property
    def step(self) -> int:
        return self.run.sheet.steps_done

    def wants(self, goal: Goal, drive: float = 0.0) -> None:
        self.operator.goal, self.operator.drive, self.operator.pressed = goal, drive, OperatorEdge.NONE

    def drives(self, drive: float) -> None:
        self.wants(Goal.MANUAL, drive)

    def disarms(self) -> None:
        self.wants(Goal.REST)
        self.operator.pressed = OperatorEdge.DISARM

    def tick(self, now_ns: int) -> None:
        self.live.step(now_ns)
        radio = self.parts.radio
        radio.up.cut = radio.down.cut = self.doors.air_cut
        radio.step(now_ns)
        self._will(self)
        self.operator.step(now_ns)
        self.parts.vehicle.step(now_ns)
        look = look_of(self.parts.vehicle.state, self.live, now_ns, self._before)
        self._before = look
        self.run.look(look)
        self.doors.attend(now_ns)


@functools.cache
def reached(name: str):
    """Within five minutes of the machine's time."""
    rig = Rig(EXERCISES[name])
    for tick in range(1, 300 * 50):
        rig.tick(tick * TICK_NS)
        if rig.run.done:
            break
    return rig


@pytest.mark.long
@pytest.mark.parametrize("name", some(list(WILL), 2))
def test_each_exercise_can_be_reached_by_following_the_screen(name: str):
    rig = reached(name)
    sheet = rig.run.sheet
    assert sheet.reached, (sheet.steps_done, rig.operator.mode, rig.operator.screen, sheet)
    assert len(sheet.noticed_s) == sum(step.begin is not None for step in EXERCISES[name].steps)
    assert rig.live.world.gnss.jump_m == (0.0, 0.0)
    assert not rig.doors.air_cut
    if name not in ("stale-video", "second-console"):
        assert sheet.stops, "the fault stops the machine by itself"
    assert sheet.time_s < 5 * 60 * NS_PER_S


def test_every_exercise_takes_its_faults_out_again():
    for exercise in EXERCISES.values():
        for step in exercise.steps:
            assert (step.begin is None) is (step.end is None), exercise.name
        assert exercise.goal.isascii()
        assert len(exercise.steps) >= 3
        assert any(step.begin for step in exercise.steps) or exercise.name in ("first-day", "slope", "swath-by-stick")
