"""Decides whether host and controller agree, which arming requires, and says in words where they do not."""

from firmware_bridge.types import ControllerHello

PROTOCOL_VERSION = 2
"""Version of the flail dialect; it rises when the meaning of a field changes."""
WATCHDOG_MAX_MS = 200
"""Longest life of a command at the controller: with a longer one it would drive on too long after this program ended. A
controller that announces 0 ms has no watchdog or never drives; the announcement does not tell which."""


def mismatches(theirs: ControllerHello, config_hash: bytes) -> tuple[str, ...]:
    """Return one line for each difference that forbids arming; empty if both agree.

    `config_hash`: hash of the configuration that this program uses, 8 bytes.
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
