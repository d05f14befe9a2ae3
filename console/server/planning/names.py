"""Names of files: those of a plan's folder, and of what a user or another computer calls its own."""

from typing import Final

SHOWN: Final = "shown.json"
"""In a plan's folder: what the page shows of it."""
ASKED: Final = "asked.json"
"""What was asked for."""
STAGED: Final = "stage.z"
"""What goes to the vehicle."""


def plain_name(name: str) -> str:
    """A name for a file: no folders, nothing hidden, not too long; "site" where nothing is left."""
    kept = "".join(c if c.isalnum() or c in " ._-()" else "_" for c in name.replace("\\", "/").rpartition("/")[2])
    return kept.strip(" .")[-80:] or "site"
