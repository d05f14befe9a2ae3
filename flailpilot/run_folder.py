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
"""In the folder of a run that was sealed after an incident: nothing is added to it."""
OF_A_RUN = ("run.json", RECORDING, JOURNAL, "ledger.gpkg", "map.png", "report.html")
OF_A_PLAN = ("summary.json", "plan.json", "plan.png", "plan.geojson", "plan.waypoints", "plan.plan", "poses.csv")
NAMES = ("site", "site_hash", "plan_hash")


def holds_a_run(folder: Path) -> bool:
    """Some file of a run lies in it."""
    return any((folder / name).exists() for name in OF_A_RUN)


def holds_a_plan(folder: Path) -> bool:
    """Some file of a plan lies in it, and none of a run."""
    return not holds_a_run(folder) and any((folder / name).exists() for name in OF_A_PLAN)


def make_folder(folder: Path) -> None:
    """The results' folder; a file in its place is the user's mistake.

    Raises:
        InputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out {folder}: {error.strerror}; name a folder that can be written") from error


class Fits(Protocol):
    """Whether a folder may take the files. `made`: it was made just now."""

    def __call__(self, folder: Path, *, made: bool) -> bool:
        """True where it may."""
        ...


def next_free(wanted: Path, fits: Fits) -> Path:
    """`wanted`, made, or the next `wanted-2` that `fits`.

    Raises:
        InputError: It cannot be made.
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
    """`wanted`, made, or the next free `wanted-2` where that holds a run, or another plan than the one to be driven.

    Raises InputError where it cannot be made.
    """

    def fits(folder: Path, *, made: bool) -> bool:
        plan = folder / "plan"
        foreign = plan.exists() and not (plan_dir is not None and plan_dir.exists() and plan.samefile(plan_dir))
        return made or (folder == wanted and not holds_a_run(folder) and not foreign)

    return next_free(wanted, fits)


def plan_folder(wanted: Path, names: dict[str, Any]) -> Path:
    """`wanted`, made, or the next `wanted-2` that holds no run and no other plan than the one of these names.

    Raises InputError where it cannot be made.
    """

    def fits(folder: Path, *, made: bool) -> bool:
        if made or not (holds_a_run(folder) or holds_a_plan(folder)):
            return True
        held = _summary(folder)
        return holds_a_plan(folder) and all(held.get(key) == names[key] for key in NAMES)

    return next_free(wanted, fits)


def refuse_a_run(folder: Path) -> None:
    """Raises InputError where a plan's files would be mixed with those of a run."""
    if holds_a_run(folder):
        raise InputError(f"--out {folder}: holds a run, whose files stay as they are; name another folder")


def refuse_sealed(folder: Path) -> None:
    """Raises InputError where a run was sealed after an incident: nothing is added to it."""
    if (folder / SEALED).exists():
        raise InputError(f"{folder}: was sealed after an incident, nothing is added to it; name another folder: --out")


def older_plan(folder: Path) -> str:
    """What is to be said of the plan in a folder where no other was written; "" where there is none."""
    if not holds_a_plan(folder):
        return ""
    held = _summary(folder)
    made = f", made {held['made_utc']}" if held.get("made_utc") else ""
    whose = f"of {held['site']}{made}" if held.get("site") else "of another task"
    return f"; nothing was planned, {folder} still holds an older plan, {whose}"


@contextlib.contextmanager
def older_plan_told(folder: Path) -> Iterator[None]:
    """A refusal names the plan that lies where the refused one was to go: it stays, and is not what was asked for.

    Raises:
        InputError: the refusal, with that plan named.
    """
    try:
        yield
    except InputError as refusal:
        raise InputError(f"{refusal}{older_plan(folder)}") from None


def _summary(folder: Path) -> dict[str, Any]:
    """What the summary in a folder says of itself; empty where it says nothing that can be read."""
    try:
        found = json.loads((folder / "summary.json").read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
