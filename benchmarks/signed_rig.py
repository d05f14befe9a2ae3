"""The bench of real processes with a signed operator link: keys on disk, a console's key, no unsigned frame taken."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from benchmarks import drive_rig
from benchmarks.bench_session import SessionPort
from benchmarks.drive_rig import STATION_ID, Bench, write_config
from benchmarks.ports import free_port
from benchmarks.trials.session_port import SigningPort
from campaign.sim_operator import SimOperator
from firmware_bridge.mavlink.signature import key_of
from firmware_bridge.udp_port import UdpPort
from vehicle.config.drive import DriveFile, load_drive
from vehicle.operator_link.keystore import KeyStore


def signed_config(folder: Path, *, udp_port: int, extra: str = "") -> tuple[Path, bytes]:
    """A vehicle that takes signed frames only, and the key of its one console."""
    key = KeyStore(folder / "keys.json").create("console", STATION_ID)
    path = write_config(folder, udp_port=udp_port, extra=extra)
    text = path.read_text().replace("bench = true", "bench = false")
    path.write_text('keys_file = "keys.json"\n' + text)
    return path, key_of(key.secret)


def operator(rig: Bench, port: int, key: bytes) -> None:
    """Give the bench an operator whose console signs and proves itself; `port`: of the vehicle, or of a proxy."""
    rig.port.close()
    rig.port = SessionPort(SigningPort(UdpPort.connect("127.0.0.1", port), key), STATION_ID, key)
    rig.hands = SimOperator(rig.port, STATION_ID)


@contextlib.asynccontextmanager
async def signed_bench(folder: Path, *, extra: str = "") -> AsyncIterator[tuple[Bench, DriveFile, bytes]]:
    """As `drive_rig.bench`; the vehicle program is started by whoever uses it, and its operator set by `operator`."""
    path, key = signed_config(folder, udp_port=free_port(), extra=extra)
    file = load_drive(path)
    async with drive_rig.bench_of(folder, file) as rig:
        operator(rig, file.config.operator.port, key)
        yield rig, file, key
