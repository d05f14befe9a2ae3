"""Builds the operator link from the configuration: keys, stamps, boot counter, UDP. Part of the composition root."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from firmware_bridge.mavlink.signing import Verifier
from firmware_bridge.mavlink.stamps import STAMPS_PER_S
from firmware_bridge.stream_port import BITS_PER_BYTE
from vehicle.config.drive import BENCH_STATIONS, DriveFile, OperatorConfig
from vehicle.config.load import shown_path
from vehicle.contracts.errors import InputError
from vehicle.control.state import VehicleState
from vehicle.host.atomic_file import write_whole
from vehicle.host.clock import SYNCHRONISED, Clock, utc_now, utc_us
from vehicle.operator_link.admission import Channel
from vehicle.operator_link.keystore import KeyStore
from vehicle.operator_link.link import LinkSettings, OperatorLink
from vehicle.operator_link.mission_upload import MissionUpload
from vehicle.operator_link.sessions import MachineIdentity
from vehicle.operator_link.stamp_store import StampStore
from vehicle.operator_link.transport import LinkTransport, Radio, Tcp, Udp, Wire, take_keys
from vehicle.runtime.console_facts import TickFacts

BENCH_BANNER = """
************************************************************************
*  BENCH: unsigned frames are accepted from this computer.             *
*  Whoever can run a program here can drive. Never on a real machine.  *
************************************************************************
"""
STAMP_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)
"""MAVLink signing counts from here."""
RADIO_SHARE = 0.6
"""Share of a serial radio's line rate that the vehicle may use: the air rate is lower, and stations send too."""


class OperatorWires(msgspec.Struct, frozen=True):
    """The operator link, and the transport that moves its bytes."""

    link: OperatorLink
    shell: LinkTransport


def operator_wires(
    file: DriveFile,
    state: VehicleState,
    clock: Clock,
    desk: MissionUpload,
    say: Callable[[str], None] = lambda _: None,
    told: Callable[[str], None] | None = None,
) -> OperatorWires:
    """Build the link for consoles with keys, or on a bench for any program on the loopback address; opens nothing yet.

    `desk` takes the sites that stations upload. `say` writes to the log, `told` to log, record and stations.

    Raises:
        InputError: No keys where they are needed, or their files cannot be used.
    """
    place, bench = file.config.operator, file.vehicle.safety.bench
    store, marks, machine = _identity(file)
    held = store.load() if store is not None else None
    stamp = int((utc_now() - STAMP_EPOCH).total_seconds() * STAMPS_PER_S)
    verifier = Verifier(
        {},
        marks.reserved if marks is not None else {},
        max(0, stamp),
        clock.now_ns(),
        lambda: secrets.randbits(32) / 2**32,
        clock_trusted=SYNCHRONISED.exists(),
    )
    link = OperatorLink(
        state.config,
        state.datum,
        verifier,
        desk,
        secrets.token_bytes,
        settings=LinkSettings(machine=machine, bench=bench),
        utc_us=utc_us,
        say=say,
        facts=TickFacts(),
    )
    if held is not None:
        take_keys(link, held, clock.now_ns())
    for station in place.stations or ():
        if not bench and station.system_id not in link.verifier.stations:
            say(f"operator.stations {station.host}:{station.port}: no key for system id {station.system_id} yet")
    return OperatorWires(link, LinkTransport(link, clock, wires_of(place, bench=bench), store, marks, say, told))


def wires_of(place: OperatorConfig, *, bench: bool) -> tuple[Wire, ...]:
    """Return the transports: always UDP; TCP and a serial radio if they are configured."""
    stations = place.stations if place.stations is not None else BENCH_STATIONS if bench else ()
    called = tuple((one.host, one.port, one.system_id) for one in stations)
    udp = Channel(name="udp", unsigned=bench)
    wires: list[Wire] = [Udp(channel=udp, host=place.host, port=place.port, stations=called)]
    if place.tcp_port is not None:
        wires.append(Tcp(channel=Channel(name="tcp", unsigned=bench, link_id=1), host=place.host, port=place.tcp_port))
    radio = place.radio
    if radio is not None:
        limit = radio.bytes_per_s if radio.bytes_per_s is not None else RADIO_SHARE * radio.baud / BITS_PER_BYTE
        wires.append(
            Radio(channel=Channel(name="radio", link_id=2, bytes_per_s=limit), url=radio.port, baud=radio.baud)
        )
    return tuple(wires)


def places_of(place: OperatorConfig, *, bench: bool) -> str:
    """Return the transports in words, for the start message."""
    wires = wires_of(place, bench=bench)
    words = [f"UDP {place.host}:{place.port}"]
    words += [f"calling {host}:{port}" for wire in wires if isinstance(wire, Udp) for host, port, _ in wire.stations]
    words += [f"TCP {wire.host}:{wire.port}" for wire in wires if isinstance(wire, Tcp)]
    words += [f"radio {wire.url}" for wire in wires if isinstance(wire, Radio)]
    return ", ".join(words)


def _identity(file: DriveFile) -> tuple[KeyStore | None, StampStore | None, MachineIdentity]:
    name = file.config.keys_file
    if name is None:
        if file.vehicle.safety.bench:
            return None, None, MachineIdentity(boot_count=secrets.randbits(32))
        raise InputError(
            f"{shown_path(file.path)}: keys_file: missing, no station could drive; make a key with `flailpilot keys "
            "create NAME --system-id N --store FILE` and name FILE here, or set "
            "safety.bench = true for a bench on loopback"
        )
    path = file.beside(name)
    store = KeyStore(path)
    held = store.load()
    if not any(key.live for key in held.keys):
        raise InputError(f"{path}: no key in force; run: flailpilot keys create NAME --system-id N --store {path}")
    try:
        marks = StampStore(path.with_suffix(".marks"))
        boots = next_boot(path.with_suffix(".boots"))
    except OSError as refusal:
        raise InputError(
            f"{path.parent}: {(refusal.strerror or str(refusal)).lower()}; the stamps of signed frames are kept there, "
            "it must be writable"
        ) from None
    return store, marks, MachineIdentity(machine_id=bytes.fromhex(held.machine_id), boot_count=boots)


def next_boot(path: Path) -> int:
    """Count this start and return the number; it is on the disk before any session opens.

    Raises:
        OSError: The counter cannot be written.
    """
    try:
        count = int(path.read_text()) + 1
    except (FileNotFoundError, ValueError):
        count = 1
    write_whole(path, f"{count}\n".encode())
    return count & 0xFFFF_FFFF
