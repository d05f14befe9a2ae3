"""Real time on an ordinary Linux: exact timers, high priority, no long garbage collections, and a watchdog.

Nothing here is needed to stop the machine: a program that hangs renews no lease. This module makes hangs rare and
shows where they happen.
"""

import asyncio
import contextlib
import gc
import os
import selectors
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import FrameType
from typing import Self

from vehicle.contracts.units import NS_PER_S
from vehicle.host.clock import Clock

FIFO_PRIORITY = 50
"""Above all ordinary work; the kernel's threaded interrupts, which bring the bytes, have the same 50."""
BEAT_S = 0.1
IDLE_FILES = (selectors.__file__,)
ASYNCIO, FRAMES = str(Path(asyncio.__file__).parent), 4
STALL_S = 0.5
"""A loop that stood still for so long prints where it stands; the controller has long stopped the machine then."""


def new_loop() -> asyncio.AbstractEventLoop:
    """An event loop whose timers are exact: epoll rounds up to whole milliseconds, select does not."""
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


def claim_fifo(priority: int = FIFO_PRIORITY) -> bool:
    """Run this thread before all ordinary ones; what it starts stays ordinary. False where that is not allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError:
        return False
    return True


def freeze_heap() -> None:
    """What exists now lives as long as the program: the collector need not look at it again."""
    gc.collect()
    gc.freeze()


class Supervisor:
    """Speaks to systemd (`Type=notify`) if it listens; without it, says nothing.

    Args:
        environment: NOTIFY_SOCKET and WATCHDOG_USEC, as systemd sets them.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self.watchdog_s = int(environment.get("WATCHDOG_USEC", "0") or "0") / 1e6

    def tell(self, state: str) -> None:
        """One datagram, `READY=1`; a supervisor that cannot be reached is not our fault and stops nothing."""
        if not self._address:
            return
        # a leading @ means Linux's abstract namespace
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            channel.sendto(state.encode(), address)


def place_of(frame: FrameType | None) -> str:
    """Where a thread stands, in one line, the innermost function last.

    A loop that waits for its next timer hangs nowhere: the computer gave the whole program no time.
    """
    if frame is None:
        return "its thread has ended"
    stack = traceback.extract_stack(frame)
    if stack[-1].filename in IDLE_FILES:
        return "it was idle, the computer gave this program no time"
    rows = [row for row in stack if not row.filename.startswith(ASYNCIO)][-FRAMES:]
    return "in " + " > ".join(f"{row.name} ({Path(row.filename).name}:{row.lineno})" for row in rows)


class StallWatch:
    """A thread that reports where the loop stands when it did not move for `STALL_S`; once for each stall.

    It reads frames as Python code, with the interpreter's lock. `faulthandler`'s timer works without the lock, and
    crashed a program that continued at that moment (SIGCONT after SIGSTOP).
    """

    def __init__(self, say: Callable[[str], None], stall_s: float = STALL_S) -> None:
        self._say, self._stall_s = say, stall_s
        self._loop_thread = threading.get_ident()
        self._beaten, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, name="stall watch", daemon=True)
        self.stalls = 0

    def __enter__(self) -> Self:
        """Start watching the thread that calls this."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._beaten.set()
        self._thread.join()

    def beat(self) -> None:
        """The loop runs."""
        self._beaten.set()

    def _run(self) -> None:
        while not self._ended.is_set():
            if self._beaten.wait(self._stall_s):
                self._beaten.clear()
                # the next beat is due within BEAT_S
                continue
            self.stalls += 1
            frame = sys._current_frames().get(self._loop_thread)  # noqa: SLF001  # what its documentation offers
            self._say(f"the loop stood still for {self._stall_s:g} s: {place_of(frame)}")
            self._beaten.wait()


async def heart(
    clock: Clock, tick: Callable[[], int], supervisor: Supervisor, say: Callable[[str], None] = lambda _: None
) -> None:
    """Feed the watchdog while ticks advance, and only then; tell where the loop stalls. Runs until cancelled."""
    fed_tick, fed_ns = tick(), clock.now_ns()
    period_ns = round(supervisor.watchdog_s * NS_PER_S / 4)
    with StallWatch(say) as watch:
        while True:
            watch.beat()
            now_ns, reached = clock.now_ns(), tick()
            if period_ns and reached > fed_tick and now_ns - fed_ns >= period_ns:
                supervisor.tell("WATCHDOG=1")
                fed_tick, fed_ns = reached, now_ns
            await clock.sleep_until_ns(now_ns + round(BEAT_S * NS_PER_S))
