"""The folder of a run or of a plan is its own: never mixed with another one, never overwritten.

If the name is taken, the next free folder `wanted-2` is used, and the caller is told. Only the same plan replaces the
plan that was there.
"""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from vehicle.contracts.errors import InputError

RECORDING, JOURNAL = "run.mcap", "ledger.journal"
SEALED = "SEALED"
"""Name of the file in the folder of a run that was sealed after an incident; nothing is added to such a folder."""
OF_A_RUN = ("run.json", RECORDING, JOURNAL, "ledger.gpkg", "map.png", "report.html")
OF_A_PLAN = ("summary.json", "plan.json", "plan.png", "plan.geojson", "plan.waypoints", "plan.plan", "poses.csv")
NAMES = ("site", "site_hash", "plan_hash")


def holds_a_run(folder: Path) -> bool:
    """Whether the folder holds a file of a run."""
    return any((folder / name).exists() for name in OF_A_RUN)


def holds_a_plan(folder: Path) -> bool:
    """Whether the folder holds a file of a plan, and none of a run."""
    return not holds_a_run(folder) and any((folder / name).exists() for name in OF_A_PLAN)


def make_folder(folder: Path) -> None:
    """Create the folder for results; a file in its place is an error of the user.

    Raises:
        InputError: The folder cannot be created.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {folder}: {error.strerror}; name a folder that can be written") from error


class Fits(Protocol):
    """Function that decides whether a folder may take the files. `made`: the folder was created just now."""

    def __call__(self, folder: Path, *, made: bool) -> bool:
        """Whether the folder may take the files."""
        ...


def next_free(wanted: Path, fits: Fits) -> Path:
    """Create and return `wanted`, or the next of `wanted-2`, ... that `fits`.

    Raises:
        InputError: The folder cannot be created.
    """
    number, folder = 1, wanted
    while True:
        made = True
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            made = False
            if folder == wanted and not folder.is_dir():
                raise InputError(f"--out {wanted}: is a file; name a folder that can be written") from None
        except OSError as error:
            raise InputError(f"--out {wanted}: {error.strerror}; name a folder that can be written") from error
        if folder.is_dir() and fits(folder, made=made):
            return folder
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")


def own_folder(wanted: Path, plan_dir: Path | None = None) -> Path:
    """Create and return `wanted`, or the next free `wanted-2` if it holds a run or another plan than the given one.

    Raises InputError if the folder cannot be created.
    """

    def fits(folder: Path, *, made: bool) -> bool:
        plan = folder / "plan"
        foreign = plan.exists() and not (plan_dir is not None and plan_dir.exists() and plan.samefile(plan_dir))
        return made or (folder == wanted and not holds_a_run(folder) and not foreign)

    return next_free(wanted, fits)


def plan_folder(wanted: Path, names: dict[str, Any]) -> Path:
    """Create and return `wanted`, or the next `wanted-2` that holds no run and no plan with another name.

    Raises InputError if the folder cannot be created.
    """

    def fits(folder: Path, *, made: bool) -> bool:
        if made or not (holds_a_run(folder) or holds_a_plan(folder)):
            return True
        held = _summary(folder)
        return holds_a_plan(folder) and all(held.get(key) == names[key] for key in NAMES)

    return next_free(wanted, fits)


def refuse_a_run(folder: Path) -> None:
    """Check a folder for plans. Raises InputError if it holds a run, so that files would be mixed."""
    if holds_a_run(folder):
        raise InputError(f"--out {folder}: holds a run, whose files stay as they are; name another folder")


def refuse_sealed(folder: Path) -> None:
    """Check a folder. Raises InputError if its run was sealed after an incident: nothing is added to it."""
    if (folder / SEALED).exists():
        raise InputError(f"{folder}: was sealed after an incident, nothing is added to it; name another folder: --out")


def older_plan(folder: Path) -> str:
    """Return a remark on the older plan in a folder into which no new plan was written; "" if there is none."""
    if not holds_a_plan(folder):
        return ""
    held = _summary(folder)
    made = f", made {held['made_utc']}" if held.get("made_utc") else ""
    whose = f"of {held['site']}{made}" if held.get("site") else "of another task"
    return f"; nothing was planned, {folder} still holds an older plan, {whose}"


@contextlib.contextmanager
def older_plan_told(folder: Path) -> Iterator[None]:
    """Add to a refusal that the folder still holds an older plan, which is not the requested one.

    Raises:
        InputError: The refusal, with the older plan named.
    """
    try:
        yield
    except InputError as refusal:
        raise InputError(f"{refusal}{older_plan(folder)}") from None


def _summary(folder: Path) -> dict[str, Any]:
    """Return the facts in a folder's summary; empty if it cannot be read."""
    try:
        found = json.loads((folder / "summary.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
