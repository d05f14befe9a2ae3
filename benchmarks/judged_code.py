"""The hash of all code that takes part in a mission or a record of one, and of the machines' profiles.

A result that was kept under another hash counts for nothing. (`make proof` hashes only what one of its parts loads.)
"""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
JUDGED = ("vehicle", "sim", "campaign", "benchmarks/trials", "firmware_bridge", "configs/machines")
SUFFIXES = (".py", ".xml", ".toml", ".c", ".h")


def key() -> str:
    """Sixteen hexadecimal digits."""
    found = hashlib.sha256()
    paths = (path for folder in JUDGED for path in (ROOT / folder).rglob("*") if path.suffix in SUFFIXES)
    for path in sorted(paths):
        found.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()[:16]
