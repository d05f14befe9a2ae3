"""Virtual time: an asyncio loop that jumps from timer to timer, its clock, and the barrier that drives a tick.

The loop has no file descriptor and never blocks. Sockets, threads and the wall clock are refused at once, because with
them a run would depend on its computer. Same coroutines, same order, same virtual nanoseconds.
"""

import asyncio
import selectors
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from enum import IntEnum
from typing import Any, NoReturn

from vehicle.contracts.units import NS_PER_S, TICK_NS

Subscriber = Callable[[int], None]

LIVELOCK_ROUNDS = 100_000
"""More rounds of the loop at one virtual instant count as a livelock; a tick of the whole stack takes fewer than 20."""


class DeadlockError(RuntimeError):
    """Every coroutine waits and no timer is set: in real time the program would hang for ever."""


class LivelockError(RuntimeError):
    """Coroutines wake each other while virtual time stands still."""


class _JumpingSelector(selectors.BaseSelector):
    """Used where the loop would block: it moves the clock to the next timer instead of waiting."""

    def __init__(self) -> None:
        self.now_ns = 0
        self.rounds = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise DeadlockError("nothing is ready and no timer is set")
        if timeout > 0.0:
            # Rounding to whole nanoseconds removes the float noise of `when - now`: deadlines stay on the tick's grid.
            self.now_ns += max(1, round(timeout * NS_PER_S))
            self.rounds = 0
        else:
            self.rounds += 1
            if self.rounds > LIVELOCK_ROUNDS:
                self.rounds = 0  # the runner still has to cancel the tasks
                raise LivelockError(f"{LIVELOCK_ROUNDS} rounds of the loop at t = {self.now_ns} ns without a timer due")
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> NoReturn:
        raise NotImplementedError("no file descriptors in virtual time")

    def unregister(self, fileobj: Any) -> NoReturn:
        raise NotImplementedError("no file descriptors in virtual time")

    def get_map(self) -> dict[Any, selectors.SelectorKey]:
        return {}


class VirtualLoop(asyncio.BaseEventLoop):
    """Event loop on virtual nanoseconds; run it with `run_virtual`."""

    _ready: deque[asyncio.Handle]
    _scheduled: list[asyncio.TimerHandle]

    def __init__(self, start_ns: int = 0) -> None:
        super().__init__()
        self._selector = _JumpingSelector()
        self._selector.now_ns = start_ns
        # BaseEventLoop runs timers due within this span of now: half a nanosecond, less than two deadlines can differ.
        self._clock_resolution = 0.5e-9

    def time(self) -> float:
        """Virtual time [s]."""
        return self._selector.now_ns / NS_PER_S

    def now_ns(self) -> int:
        """Virtual time [ns]."""
        return self._selector.now_ns

    def skip_to_ns(self, t_ns: int) -> bool:
        """Jump to `t_ns` and return True if no callback is ready and no timer is due by then; else return False."""
        if self._ready or (self._scheduled and self._scheduled[0].when() <= t_ns / NS_PER_S + self._clock_resolution):
            return False
        self._selector.now_ns = t_ns
        self._selector.rounds = 0
        return True

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> NoReturn:  # type: ignore[override]
        """Refused: the operating system decides when a thread ends, and no seed decides that."""
        raise NotImplementedError("no threads in virtual time: run the work in the step itself")

    def _process_events(self, event_list: list[Any]) -> None:
        """Do nothing: without file descriptors there are no events."""

    def _write_to_self(self) -> None:
        """Do nothing: call_soon_threadsafe calls this to wake a sleeping selector, and this one never sleeps."""


class VirtualClock:
    """`vehicle.host.clock.Clock` on a `VirtualLoop`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_ns(self) -> int:
        """Virtual time since the loop's start [ns]."""
        return self._loop.now_ns()

    async def sleep_until_ns(self, deadline_ns: int) -> None:
        """Return at `deadline_ns`; if it is past, after one turn of the loop."""
        woken = self._loop.create_future()
        handle = self._loop.call_at(deadline_ns / NS_PER_S, _wake, woken)
        try:
            await woken
        finally:
            handle.cancel()


