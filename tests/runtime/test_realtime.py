"""Timers, the watchdog's food, and the loop's priority."""

import asyncio
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runtime.support import JumpingClock
from vehicle.contracts.units import NS_PER_S
from vehicle.host.clock import SystemClock
from vehicle.host.realtime import STALL_S, Supervisor, heart, new_loop, place_of


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.setblocking(False)
        yield listener


def supervisor(listener: socket.socket, watchdog_s: float) -> Supervisor:
    return Supervisor({"NOTIFY_SOCKET": listener.getsockname(), "WATCHDOG_USEC": str(int(watchdog_s * 1e6))})


def said(listener: socket.socket) -> list[str]:
    words = []
    while True:
        try:
            words.append(listener.recv(100).decode())
        except BlockingIOError:
            return words


def beat(clock: JumpingClock, tick: list[int], heard: Supervisor) -> None:
    async def main() -> None:
        await heart(clock, lambda: tick[0], heard)

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(main())


def test_a_state_is_one_datagram(channel: socket.socket) -> None:
    supervisor(channel, 0.0).tell("READY=1")
    assert said(channel) == ["READY=1"]


def test_without_systemd_nothing_is_said() -> None:
    silent = Supervisor({})
    silent.tell("READY=1")
    assert silent.watchdog_s == 0.0


def test_a_supervisor_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    Supervisor({"NOTIFY_SOCKET": str(tmp_path / "gone")}).tell("READY=1")


def test_the_watchdog_is_fed_four_times_in_its_time(channel: socket.socket) -> None:
    tick, fed = [0], []

    def advance(_: int) -> None:
        tick[0] += 5
        fed.extend(said(channel))

    beat(JumpingClock(10 * NS_PER_S, advance), tick, supervisor(channel, 2.0))
    assert set(fed) == {"WATCHDOG=1"}
    assert 18 <= len(fed) <= 20


def test_a_loop_that_does_not_tick_is_not_fed_for(channel: socket.socket) -> None:
    tick = [0]

    def advance(t_ns: int) -> None:
        tick[0] += t_ns <= 4 * NS_PER_S

    beat(JumpingClock(10 * NS_PER_S, advance), tick, supervisor(channel, 2.0))
    assert 7 <= len(said(channel)) <= 8


def test_timers_are_not_rounded_to_milliseconds() -> None:
    """Stock asyncio rounds a wait of 0.2 ms up to 1 or 2, each time; a busy machine is late often, not each time."""
    clock = SystemClock()

    async def one_in_time() -> bool:
        for _ in range(10_000):
            deadline_ns = clock.now_ns() + 200_000
            await clock.sleep_until_ns(deadline_ns)
            if clock.now_ns() - deadline_ns < 500_000:
                return True
        return False

    with asyncio.Runner(loop_factory=new_loop) as runner:
        assert runner.run(one_in_time())


STALLED = """
import asyncio
import sys
from vehicle.host import realtime
from vehicle.host.clock import SystemClock

def where_it_hangs():
    clock, end_ns = SystemClock(), SystemClock().now_ns() + {stall_ns}
    while clock.now_ns() < end_ns:
        pass

async def main():
    clock = SystemClock()
    heart = realtime.heart(clock, lambda: 0, realtime.Supervisor({{}}), sys.stderr.write)
    beating = asyncio.get_running_loop().create_task(heart)
    await clock.sleep_until_ns(clock.now_ns() + 1_000_000)
    where_it_hangs()
    beating.cancel()

with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
    runner.run(main())
"""


@pytest.mark.real
@pytest.mark.parametrize(("stall_s", "shown"), [(3 * STALL_S, True), (0.0, False)])
def test_a_stalled_loop_shows_where(stall_s: float, shown: bool) -> None:
    code = STALLED.format(stall_ns=int(stall_s * NS_PER_S))
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ("where_it_hangs" in run.stderr) is shown
    assert run.stderr.count("\n") == 0  # what it says is one line, and the line's end is whose words it becomes


def test_an_idle_loop_that_got_no_time_is_no_place() -> None:
    where: list[str] = []

    async def main() -> None:
        main_thread = threading.get_ident()

        def look() -> None:
            while "select" not in (frame := sys._current_frames()[main_thread]).f_code.co_filename:
                pass
            where.append(place_of(frame))

        await asyncio.to_thread(look)

    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main())
    assert where == ["it was idle, the computer gave this program no time"]
    assert place_of(sys._getframe()).startswith("in ")


@pytest.mark.real
def test_what_the_loop_starts_does_not_inherit_its_priority() -> None:
    code = (
        "import os, threading\nfrom vehicle.host.realtime import claim_fifo\n"
        "claimed = claim_fifo()\nseen = []\n"
        "thread = threading.Thread(target=lambda: seen.append(os.sched_getscheduler(0)))\n"
        "thread.start()\nthread.join()\n"
        "print(claimed, os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK, seen[0])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    claimed, own, thread = run.stdout.split()
    allowed = claimed == "True"
    assert (int(own), int(thread)) == (os.SCHED_FIFO if allowed else os.SCHED_OTHER, os.SCHED_OTHER)
