"""What program this is: its version, and the formats of the files that it writes."""

import platform
from importlib import metadata

from vehicle.contracts.kept_formats import Kept


def program() -> str:
    """Return the name and version of the program, as reports and runs say it: `flailpilot 0.1.0`."""
    return f"flailpilot {metadata.version('flailpilot')}"


def words() -> str:
    """Return the lines of `flailpilot --version`.

    Two computers with the same formats read each other's plans, journals and recordings (docs/OPERATION.md).
    """
    formats = ", ".join(f"{kept.value[0]} {kept.number}" for kept in Kept)
    return f"{program()}, Python {platform.python_version()}\nformats: {formats}"
