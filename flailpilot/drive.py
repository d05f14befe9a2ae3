"""`flailpilot drive`: runs the vehicle program on real ports, and makes the papers of the run at its end."""

import asyncio
import contextlib
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from flailpilot.exit_status import DONE
from flailpilot.run_folder import SEALED

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from vehicle.runtime.incident_watch import Sealed, Sealer

QUIETLY: Final = (
    *(("nice", "-n", "19") if shutil.which("nice") else ()),
    *(("ionice", "-c", "3") if shutil.which("ionice") else ()),
)
"""Before a command that may take processor and disk only where nobody else wants them."""
SUPERVISED = "NOTIFY_SOCKET"
"""Environment variable that systemd sets for a service."""


def run(config: Path, task: Path | None = None) -> int:
    """Run until told to end. Raises `InputError` for a mistake in configuration or cabling."""
    from vehicle.runtime.app import drive

    before, seal = runs_of(config, task), sealer(config, task)
    drive(config, task=task, seal=seal)
    if SUPERVISED in os.environ:
        return DONE  # flailpilot-report.service does it, so that nothing delays the next start
    for folder in sorted(runs_of(config, task) - before):
        leave_report(folder)
        seal_to_end(folder, seal)
    return DONE


def seal_to_end(folder: Path, seal: "Sealer") -> None:
    """Seal a run that has ended if something happened in it; what does not succeed is done after the next start."""
    from vehicle.runtime.incident_watch import reason_of, unmark

    if why := reason_of(folder):
        sealed = asyncio.run(_awaited(seal(folder, why)))
        sys.stderr.write(f"flailpilot: incident: {sealed.line}\n")
        if sealed.done:
            unmark(folder)


async def _awaited(sealed: "Awaitable[Sealed]") -> "Sealed":
    return await sealed


def sealer(config: Path, task: Path | None) -> "Sealer":
    """Return what seals a run beside the vehicle program: `flailpilot incident` in a process of the lowest priority.

    Raises:
        InputError: The configuration cannot be read.
    """
    from vehicle.config.drive import load_drive
    from vehicle.runtime.incident_watch import Sealed

    file = load_drive(config, task)
    medium = file.config.incident.copy_to
    keep_free_mb = file.config.recorder.free_min_mb if file.config.recorder is not None else 0

    async def seal(run: Path, reason: str) -> Sealed:
        words = [*QUIETLY, sys.executable, "-m", "flailpilot", "incident", str(run), "--who", "vehicle program"]
        words += ["--reason", reason, "--config", str(config), "--keep-free", str(keep_free_mb)]
        words += ["--no-before"] if (run / SEALED).exists() else []
        words += ["--copy-to", str(file.beside(medium))] if medium is not None else []
        return Sealed(*await _told_by(words))

    return seal


async def _told_by(words: list[str]) -> tuple[bool, str]:
    """Run a process to its end; return whether it succeeded, and its first line. It goes on if this program ends."""
    pipe = asyncio.subprocess.PIPE
    try:
        # a session of its own: Ctrl-C in the terminal and the end of this program do not end it
        made = await asyncio.create_subprocess_exec(
            *words, stdin=asyncio.subprocess.DEVNULL, stdout=pipe, stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
        said, _ = await made.communicate()
    except OSError as refusal:
        why = (refusal.strerror or str(refusal)).lower()
        return False, f"not sealed: {why}; seal it yourself: flailpilot incident RUN"
    line = said.decode(errors="replace").strip().split("\n")[0].removeprefix("flailpilot: ")
    return (True, line) if made.returncode == DONE else (False, f"not sealed: {line}")


def runs_of(config: Path, task: Path | None) -> set[Path]:
    """Return the folders of runs in the configuration's recording folder; none if it names no folder.

    Raises:
        InputError: The configuration cannot be read.
    """
    from vehicle.config.drive import load_drive

    file = load_drive(config, task)
    if file.config.recorder is None:
        return set()
    above = file.beside(file.config.recorder.folder)
    return {path for path in above.iterdir() if path.is_dir()} if above.is_dir() else set()


def leave_report(folder: Path) -> None:
    """Write report, map and exports into the run's folder if ground was worked, with the lowest priority.

    A failure is reported in one line and ends nothing: `flailpilot report` can make them at any time.
    """
    from flailpilot.report import Asked, facts_of_folders, write_papers
    from flailpilot.run_folder import JOURNAL
    from vehicle.records import journal

    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, 19)
    try:
        if not (folder / JOURNAL).exists() or journal.read(folder / JOURNAL).stroke_count == 0:
            return
        facts = facts_of_folders(Asked(runs=(folder,)))
        written = write_papers(folder, facts, pdf=False)
    except Exception as refusal:  # noqa: BLE001  # the drive has ended well: any error is only reported
        words = " ".join(str(refusal).split()) or type(refusal).__name__
        sys.stderr.write(f"flailpilot: no report of this run: {words}\n")
        return
    sys.stderr.write(f"flailpilot: report of this run: {written[1]}\n")
