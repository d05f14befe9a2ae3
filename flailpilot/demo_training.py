"""An exercise beside the simulator of `flailpilot demo`: its faults, its hints and its result sheet."""

import asyncio
import contextlib
import difflib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import msgspec

from console.client.link import console_link
from console.client.protocol import Credentials
from console.client.readings import Reading
from firmware_bridge.types import OperatorEdge
from flailpilot.demo_stack import Ready, Stack, own_key
from sim.exercises import EXERCISES
from sim.scenario import Scenario
from sim.training import Doors, Exercise, Look, Run, Sheet, look_of
from vehicle.contracts.errors import InputError
from vehicle.contracts.units import NS_PER_S, TICK_NS
from vehicle.host.atomic_file import write_whole
from vehicle.host.clock import SystemClock, utc_now
from vehicle.operator_link.keystore import KeyStore, clock_stamp

SECOND_ID: Final = 9
TAKE_TICKS: Final = 100
"""Period at which the second console tries to take control of the machine."""
READ_NS: Final = 50_000_000


def exercise_named(name: str) -> Exercise | None:
    """Return the exercise with this name; None for "".

    Raises:
        InputError: There is no such exercise; the line names the existing ones.
    """
    if not name:
        return None
    found = EXERCISES.get(name)
    if found is None:
        near = difflib.get_close_matches(name, EXERCISES, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"no exercise {name!r}{hint} (there are: {', '.join(EXERCISES)})")
    return found


def listed() -> list[str]:
    """Return a line for each exercise."""
    return [f"{exercise.name:<16} {exercise.goal}" for exercise in EXERCISES.values()]


def with_exercise(scenario: Scenario, exercise: Exercise | None) -> Scenario:
    """Return the scenario with the ground that the exercise needs."""
    if exercise is None:
        return scenario
    if exercise.soil_mjpm3 is None:
        return scenario
    ground = scenario.ground.model_copy(update={"soil_energy_mj_per_m3": exercise.soil_mjpm3})
    return scenario.model_copy(update={"ground": ground})


class Drill:
    """A running exercise: call `tick` in each tick. `hints` False: the operator is told goal and result alone."""

    def __init__(self, exercise: Exercise, stack: Stack, *, hints: bool = True) -> None:
        self.exercise, self.hints, self._stack = exercise, hints, stack
        self.doors = Doors(machine=stack.machine)
        self.run = Run(exercise, self.doors, self._say)
        self._before: Look | None = None

    def _say(self, line: str) -> None:
        if self.hints or not line.startswith("hint:"):
            self._stack.vehicle.announce(line)

    def tick(self, now_ns: int) -> None:
        """Evaluate the vehicle's newest state; `now_ns` is the vehicle's time [ns]."""
        look = look_of(self._stack.vehicle.loop.state, self._stack.machine, now_ns, self._before)
        self._before = look
        self.run.look(look)
        self.doors.attend(now_ns)

    @property
    def hint(self) -> str:
        """The hint of the present step; "" where none is given."""
        done, steps = self.run.sheet.steps_done, self.exercise.steps
        return steps[done].hint if self.hints and done < len(steps) else ""


@contextlib.asynccontextmanager
async def drilling(drill: Drill, stack: Stack, second: Credentials, stamp: int, out: Path) -> AsyncIterator[None]:
    """Run the exercise; at the end its faults end, and its result sheet is announced and written to `out`.

    `second`: of the console beside the operator's, whose frames are stamped from `stamp` on.
    """
    port = stack.ready.file.config.operator.port
    other = asyncio.ensure_future(_second_console(port, drill.doors, second, stamp))
    try:
        yield
    finally:
        other.cancel()
        await asyncio.gather(other, return_exceptions=True)
        sheet = drill.run.end()
        if not sheet.reached:
            for line in sheet.lines():
                stack.vehicle.announce(line)
        stack.vehicle.announce(f"result sheet: {_kept(sheet, out)}")


def second_console(ready: Ready) -> Credentials:
    """Make the key of the second console, or take that of the folder, before the vehicle program reads its keys."""
    key = own_key(KeyStore(ready.file.beside("keys.json")), "second console", SECOND_ID)
    return Credentials(system_id=key.system_id, secret=key.secret, machine_id=ready.machine_id, name=key.name)


def next_stamp(ready: Ready) -> int:
    """Return a stamp after all that a console of this computer has sent."""
    return clock_stamp(KeyStore(ready.file.beside("keys.json")).load())


def _kept(sheet: Sheet, out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{sheet.exercise}-{utc_now():%Y%m%dT%H%M%SZ}.json"
    write_whole(path, msgspec.json.format(msgspec.json.encode(sheet)))
    return path


async def _second_console(port: int, doors: Doors, credentials: Credentials, stamp: int) -> None:
    """Another operator, who watches and sometimes tries to take control; this console never moves the sticks."""
    clock = SystemClock()
    while not doors.second_console:
        await clock.sleep_until_ns(clock.now_ns() + NS_PER_S // 10)
    async with console_link("127.0.0.1", port, credentials, clock, stamp) as link:
        number = 0
        while True:
            number += 1
            if doors.second_console:
                link.feed(Reading(number=number, vehicle_tick=link.view.tick))
                if number % (TAKE_TICKS * TICK_NS // READ_NS) == 1 and link.view.session:
                    link.act(OperatorEdge.TAKE)
            await clock.sleep_until_ns(clock.now_ns() + READ_NS)
