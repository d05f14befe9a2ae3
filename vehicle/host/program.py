"""Which program this is."""

from importlib import metadata

NAME = "flailpilot"


def program() -> str:
    """Return the name and version of the program, as reports and runs say it: `flailpilot 0.1.0`; a copy says so."""
    try:
        return f"{NAME} {metadata.version(NAME)}"
    except metadata.PackageNotFoundError:
        return f"{NAME}, not installed"
