"""`flailpilot drive`: the vehicle program on real ports."""

from pathlib import Path

DONE = 0


def run(config: Path) -> int:
    """Run until told to end. A mistake in configuration or cabling is an `InputError`."""
    from vehicle.runtime.app import drive

    drive(config)
    return DONE
