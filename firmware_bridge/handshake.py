"""What must agree between host and controller before anything is armed: the one judge, and words for what does not."""

from firmware_bridge.types import ControllerHello

PROTOCOL_VERSION = 2
"""Meaning of the flail dialect; rises when a field's meaning changes."""
WATCHDOG_MAX_MS = 200
"""A controller that lets a command live longer would drive on for too long after this program died. One that lets it
live for 0 ms has no watchdog, or drives nothing: which of both, its announcement does not tell."""


def mismatches(theirs: ControllerHello, config_hash: bytes) -> tuple[str, ...]:
    """One line for each difference that forbids arming; empty where both agree.

    `config_hash`: of the configuration that this program runs.
    """
    lines: list[str] = []
    for older, differs in (
        ("controller's firmware", theirs.protocol_version < PROTOCOL_VERSION),
        ("vehicle program", theirs.protocol_version > PROTOCOL_VERSION),
    ):
        if differs:
            lines.append(
                f"protocol: the controller speaks version {theirs.protocol_version}, the vehicle program "
                f"{PROTOCOL_VERSION}; update the {older}"
            )
    if theirs.config_hash != config_hash:
        lines.append(
            f"configuration: the controller is set up for {theirs.config_hash.hex()}, the vehicle program runs "
            f"{config_hash.hex()}; load the same machine profile into both"
        )
    if not 0 < theirs.watchdog_ms <= WATCHDOG_MAX_MS:
        lines.append(
            f"watchdog: the controller lets a command live {theirs.watchdog_ms} ms, 1 to {WATCHDOG_MAX_MS} ms are "
            "safe; set the controller's watchdog"
        )
    return tuple(lines)


def version_text(firmware_version: int) -> str:
    """0x010203 -> "1.2.3"."""
    return f"{firmware_version >> 16}.{firmware_version >> 8 & 0xFF}.{firmware_version & 0xFF}"
