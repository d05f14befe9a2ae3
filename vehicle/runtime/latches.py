"""Latched stops survive a restart in a small file beside the keys.

The gate holds the latches in its state. Without the file a crash would erase them, and after a restart the machine
could drive without the ACKNOWLEDGE, the RELEASE or the act at the machine that the stop requires. Reasons are kept by
name, because their codes may change with the next version. A damaged file counts as a stop that nobody has
acknowledged.
"""

import asyncio
import contextlib
import hashlib
import threading
from collections.abc import Callable
from pathlib import Path

import msgspec

from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.stop_reasons import names
from vehicle.contracts.units import NS_PER_MS
from vehicle.control.safety import masks
from vehicle.control.safety.modes import ARMED
from vehicle.control.state import GateState
from vehicle.host.atomic_file import write_whole
from vehicle.host.clock import Clock

PERIOD_MS = 100
"""Period of the check for changes: a change is on the disk within 0.3 s, even with a slow disk."""
SIZE_MAX = 8_192
DIGEST_CHARS = 16
START_BARRED_SINCE = 3
"""Format in which the bar of an engine start is kept."""
_ONE_WRITER = threading.Lock()
"""Only one write at a time: the last write at the end of the program waits for one that is still running."""


class Latches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names of reasons that wait for an operator act or are shown until the reset, and other acts still required.

    `in_motion`: the gate was in a mode that may drive. It is on the disk before the machine moves, because the horn
    comes first. `start_barred`: no console starts the engine before a reset at the machine.
    """

    format: int = 1
    latched: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    estop_latched: bool = False
    reset_due: bool = False
    in_motion: bool = False
    start_barred: bool = False


class _Format(msgspec.Struct, frozen=True):
    """The format number of any file of latches, whatever else the file holds."""

    format: int = 1


DAMAGED = Latches(latched=(StopReason.BOOT_LOOP.name.lower(),), reset_due=True, start_barred=True)
"""The reason used when the cause of the last stop is unknown; its text says so and asks for ACKNOWLEDGE."""


def encode(gate: GateState) -> bytes:
    """Encode the part of the gate's state that survives a restart."""
    latches = Latches(
        format=Kept.LATCHES.number,
        latched=names(gate.latched),
        shown=names(gate.shown),
        estop_latched=gate.estop_latched,
        reset_due=gate.reset_due,
        in_motion=gate.mode in ARMED,
        start_barred=gate.start_barred,
    )
    return with_checksum(msgspec.json.encode(latches))


def with_checksum(body: bytes) -> bytes:
    """Return one line with its checksum."""
    return body + b"\n" + _digest(body) + b"\n"


def without_checksum(content: bytes) -> bytes:
    """Return the line without its checksum. Raises ValueError if the checksum is wrong."""
    body, _, digest = content.partition(b"\n")
    if digest.strip() != _digest(body):
        raise ValueError("its checksum is wrong")
    return body


def restored(gate: GateState, content: bytes | None) -> GateState:
    """Return a new gate with the kept latches; `None` means that there is no file yet.

    Raises:
        ValueError: The content is damaged.
    """
    if content is None:
        return gate
    body = without_checksum(content)
    if why := Kept.LATCHES.refusal(msgspec.json.decode(body, type=_Format).format):
        raise ValueError(why)
    return _with(gate, msgspec.json.decode(body, type=Latches))


def _with(gate: GateState, latches: Latches) -> GateState:
    """Add the stop of a program that ended in motion; it latches like any other stop."""
    died = 1 << StopReason.RESTARTED_IN_MOTION if latches.in_motion else 0
    return msgspec.structs.replace(
        gate,
        latched=gate.latched | _bits(latches.latched),
        shown=gate.shown | _bits(latches.shown) | died,
        estop_latched=latches.estop_latched,
        reset_due=latches.reset_due or latches.in_motion,
        start_barred=gate.start_barred or latches.start_barred or _barred_before(latches),
    )


def _barred_before(latches: Latches) -> bool:
    """An earlier program kept no bar of the engine start; what it held latched may be one."""
    return latches.format < START_BARRED_SINCE and _bits(latches.latched) & masks.START_BAR_MASK != 0


def load_latches(gate: GateState, path: Path) -> tuple[GateState, str]:
    """Read the latches from a file; return the gate, and one line to report if the file cannot be used, else ""."""
    try:
        with path.open("rb") as file:
            return restored(gate, file.read(SIZE_MAX)), ""
    except FileNotFoundError:
        return gate, ""
    except (OSError, ValueError) as refusal:
        why = refusal.strerror if isinstance(refusal, OSError) and refusal.strerror else str(refusal)
    line = (
        f"{path}: {why.lower()}; nobody knows what had stopped the machine when the program ended: look by camera, "
        "then ACKNOWLEDGE, RESET"
    )
    return _with(gate, DAMAGED), line


def write(path: Path, content: bytes) -> None:
    """Replace the whole file; return when it is on the disk.

    Raises:
        OSError: The disk refused; the old file is unchanged.
    """
    with _ONE_WRITER:
        write_whole(path, content)


async def keep(path: Path | None, clock: Clock, gate: Callable[[], GateState], tell: Callable[[str], None]) -> None:
    """Write changed latches until cancelled, and once at the end; a thread does it, so no tick waits for the disk."""
    if path is None:
        return
    on_disk, told = b"", False
    try:
        while True:
            content = encode(gate())
            if content != on_disk:
                try:
                    await asyncio.to_thread(write, path, content)
                    on_disk, told = content, False
                except OSError as refusal:
                    if not told:
                        tell(
                            f"{path}: {(refusal.strerror or str(refusal)).lower()}; a restart would forget what stopped"
                        )
                    told = True
            await clock.sleep_until_ns(clock.now_ns() + PERIOD_MS * NS_PER_MS)
    finally:
        if encode(gate()) != on_disk:
            with contextlib.suppress(OSError):
                write(path, encode(gate()))


def _bits(reasons: tuple[str, ...]) -> int:
    """Return the bits of named reasons. Raises ValueError for a name that this version does not know."""
    try:
        return sum(1 << StopReason[name.upper()] for name in set(reasons))
    except KeyError as unknown:
        raise ValueError(f"it names a reason that this version does not know: {unknown}") from None


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:DIGEST_CHARS].encode()
