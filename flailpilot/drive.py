"""`flailpilot drive`: the vehicle program on real ports."""

from pathlib import Path

from flailpilot.exit_status import DONE


def run(config: Path, task: Path | None = None) -> int:
    """Run until told to end. A mistake in configuration or cabling is an `InputError`."""
    from vehicle.runtime.app import drive

    drive(config, task=task)
    return DONE
