"""File names: those in a plan's folder, and safe forms of names from a user or another computer."""

from typing import Final

SHOWN: Final = "shown.json"
"""File in a plan's folder: the data that the page shows."""
ASKED: Final = "asked.json"
"""File in a plan's folder: the request."""
WORK: Final = "work.json"
"""File in the folder of a way to the parking or back: the plan of the work, and where it was left."""
STAGED: Final = "stage.z"
"""File in a plan's folder: the data for the vehicle."""


def plain_name(name: str) -> str:
    """Return a safe file name: no folders, not hidden, not too long; "site" if nothing is left."""
    kept = "".join(c if c.isalnum() or c in " ._-()" else "_" for c in name.replace("\\", "/").rpartition("/")[2])
    return kept.strip(" .")[-80:] or "site"