def _wake(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


def run_virtual(main: Callable[[VirtualClock], Any], *, start_ns: int = 0) -> Any:
    """Run the coroutine function `main(clock)` to its end in virtual time and return its result.

    Raises:
        DeadlockError: All tasks wait and no timer is set; the message names them.
        LivelockError: Time stands still while tasks wake each other.
    """
    loop = VirtualLoop(start_ns)
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        try:
            return runner.run(main(VirtualClock(loop)))
        except DeadlockError as stuck:
            waiting = ", ".join(sorted(task.get_name() for task in asyncio.all_tasks(loop))) or "none"
            raise DeadlockError(f"deadlock at t = {loop.time():.3f} s: {stuck}; waiting tasks: {waiting}") from stuck


class Phase(IntEnum):
    """Order of the subscribers inside one tick: world moves, radio delivers, vehicle decides, truth looks."""

    WORLD = 10
    RADIO = 20
    STATION = 30
    VEHICLE = 40
    OBSERVE = 50


class TickBarrier:
    """Runs a tick by one timer and plain calls in a fixed order: a sleeping coroutine per part costs 3.5 us a wake-up.

    It works on any asyncio loop. On a `VirtualLoop` a tick takes no time; on a real loop ticks keep to a grid without
    drift, and late ones are made up. Subscribers get the nominal time of the tick [ns]. At an instant the barrier runs
    before any coroutine that waits for the same instant.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, period_ns: int = TICK_NS) -> None:
        self.period_ns = period_ns
        self.tick = 0
        self._loop = loop
        self._steps: tuple[Subscriber, ...] = ()
        self._entries: list[tuple[int, int, Subscriber]] = []
        self._next_ns = 0
        self._last_tick: int | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._ended: asyncio.Future[int] | None = None

    def subscribe(self, phase: int, step: Subscriber) -> None:
        """Call `step(now_ns)` every tick; within a phase in the order of subscription."""
        self._entries.append((phase, len(self._entries), step))
        self._entries.sort(key=lambda entry: entry[:2])
        self._steps = tuple(entry[2] for entry in self._entries)

    def stop(self) -> None:
        """End `run` after the present tick."""
        self._last_tick = self.tick

    async def run(self, ticks: int | None = None) -> int:
        """Tick until `stop` is called, or for this number of ticks; return the ticks so far.

        Raises:
            Exception: The error of a subscriber, at once; later subscribers of that tick are not called.
            RuntimeError: The barrier is already running.
        """
        if self._ended is not None:
            raise RuntimeError("the barrier is already running: call run once")
        self._last_tick = None if ticks is None else self.tick + ticks
        self._next_ns = round(self._loop.time() * NS_PER_S) + self.period_ns
        self._ended = self._loop.create_future()
        try:
            self._schedule()
            return await self._ended
        finally:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = self._ended = None

    def _goes_on(self) -> bool:
        failed = self._ended is not None and self._ended.done()
        return not failed and (self._last_tick is None or self.tick < self._last_tick)

    def _schedule(self) -> None:
        if not self._goes_on():
            if self._ended is not None and not self._ended.done():
                self._ended.set_result(self.tick)
            return
        self._timer = self._loop.call_at(self._next_ns / NS_PER_S, self._fire)

    def _fire(self) -> None:
        """Run one tick and all that follow before anything else in the loop is due: a timer for each costs 8 us."""
        self._step()
        loop = self._loop
        while isinstance(loop, VirtualLoop) and self._goes_on() and loop.skip_to_ns(self._next_ns):
            self._step()
        self._schedule()

    def _step(self) -> None:
        now_ns = self._next_ns
        self._next_ns = now_ns + self.period_ns
        self.tick += 1
        try:
            for step in self._steps:
                step(now_ns)
        except Exception as error:
            if self._ended is None or self._ended.done():
                raise
            self._ended.set_exception(error)
