"""Programs that some tests need and that Python, make and gcc do not bring, and the folder of recordings of others.

A test that lacks one of them is skipped.

A test or a whole module says `@pytest.mark.needs("mosquitto")`; a helper that starts one asks `program("mosquitto")`
for its path and so skips whoever called it. One line at the end of a run names the packages of all that was skipped
(`tests/conftest.py`). Where `NO_SKIPS` is set, as in `.ci/run`, every skip is a failure.
"""

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import pytest

PACKAGES = {
    "mosquitto": "mosquitto",
    "openssl": "openssl",
    "cppcheck": "cppcheck",
    "chromium": "chromium",
    "chromedriver": "chromium-driver",
    "node": "nodejs",
    "npm": "npm",
    "pdftotext": "poppler-utils",
}
"""Program to Debian package."""
NO_SKIPS = "FLAIL_NO_SKIPS"
WITHOUT = "FLAIL_WITHOUT"
"""Names of programs, parted by blanks, that a run shall not find: what a machine without them does."""
ELSEWHERE = "/usr/sbin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin:/opt/homebrew/sbin"
"""Where servers are on machines whose search path does not name it."""
REASON = "needs "
SHARED = "../shared"
"""Recordings and fields of others: a folder beside the repository, which a clone does not bring."""


def found(name: str) -> str | None:
    """The path of a program of `PACKAGES`, or of `SHARED`; none if it is missing."""
    if name not in (*PACKAGES, SHARED):
        raise pytest.UsageError(f"tests/needs.py does not know {name!r}: it knows {', '.join(PACKAGES)}")
    if name in os.environ.get(WITHOUT, "").split():
        return None
    if name == SHARED:
        folder = Path(__file__).resolve().parents[1] / SHARED
        return str(folder) if folder.is_dir() else None
    return shutil.which(name) or shutil.which(name, path=ELSEWHERE)


def require(*names: str) -> None:
    """Skip the running test if one of these programs of `PACKAGES`, or `SHARED`, is missing."""
    missing = [name for name in names if found(name) is None]
    if missing:
        pytest.skip(REASON + ", ".join(missing))


def program(name: str) -> str:
    """The path of a program of `PACKAGES`; skips the running test where there is none."""
    path = found(name)
    if path is None:
        pytest.skip(REASON + name)
    return path


def last_line(reasons: Iterable[str]) -> str:
    """What a run says of its skipped tests, given the reason of each."""
    counted = list(reasons)
    lacking = [reason.removeprefix(REASON) for reason in counted if reason.startswith(REASON)]
    names = sorted({name for names in lacking for name in names.split(", ")})
    others = sorted({reason for reason in counted if not reason.startswith(REASON)})
    packages = [PACKAGES.get(name, name) for name in names if name != SHARED]
    install = [f"install {' '.join(packages)} to run them"] if packages else []
    folder = [f"some read recordings in {SHARED}, which is not here"] if SHARED in names else []
    return f"skipped: {len(counted)}; {'; '.join(install + folder + others)}"
