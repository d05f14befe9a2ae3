"""The whole program under a supervisor like systemd: a socket for its words, and a watchdog that it has to feed."""

import asyncio
import signal
import socket
from pathlib import Path

import pytest

from benchmarks.controller_build import build_controller
from benchmarks.drive_rig import CLOCK, Bench, bench, until
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_S
from vehicle.host import realtime

pytestmark = pytest.mark.real
WATCHDOG_S = 0.6


class Words:
    """What the program said to its supervisor, with the time of each."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._socket.setblocking(False)
        self.fed_ns: list[int] = []
        self.others: list[str] = []

    def end(self) -> None:
        self._socket.close()

    def listen(self) -> None:
        while True:
            try:
                word = self._socket.recv(100).decode()
            except BlockingIOError:
                return
            if word == "WATCHDOG=1":
                self.fed_ns.append(CLOCK.now_ns())
            else:
                self.others.append(word)

    def fed(self, times: int) -> bool:
        self.listen()
        return len(self.fed_ns) >= times

    def starved(self) -> bool:
        """What systemd waits for before it kills."""
        self.listen()
        return CLOCK.now_ns() - self.fed_ns[-1] > WATCHDOG_S * NS_PER_S


async def watched(rig: Bench, words: Words) -> None:
    rig.start_vehicle()
    await rig.heard()
    await until(lambda: words.fed(4), "four feeds of the watchdog")
    assert [word.partition("=")[0] for word in words.others] == ["EXTEND_TIMEOUT_USEC", "READY"]
    assert int(words.others[0].partition("=")[2]) >= 60_000_000  # time to add up the record, however large
    session_id = rig.hands.seen.session_id if rig.hands.seen is not None else 0
    assert rig.vehicle is not None

    rig.signal_vehicle(signal.SIGSTOP)  # it hangs: nothing feeds for it
    await until(words.starved, "the watchdog's time")
    rig.vehicle.send_signal(signal.SIGABRT)  # WatchdogSignal of the unit
    rig.vehicle.send_signal(signal.SIGCONT)
    assert rig.vehicle.wait() == -signal.SIGABRT

    fed = len(words.fed_ns)
    rig.start_vehicle()
    await rig.heard()
    assert rig.hands.seen is not None
    assert rig.mode in (Mode.BOOT, Mode.DISARMED)
    assert rig.hands.seen.session_id != session_id
    await until(lambda: words.fed(fed + 1), "a fed watchdog after the second start")
    rig.signal_vehicle(signal.SIGTERM)

    def ended() -> bool:
        words.listen()  # of datagrams that nobody reads the system keeps few
        return rig.vehicle is None or rig.vehicle.poll() is not None

    await until(ended, "the end of the program")
    words.listen()
    assert [word.partition("=")[0] for word in words.others] == [*["EXTEND_TIMEOUT_USEC", "READY"] * 2, "STOPPING"]


def test_ready_fed_starved_started_again_stopping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build_controller()
    words = Words(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", words.path)
    monkeypatch.setenv("WATCHDOG_USEC", str(int(WATCHDOG_S * 1e6)))

    async def main() -> None:
        async with bench(tmp_path) as rig:
            await watched(rig, words)

    with asyncio.Runner(loop_factory=realtime.new_loop) as runner:
        runner.run(main())
    words.end()
