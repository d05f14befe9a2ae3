"""What must agree between host and controller before anything may be armed, and words for what does not."""

from firmware_bridge.types import ControllerHello

PROTOCOL_VERSION = 2
"""Meaning of the flail dialect; rises when a field's meaning changes."""
WATCHDOG_MAX_MS = 200
"""A controller that lets a command live longer would drive on for too long after this program died."""


def mismatches(ours: ControllerHello, theirs: ControllerHello) -> tuple[str, ...]:
    """One line for each difference that forbids arming; empty where both agree."""
    lines: list[str] = []
    if ours.protocol_version != theirs.protocol_version:
        older = "controller's firmware" if theirs.protocol_version < ours.protocol_version else "vehicle program"
        lines.append(
            f"protocol: the controller speaks version {theirs.protocol_version}, the vehicle program "
            f"{ours.protocol_version}; update the {older}"
        )
    if ours.config_hash != theirs.config_hash:
        lines.append(
            f"configuration: the controller is set up for {theirs.config_hash.hex()}, the vehicle program runs "
            f"{ours.config_hash.hex()}; load the same machine profile into both"
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
