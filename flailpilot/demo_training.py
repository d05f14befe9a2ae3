"""`flailpilot demo --training NAME`: an exercise beside the simulator, its faults and its result sheet."""

import asyncio
import contextlib
import difflib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Final

import msgspec

from console.client.link import console_link
from console.client.protocol import Credentials
from console.client.readings import Reading
from firmware_bridge.types import OperatorEdge
from flailpilot.demo_stack import Ready, Stack
from sim.air import air
from sim.exercises import EXERCISES
from sim.scenario import Scenario
from sim.training import Doors, Exercise, Look, Run, Sheet, look_of
from vehicle.contracts.errors import InputError
from vehicle.contracts.units import NS_PER_S, TICK_NS
from vehicle.host.atomic_file import write_whole
from vehicle.host.clock import SystemClock, utc_now
from vehicle.operator_link.keystore import ConsoleKey, KeyStore, clock_stamp

SECOND_ID: Final = 9
TAKE_TICKS: Final = 100
"""Period at which the second console tries to take control of the machine."""
READ_NS: Final = 50_000_000

Say = Callable[[str], None]


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


class Training:
    """A running exercise: call `tick` in each tick; `port` is the port to which the console sends."""

    def __init__(self, run: Run, doors: Doors, stack: Stack, port: int) -> None:
        self.run, self.doors, self.port = run, doors, port
        self._stack = stack
        self._before: Look | None = None

    def with_pictures(self, tell: Callable[[int], None]) -> Callable[[int], None]:
        """Return the function to call each tick: the exercise, then `tell`, which sends the state to the cameras."""

        def each(now_ns: int) -> None:
            self.tick(now_ns)
            if not self.doors.picture_held:
                tell(now_ns)

        return each

    def tick(self, now_ns: int) -> None:
        """Evaluate the vehicle's newest state; `now_ns` is the vehicle's time [ns]."""
        look = look_of(self._stack.vehicle.loop.state, self._stack.machine, now_ns, self._before)
        self._before = look
        self.run.look(look)
        self.doors.attend(now_ns)


@contextlib.asynccontextmanager
async def training(stack: Stack, exercise: Exercise, say: Say, out: Path) -> AsyncIterator[Training]:
    """Run the exercise; at the end its result sheet is printed, and written to `out`."""
    doors = Doors(machine=stack.machine)
    vehicle = ("127.0.0.1", stack.ready.file.config.operator.port)
    run = Run(exercise, doors, say)
    # its key is made before the vehicle program opens its link, which reads keys at the start and every 5 s
    store = KeyStore(stack.ready.file.beside("keys.json"))
    key = store.create("second console", SECOND_ID)
    async with air(vehicle, lambda: doors.air_cut) as port:
        made = Training(run, doors, stack, port)
        second = asyncio.ensure_future(_second_console(stack.ready, doors, key, clock_stamp(store.load())))
        try:
            yield made
        finally:
            second.cancel()
            await asyncio.gather(second, return_exceptions=True)
            sheet = run.end()
            if not sheet.reached:
                for line in sheet.lines():
                    say(line)
            say(f"result sheet: {_kept(sheet, out)}")


def _kept(sheet: Sheet, out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"{sheet.exercise}-{utc_now():%Y%m%dT%H%M%SZ}.json"
    write_whole(path, msgspec.json.format(msgspec.json.encode(sheet)))
    return path


async def _second_console(ready: Ready, doors: Doors, key: ConsoleKey, stamp: int) -> None:
    """Another operator, who watches and sometimes tries to take control; this console never moves the sticks."""
    clock = SystemClock()
    credentials = Credentials(
        system_id=key.system_id, secret=key.secret, machine_id=ready.machine_id, name="second console"
    )
    port = ready.file.config.operator.port
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
