"""One session of machine and vehicle program after another, in one demo: with an exercise, or without.

Each session begins with the machine disarmed at the start of its plan, on the ground that its exercise needs. Whoever
begins or leaves an exercise on the page ends the session; ports, keys and cameras stay, so that the console sees a
vehicle program that was started again.
"""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import msgspec

from console.server.training import Training
from flailpilot.demo_stack import GROUND_STATION_PORT, Ready, again, assemble, invite_ground_station, run_stack
from flailpilot.demo_training import Drill, drilling, next_stamp, second_console, with_exercise
from sim.exercises import EXERCISES
from sim.live import LiveMachine
from sim.paced import PacedClock
from sim.training import Exercise, Sheet
from vehicle.contracts.units import TICK_NS
from vehicle.host.clock import SystemClock

LOOK_TICKS: Final = 10
"""The page is told five times a second what runs, where that has changed."""
Say = Callable[[str], None]


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What the page asks for: the exercise to `begin`, "" for none."""

    begin: str = ""
    hints: bool = True


class Sessions:
    """`run` runs one session after another until it is cancelled; `wish` ends the present one.

    `told` is called with each change of what runs. `called_port`: on which unsigned ground stations call.
    """

    def __init__(self, ready: Ready, first: Exercise | None, speed: float, out: Path, called_port: int) -> None:
        self._ready, self._speed, self._out, self._called_port = ready, speed, out, called_port
        self._second = second_console(ready)
        self._wish = Wish(begin=first.name if first is not None else "")
        self._wished = asyncio.Event()
        self._drill: Drill | None = None
        self._result = Training()
        self.state = Training(changing=True)
        self.told: Callable[[Training], None] = lambda _: None

    @property
    def air_cut(self) -> bool:
        """Whether nothing passes between console and vehicle."""
        return self._drill is not None and self._drill.doors.air_cut

    def wish(self, wish: Wish) -> None:
        """Begin another session as soon as the present one has ended."""
        self._wish = wish
        self._wished.set()
        self._show(msgspec.structs.replace(self.state, changing=True))

    async def run(self, say: Say, film: Callable[[LiveMachine, int], None]) -> None:
        """Run sessions; `film` is called each tick with the machine and the vehicle's time [ns]."""
        now_ns = 0
        while True:
            now_ns = await self._one(now_ns, say, film)

    async def _one(self, start_ns: int, say: Say, film: Callable[[LiveMachine, int], None]) -> int:
        """Run a session from this time of the vehicle [ns] on; return its last one."""
        wish, exercise = self._wish, EXERCISES.get(self._wish.begin)
        self._wished.clear()
        ready = again(self._ready, with_exercise(self._ready.scenario, exercise))
        clock = PacedClock(SystemClock(), self._speed, start_ns)
        async with contextlib.AsyncExitStack() as closing:
            stack = assemble(ready, clock, closing, exercise.bank_ahead_m if exercise is not None else None)
            invite_ground_station(stack, GROUND_STATION_PORT, self._called_port)
            drill = Drill(exercise, stack, hints=wish.hints) if exercise is not None else None
            closing.callback(self._ended, drill)
            if drill is not None:
                await closing.enter_async_context(drilling(drill, stack, self._second, next_stamp(ready), self._out))
            self._drill = drill

            def each(now_ns: int) -> None:
                if drill is not None:
                    drill.tick(now_ns)
                if drill is None or not drill.doors.picture_held:
                    film(stack.machine, now_ns)
                if now_ns // TICK_NS % LOOK_TICKS == 0 and not self._wished.is_set():
                    self._show(self._now(drill))

            await _until(run_stack(stack, say, each), self._wished)
        return clock.now_ns()

    def _now(self, drill: Drill | None) -> Training:
        """Return what runs, with the sheet of this exercise once it has ended, else with that of the last one."""
        if drill is None:
            return self._result
        sheet = drill.run.sheet
        last = _result_of(sheet) if drill.run.done else self._result
        return msgspec.structs.replace(
            last,
            running=sheet.exercise,
            goal=sheet.goal,
            hint=drill.hint,
            hints=drill.hints,
            steps_done=sheet.steps_done,
            steps=sheet.steps,
            time_s=int(sheet.time_s),
            reached=sheet.reached,
        )

    def _ended(self, drill: Drill | None) -> None:
        """After a session: no fault stands any more, and the sheet of its exercise is the newest."""
        self._drill = None
        if drill is not None:
            self._result = _result_of(drill.run.sheet)

    def _show(self, state: Training) -> None:
        if state != self.state:
            self.state = state
            self.told(state)


def _result_of(sheet: Sheet) -> Training:
    return Training(result_of=sheet.exercise, result=tuple(sheet.lines()))


async def _until(running: Coroutine[Any, Any, None], wished: asyncio.Event) -> None:
    """Run until somebody wishes something else; what fails in it fails here."""
    task, wish = asyncio.ensure_future(running), asyncio.ensure_future(wished.wait())
    try:
        await asyncio.wait((task, wish), return_when=asyncio.FIRST_COMPLETED)
    finally:
        failed = task.done()
        for one in (task, wish):
            one.cancel()
        await asyncio.gather(task, wish, return_exceptions=True)
    if failed:
        task.result()
