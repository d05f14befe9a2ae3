"""Results of the machine's checks survive a restart in a small file beside the keys.

The file holds the result of the full check and a hash of the profile's figures with which it was made, the bias of the
depth sensor, the missing hammers, every check that failed and has not passed since, and those that a detonation asks
for. It does not hold the checks of each shift: base, depth reading, count of hammers. If the file is damaged or holds
an impossible value, every check counts as failed, and no ground is credited until each check has been made again.
"""

import operator
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from vehicle.config.vehicle import MachineConfig
from vehicle.contracts.kept_formats import Kept
from vehicle.contracts.units import NS_PER_S
from vehicle.control.checks import full_check
from vehicle.control.checks.depth_reading import BIAS_MAX_M
from vehicle.control.checks_state import Calibration, ChecksState
from vehicle.host.clock import Clock
from vehicle.runtime import kept_file
from vehicle.runtime.latches import with_checksum, without_checksum

SIZE_MAX: Final = 8_192
PERIOD_NS: Final = NS_PER_S
FOUND_MAX: Final = {
    "heading_rad": 0.2, "roll_rad": 0.2, "pitch_rad": 0.2, "lever_left_m": 0.5, "heading_bound_rad": 0.2,
    "tilt_bound_rad": 0.2, "place_bound_m": 0.5,
}  # fmt: skip
"""Largest values that a check can find; anything larger means that the machine's profile or the file is wrong."""
SCALE: Final = (0.8, 1.25)
OTHER_PROFILE: Final = (
    "the full check was made with other figures of [gnss], tool or tracks, or says not with which; make it"
)


class KeptChecks(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of the file. Format 1 did not say which checks had failed."""

    format: int
    depth_bias_m: float
    hammers_missing: int
    calibration: Calibration
    calibration_due: bool
    base_failed: bool = False
    depth_failed: bool = False
    calibration_failed: bool = False
    hammers_struck: bool = False
    machine_struck: bool = False


def encode(state: ChecksState) -> bytes:
    """Encode the results of checks that survive a restart."""
    return with_checksum(
        msgspec.json.encode(
            KeptChecks(
                format=Kept.CHECKS.number,
                depth_bias_m=state.depth_bias_m,
                hammers_missing=state.hammers_missing,
                calibration=state.calibration,
                calibration_due=state.calibration_due,
                base_failed=state.base_failed,
                depth_failed=state.depth_failed,
                calibration_failed=state.calibration_failed,
                hammers_struck=state.hammers_struck,
                machine_struck=state.machine_struck,
            )
        )
    )


def restored(content: bytes | None) -> ChecksState:
    """Return the checks at the start of a shift, with the kept results; `None` means that there is no file yet.

    Raises:
        ValueError: The content is damaged, has a later format, or holds an impossible value.
    """
    if content is None:
        return ChecksState()
    body = without_checksum(content)
    if why := Kept.CHECKS.refusal(msgspec.json.decode(body, type=dict).get("format")):
        raise ValueError(why)
    found = msgspec.json.decode(body, type=KeptChecks)
    known = found.calibration
    wrong = [name for name, most in FOUND_MAX.items() if not abs(getattr(known, name)) <= most]
    if not SCALE[0] <= known.belt_scale <= SCALE[1]:
        wrong.append("belt_scale")
    if not 0.0 <= found.depth_bias_m <= BIAS_MAX_M:
        wrong.append("depth_bias_m")
    if wrong:
        raise ValueError(f"{wrong[0]} is larger than any check can find")
    return ChecksState(
        depth_bias_m=found.depth_bias_m,
        hammers_missing=max(0, found.hammers_missing),
        calibration=known,
        calibration_due=found.calibration_due,
        base_failed=found.base_failed,
        depth_failed=found.depth_failed,
        calibration_failed=found.calibration_failed,
        hammers_struck=found.hammers_struck,
        machine_struck=found.machine_struck,
    )


LOST: Final = ChecksState(
    base_failed=True,
    depth_failed=True,
    hammers_missing=1,
    calibration_failed=True,
    hammers_struck=True,
    machine_struck=True,
)
"""The state if the file cannot be read: it may have held a bias, missing hammers or a failed check."""


def load_checks(path: Path | None, machine: MachineConfig) -> tuple[ChecksState, str]:
    """Read the kept results from a file; return the checks, and one line to report or "".

    `machine`: as its profile has it now; a full check of another profile, or a file that does not say of which, is due.
    """
    if path is None:
        return ChecksState(), ""
    found, why = kept_file.read(path, SIZE_MAX, restored)
    if found is None:
        return LOST, f"{path}: {why}; nothing is credited until the base, depth, hammers and the machine are checked"
    known = full_check.for_profile(found, machine)
    return known, "" if known is found else f"{path}: {OTHER_PROFILE}"


async def keep(path: Path | None, clock: Clock, state: Callable[[], ChecksState], tell: Callable[[str], None]) -> None:
    """Write changed results until cancelled, and once at the end.

    The first are always written: a state that a start made of the journal may say more than the file on the disk.
    """
    if path is None:
        return
    await kept_file.keep(
        path,
        clock,
        lambda: encode(state()),
        bytes,
        on_disk=None,
        worth=operator.ne,
        period_ns=PERIOD_NS,
        forgets="the checks",
        tell=tell,
    )
