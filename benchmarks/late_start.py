"""`flailpilot drive` before its cable, its address and its broker are there: it comes up, and takes each when it comes.

    python benchmarks/late_start.py [--late 60]

The controller's device appears, the operators' UDP port is given up by another program, and the broker starts, so many
seconds after the vehicle program. Exit status 1 where one of them was not taken.
"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.drive_rig import CLOCK, DATUM, Bench, until, write_config
from benchmarks.ports import free_port
from benchmarks.trials.real_machine import MachineSettings, RealMachine
from firmware_bridge.udp_port import UdpPort
from sim.plant import Pose
from vehicle.config.drive import load_drive
from vehicle.config.vehicle import config_hash
from vehicle.contracts.messages import Mode
from vehicle.contracts.units import NS_PER_S
from vehicle.telemetry.embedded import EmbeddedBroker

READY, ADDRESS, CABLE, SENT = "is up and DISARMED", "address already in use", "no such device", "handshake agreed"
PATIENCE_S = 120.0


async def late_start(folder: Path, late_s: float, tell: Callable[[str], None] = lambda _: None) -> dict[str, float]:
    """Seconds from the start to READY, and from each thing's coming to its being taken.

    Raises:
        TimeoutError: something was not taken.
    """
    port, broker = free_port(), EmbeddedBroker(free_port())
    telemetry = f"\n[telemetry]\nport = {broker.port}\nbackoff_max_s = 1.0\n"
    file = load_drive(write_config(folder, udp_port=port, extra=telemetry))
    settings = MachineSettings(
        machine=file.vehicle.machine,
        config_hash=config_hash(file.vehicle),
        port_link=folder / "controller",
        datum=DATUM,
        start=Pose(0.0, 0.0, 0.3),
    )
    machine = RealMachine(settings, CLOCK)
    rig = Bench(folder, file, machine, None)
    taken: dict[str, float] = {}
    tasks: list[asyncio.Task[None]] = []
    other = UdpPort.bind("127.0.0.1", port)

    def said(words: str) -> Callable[[], bool]:
        return lambda: words in rig.log.read_text()

    async def timed(what: str, condition: Callable[[], bool], since_ns: int) -> None:
        await until(condition, lambda: f"{what}: {rig.diagnosis()}", PATIENCE_S)
        taken[what] = (CLOCK.now_ns() - since_ns) / NS_PER_S
        tell(f"{what}: {taken[what]:.1f} s")

    try:
        rig.start_vehicle()
        await timed("READY", said(READY), rig.started_ns)
        await until(said(ADDRESS), "a word on the address")
        await until(said(CABLE), "a word on the cable")
        await CLOCK.sleep_until_ns(rig.started_ns + round(late_s * NS_PER_S))
        now_ns = CLOCK.now_ns()
        other.close()
        tasks.append(asyncio.create_task(rig.operate()))
        await timed("address", lambda: rig.port.heard_ns is not None, now_ns)
        now_ns = CLOCK.now_ns()
        await machine.start()
        tasks.append(asyncio.create_task(machine.run()))
        await timed("cable", said(SENT), now_ns)
        await until(lambda: rig.mode is Mode.DISARMED, lambda: f"no fault of it: {rig.diagnosis()}", PATIENCE_S)
        now_ns = CLOCK.now_ns()
        with broker:
            await timed("broker", said("broker is there"), now_ns)
    finally:
        rig.end()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if tasks:
            await machine.kill()
    return taken


def main() -> int:
    """Run it once."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--late", type=float, default=60.0)
    late_s = parser.parse_args().late
    with tempfile.TemporaryDirectory() as folder:
        try:
            asyncio.run(late_start(Path(folder), late_s, lambda line: print(line, flush=True)))
        except TimeoutError as refusal:
            print(refusal, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
