"""Files of others that the page brings along: each is the one that the lock names, and nothing else lies there."""

import hashlib
import json
from pathlib import Path

VENDOR = Path(__file__).parents[3] / "console" / "page" / "vendor"


def test_every_vendored_file_is_the_locked_one() -> None:
    """Name, version, licence and sha256 of each; a file that nobody locked is as wrong as one that changed."""
    packages = json.loads((VENDOR / "lock.json").read_text())["packages"]
    locked = {name: digest for package in packages for name, digest in package["files"].items()}
    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "lock.json"
    }
    assert found == locked
    assert all(package["name"] and package["version"] and package["licence"] for package in packages)
