"""What program this is: its version, and the formats of the files that it writes."""

import platform

from vehicle.contracts.kept_formats import Kept
from vehicle.host.program import program


def words() -> str:
    """Return the lines of `flailpilot --version`.

    Two computers with the same formats read each other's plans, journals and recordings (docs/OPERATION.md).
    """
    formats = ", ".join(f"{kept.value[0]} {kept.number}" for kept in Kept)
    return f"{program()}, Python {platform.python_version()}\nformats: {formats}"
