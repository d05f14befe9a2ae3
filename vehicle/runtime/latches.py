"""What a stop left to be done outlives the program: its latches, kept in a small file beside the keys.

The gate holds them in its state; a program that died would forget them, and whoever restarts it would drive without the
ACKNOWLEDGE, the RELEASE or the hand on the machine that the stop asked for. Reasons are kept by name: codes may change
with the next version. What was damaged counts as a stop that nobody has acknowledged.
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
from vehicle.control.safety.modes import ARMED
from vehicle.control.state import GateState
from vehicle.host.atomic_file import write_whole
from vehicle.host.clock import Clock

PERIOD_MS = 100
"""Looked at ten times a second: with a slow disk still kept within 0.3 s."""
SIZE_MAX = 8_192
DIGEST_CHARS = 16
_ONE_WRITER = threading.Lock()
"""The last write, at the end of the program, waits for one that is still under way."""


class Latches(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Names of the reasons that wait for an act, and of those told until the reset; what is owed beside them.

    `in_motion`: the gate was in a mode that may drive. It is on the disk before anything moves: the horn sounds first.
    """

    format: int = 1
    latched: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    estop_latched: bool = False
    reset_due: bool = False
    in_motion: bool = False


class _Format(msgspec.Struct, frozen=True):
    """Of any later set, whatever else it holds."""

    format: int = 1


DAMAGED = Latches(latched=(StopReason.BOOT_LOOP.name.lower(),), reset_due=True)
"""Nobody knows any more what had stopped the machine; this reason's text speaks of it and asks for ACKNOWLEDGE."""


def encode(gate: GateState) -> bytes:
    """What of the gate outlives its process, as the file holds it."""
    latches = Latches(
        format=Kept.LATCHES.number,
        latched=names(gate.latched),
        shown=names(gate.shown),
        estop_latched=gate.estop_latched,
        reset_due=gate.reset_due,
        in_motion=gate.mode in ARMED,
    )
    return with_checksum(msgspec.json.encode(latches))


def with_checksum(body: bytes) -> bytes:
    """One line and its sum."""
    return body + b"\n" + _digest(body) + b"\n"


def without_checksum(content: bytes) -> bytes:
    """The line again. Raises ValueError where its sum does not fit."""
    body, _, digest = content.partition(b"\n")
    if digest.strip() != _digest(body):
        raise ValueError("its sum does not fit")
    return body


def restored(gate: GateState, content: bytes | None) -> GateState:
    """A new gate with what the last one left; None: nothing was ever kept.

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
    """A program that ended in motion has stopped the machine: that stop is owed like any other."""
    died = 1 << StopReason.RESTARTED_IN_MOTION if latches.in_motion else 0
    return msgspec.structs.replace(
        gate,
        latched=gate.latched | _bits(latches.latched),
        shown=gate.shown | _bits(latches.shown) | died,
        estop_latched=latches.estop_latched,
        reset_due=latches.reset_due or latches.in_motion,
    )


def load_latches(gate: GateState, path: Path) -> tuple[GateState, str]:
    """The same from a file, and what is to be told: "" or one line where the file cannot be used."""
    try:
        with path.open("rb") as file:
            return restored(gate, file.read(SIZE_MAX)), ""
    except FileNotFoundError:
        return gate, ""
    except (OSError, ValueError) as refusal:
        why = refusal.strerror if isinstance(refusal, OSError) and refusal.strerror else str(refusal)
    line = (
        f"{path}: {why.lower()}; nobody knows what had stopped the machine when the program ended: look at it, then "
        "ACKNOWLEDGE, RESET"
    )
    return _with(gate, DAMAGED), line


def write(path: Path, content: bytes) -> None:
    """Replace the file as a whole; back when it is on the disk.

    Raises:
        OSError: It is not; what was there before still is.
    """
    with _ONE_WRITER:
        write_whole(path, content)


async def keep(path: Path | None, clock: Clock, gate: Callable[[], GateState], tell: Callable[[str], None]) -> None:
    """Until cancelled, and once more then: write what changed, in a thread, so that no tick waits for the disk."""
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
    """Raises ValueError for a name that this version does not know."""
    try:
        return sum(1 << StopReason[name.upper()] for name in set(reasons))
    except KeyError as unknown:
        raise ValueError(f"it names a reason that this version does not know: {unknown}") from None


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:DIGEST_CHARS].encode()
