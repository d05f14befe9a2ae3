"""Random acts of two stations, with faults and silence: never motion after a stop without neutral, reset, arm."""

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaign.faults import FAULTS
from tests.marks import examples
from tests.operator_link.drill_station import ARMED, PAUSE, SET_MODE, DrillStation
from tests.operator_link.test_station_stops import another
from vehicle.contracts.messages import Mode

pytestmark = pytest.mark.long
STOPPED = (Mode.STOPPING, Mode.ESTOP, Mode.FAULT)
BY_STICK = (Mode.MANUAL, Mode.RECOVERY)
ARM_TICKS = 60
"""An arming is over within a second, and told a report later."""
CROSS_TICKS = 3
"""A stop that was sent so short before the machine stopped is what stopped it."""


class Scene:
    """What was done when, beside what the machine did; both judged after every tick."""

    def __init__(self) -> None:
        self.first = DrillStation()
        self.second = another(self.first)
        self.clock = 0
        self.armed_at = self.disarmed_at = self.stopped_at = -1
        """Order of the newest arm, disarm, and accepted stop that was sent."""
        self.armed_tick = -(10**6)
        self.stops: list[tuple[int, int]] = []
        """Tick and order of every stop that was sent."""
        self.halted_at = self.neutral_at = self.held_at = -1
        """Order of the newest stop of its own, of sticks centred without the button, and of the button after that."""
        self.mode = Mode.DISARMED

    def act(self, name: str) -> None:
        self.clock += 1
        ACTS[name](self)

    def stop(self, send: Callable[[DrillStation], None], station: DrillStation) -> None:
        send(station)
        self.stopped_at = self.clock
        self.stops.append((self.first.tick, self.clock))

    def arm(self, station: DrillStation, confirmation: int = 0) -> None:
        station.command(400, 1.0, confirmation=confirmation)
        self.armed_at, self.armed_tick = self.clock, self.first.tick

    def disarm(self, station: DrillStation) -> None:
        self.stop(DrillStation.disarm, station)
        self.disarmed_at = self.clock

    def tick(self) -> None:
        self.clock += 1
        first = self.first
        if first.sticks and first.tick % 5 == 0:
            centred = first.throttle == 1500 == first.steer
            if centred and not first.held:
                self.neutral_at = self.clock
            elif first.held and self.neutral_at > self.halted_at:
                self.held_at = self.clock
        first.step()
        before, self.mode = self.mode, first.mode
        if self.mode in ARMED and before not in ARMED:
            assert self.armed_at > self.stopped_at, "armed although a stop was accepted since"
            assert first.tick - self.armed_tick <= ARM_TICKS, "an arming outlived its answer"
            assert self.disarmed_at >= self.halted_at, "armed although nobody acknowledged the stop"
        if self.mode is Mode.MANUAL and before is Mode.READY:
            assert self.held_at > max(self.armed_at, self.halted_at), "driving without neutral and button"
        report = first.drill.state.report
        if self.mode in BY_STICK and report is not None and report.driving:
            assert self.held_at > self.halted_at, "moves without neutral and button"
        if self.mode in STOPPED and before not in STOPPED:
            # a disarm that crosses the stop acknowledges only what it asked for itself
            asked = [order for tick, order in self.stops if tick >= first.tick - CROSS_TICKS]
            self.halted_at = min(asked, default=self.clock)
        if self.mode is not Mode.BOOT:
            due = self.mode in (Mode.STOPPING, Mode.HOLD, Mode.ESTOP, Mode.FAULT)
            fresh = first.drill.link.view.mode is self.mode
            assert not fresh or first.armed_bit or not (due or self.mode in ARMED)


def _sticks(*, held: bool | None = None, throttle: int | None = None) -> Callable[[Scene], None]:
    def change(scene: Scene) -> None:
        first = scene.first
        first.held = first.held if held is None else held
        first.throttle = first.throttle if throttle is None else throttle

    return change


def _speaks(*, on: bool) -> Callable[[Scene], None]:
    def change(scene: Scene) -> None:
        scene.first.sticks = scene.first.heartbeats = on

    return change


def _shock(*, on: bool) -> Callable[[Scene], None]:
    fault = FAULTS["detonation"]
    return lambda scene: fault.inject(scene.first.drill, 1.0) if on else fault.heal(scene.first.drill)


ACTS: dict[str, Callable[[Scene], None]] = {
    "arm": lambda s: s.arm(s.first),
    "arm again": lambda s: s.arm(s.first, confirmation=1),
    "disarm": lambda s: s.disarm(s.first),
    "hold": lambda s: s.stop(DrillStation.hold, s.first),
    "pause": lambda s: s.stop(lambda one: one.command(PAUSE, 0.0), s.first),
    "start": lambda s: s.first.command(300),
    "auto": lambda s: s.first.command(SET_MODE, 1.0, 10.0),
    "back out": lambda s: s.first.command(SET_MODE, 1.0, 12.0),
    "manual": lambda s: s.first.command(SET_MODE, 1.0, 0.0),
    "other arm": lambda s: s.arm(s.second),
    "other disarm": lambda s: s.disarm(s.second),
    "other hold": lambda s: s.stop(DrillStation.hold, s.second),
    "press": _sticks(held=True),
    "release": _sticks(held=False, throttle=1500),
    "push": _sticks(throttle=1800),
    "silent": _speaks(on=False),
    "speaks": _speaks(on=True),
    "shock": _shock(on=True),
    "healed": _shock(on=False),
}
DRIVE = [("arm", 60), ("press", 80), ("push", 120)]
BACK_OUT = [("disarm", 30), ("arm", 60)]
"""Button held and stick pushed all the while."""
CROSSED = [("arm", 0)] * 8 + [("pause", 0), ("disarm", 0), ("arm", 0), ("arm", 0), ("arm", 2)]
"""A disarm and a hold after it reach the machine in one tick, with arms before, between and behind."""
STEPS = st.lists(st.tuples(st.sampled_from(sorted(ACTS)), st.sampled_from([0, 1, 2, 4, 8, 16, 30, 60])), max_size=25)


@given(steps=STEPS, driving=st.booleans())
@example(steps=[("hold", 0), ("disarm", 1), ("arm", 60), ("hold", 60), ("arm", 60)], driving=True)
@example(steps=[("shock", 2), ("disarm", 8), ("healed", 60), ("arm", 60), ("disarm", 60), ("arm", 60)], driving=True)
@example(steps=[("silent", 60), ("speaks", 60), ("arm", 60), ("disarm", 60), ("arm", 60)], driving=True)
@example(steps=[("arm", 4), ("other hold", 0), ("arm again", 8), ("arm", 60), ("press", 60)], driving=False)
@example(steps=[("disarm", 30), ("arm", 60), ("back out", 60)], driving=True)
@example(
    steps=[("disarm", 30), ("arm", 60), ("back out", 8), ("release", 30), ("press", 60), ("push", 60)], driving=True
)
@example(steps=[*CROSSED, ("hold", 4), ("arm again", 16), ("arm again", 30), ("arm again", 8)], driving=True)
@settings(max_examples=examples(25), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_sequence_of_acts_restarts_a_motion(steps: list[tuple[str, int]], *, driving: bool) -> None:
    scene = Scene()
    for name, ticks in [*(DRIVE if driving else []), *steps]:
        scene.act(name)
        for _ in range(ticks):
            scene.tick()
    assert not any(said.get("result") == 5 for _, name, said in scene.first.heard if name == "COMMAND_ACK")
