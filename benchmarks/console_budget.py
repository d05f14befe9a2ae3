"""Bytes a second between a vehicle and its console, by message: what a 57.6 kbit/s radio has to carry.

`python benchmarks/console_budget.py`. Real signed frames in virtual time: a mission works its swath, then somebody
drives with a stick that never rests; the page reads the sticks 50 times a second. Both directions share the air. Exit
status 1 where they take more than 60 % of it.
"""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from firmware_bridge.mavlink.framing import FrameParser
from firmware_bridge.mavlink.tables import SPECS
from firmware_bridge.types import OperatorEdge
from tests.console.rig import ConsoleRig
from vehicle.contracts.messages import Mode

LINE_BYTES_PER_S = 57_600 / 10
"""A start bit, eight data bits and a stop bit for each byte."""
SHARE_MAX = 0.6
SECONDS = 60.0
Counts = dict[tuple[str, str], float]
"""Direction and message -> bytes a second."""


def working() -> ConsoleRig:
    """A mission at work, started by this console."""
    rig = ConsoleRig().manual()
    rig.hold()
    rig.run(0.5)
    rig.taken(OperatorEdge.MISSION_START)
    rig.let_go()
    if not rig.until((Mode.AUTO_WORK,), 40.0):
        raise RuntimeError(f"the mission does not work: {rig.mode.name}, {rig.reasons}")
    rig.run(2.0)
    return rig


def driven() -> ConsoleRig:
    """By stick, with the hold pressed."""
    rig = ConsoleRig().manual()
    rig.hold()
    rig.run(1.0)
    return rig


def counted(rig: ConsoleRig, seconds: float, second: Callable[[int], None]) -> Counts:
    """While `second` goes on for so many seconds, called with the number of each."""
    up, down, page = Counter[str](), Counter[str](), rig.page
    read, write = page.air.read, page.air.write

    def heard() -> bytes:
        data = read()
        for frame in FrameParser().feed(data):
            down[SPECS[frame.msg_id].name] += len(frame.signed)
        return data

    def sent(frame: bytes) -> None:
        up[SPECS[int.from_bytes(frame[7:10], "little")].name] += len(frame)
        write(frame)

    page.air.read, page.air.write = heard, sent  # type: ignore[method-assign]
    before = rig.mode
    for number in range(round(seconds)):
        second(number)
    if rig.mode is not before:
        raise RuntimeError(f"{before.name} ended meanwhile: {rig.mode.name}, {rig.reasons}")
    rows = {("down", name): size / seconds for name, size in down.items()}
    return rows | {("up", name): size / seconds for name, size in up.items()}


def measured(seconds: float = SECONDS) -> Counts:
    """While a mission works."""
    rig = working()

    def second(number: int) -> None:
        rig.run(1.0)
        if number % 25 == 24:
            rig.page.protocol.act(OperatorEdge.ATTENTION, rig.now_ns)

    return counted(rig, seconds, second)


def measured_by_stick(seconds: float = SECONDS) -> Counts:
    """While a stick goes to and fro five times a second: every early frame there is goes out."""
    rig = driven()

    def second(number: int) -> None:
        del number
        for level in (0.3, 0.0) * 5:
            rig.hold(level)
            rig.run(0.1)

    return counted(rig, seconds, second)


def printed(name: str, rows: Counts) -> float:
    """A line for each message; the share of the air that all of them take."""
    print(name)
    for (way, message), rate in sorted(rows.items(), key=lambda row: -row[1]):
        print(f"{way:5} {message:26} {rate:8.1f} B/s")
    total = sum(rows.values())
    share = total / LINE_BYTES_PER_S
    print(f"{'both':5} {'all':26} {total:8.1f} B/s = {share:.1%} of 57.6 kbit/s, both ways on one air")
    return share


def main() -> int:
    shares = (printed("a mission", measured()), printed("by stick", measured_by_stick()))
    return 1 if max(shares) > SHARE_MAX else 0


if __name__ == "__main__":
    sys.exit(main())
