"""Messages for people about the controller's connection and the disk: changes, and a summary at the end."""

from collections.abc import Callable

import msgspec

from firmware_bridge.link import ControllerLink, LinkReport
from vehicle.contracts.units import NS_PER_S
from vehicle.host.clock import Clock
from vehicle.records.background import BackgroundRecorder
from vehicle.runtime.coming_up import LatePort

WATCH_S = 0.25
Say = Callable[[str], None]


def last_words(report: LinkReport) -> str:
    """Return a summary of the controller's connection, for the system journal."""
    trips = (report.round_trip_p50_ns, report.round_trip_p99_ns, report.round_trip_max_ns)
    named = zip(("p50", "p99", "p100"), trips, strict=True)
    times = ", ".join(f"{name} {trip / 1e6:.3f} ms" for name, trip in named if trip is not None) or "never"
    return f"ended; controller round trip {times}; {report.bad_frames} bad frames, {report.restarts} restarts of it"


class Seen(msgspec.Struct, frozen=True):
    """What was last reported about the connection and the disk."""

    connected: bool = True
    fault: str = ""
    agreed: bool = False
    differences: tuple[str, ...] = ()
    restarts: int = 0
    recorder: str = ""


async def watch(
    clock: Clock, port: LatePort, link: ControllerLink, recorder: BackgroundRecorder | None, tell: Say
) -> None:
    """Report changes of the connection or the disk; nothing else depends on it."""
    seen = Seen(connected=port.connected)
    while True:
        fault = recorder.fault if recorder is not None else ""
        now = Seen(port.connected, port.fault, link.agreed, link.differences, link.restarts, fault)
        for line in changes(seen, now, port.name):
            tell(line)
        seen = now
        await clock.sleep_until_ns(clock.now_ns() + round(WATCH_S * NS_PER_S))


def changes(before: Seen, now: Seen, name: str) -> list[str]:
    """Return one line for each change."""
    lines: list[str] = []
    if before.connected and not now.connected:
        lines.append(f"controller {now.fault}; the machine stops by its lease; trying to open the port again")
    if now.connected and not before.connected:
        lines.append(f"controller {name}: open again; reset and arm to go on")
    if now.restarts > before.restarts:
        lines.append(f"controller {name}: it restarted; reset and arm to go on")
    if now.agreed and not before.agreed:
        lines.append(f"controller {name}: handshake agreed")
    lines += [
        f"controller {name}: refuses to arm: {line}" for line in now.differences if line not in before.differences
    ]
    if now.recorder and not before.recorder:
        lines.append(f"{now.recorder}; driving goes on without a recording")
    return lines
