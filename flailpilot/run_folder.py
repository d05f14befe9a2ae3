"""A run's folder is its own: never mixed with another run, never written over."""

from pathlib import Path

from vehicle.errors import InputError

OF_A_RUN = ("run.json", "run.mcap", "ledger.journal", "ledger.gpkg", "map.png", "report.html")


def holds_a_run(folder: Path) -> bool:
    """Some file of a run lies in it."""
    return any((folder / name).exists() for name in OF_A_RUN)


def own_folder(wanted: Path, plan_dir: Path | None = None) -> Path:
    """`wanted`, made, or the next free `wanted-2` where that holds a run, or another plan than the one to be driven.

    Raises InputError where it cannot be made.
    """
    number, folder = 1, wanted
    while True:
        try:
            folder.mkdir(parents=True, exist_ok=number == 1)
        except FileExistsError:
            if folder == wanted:
                raise InputError(f"--out {wanted}: is a file; name a folder that can be written") from None
        except OSError as error:
            raise InputError(f"--out {wanted}: {error.strerror}; name a folder that can be written") from error
        else:
            plan = folder / "plan"
            foreign = plan.exists() and not (plan_dir is not None and plan_dir.exists() and plan.samefile(plan_dir))
            if not holds_a_run(folder) and not foreign:
                return folder
        number += 1
        folder = wanted.with_name(f"{wanted.name}-{number}")


def refuse_a_run(folder: Path) -> None:
    """Raises InputError where a plan's files would be mixed with those of a run."""
    if holds_a_run(folder):
        raise InputError(f"--out {folder}: holds a run, whose files stay as they are; name another folder")
