"""`flailpilot drive`: runs the vehicle program on real ports, and makes the papers of the run at its end."""

import contextlib
import os
import sys
from pathlib import Path

from flailpilot.exit_status import DONE

SUPERVISED = "NOTIFY_SOCKET"
"""Environment variable that systemd sets for a service."""


def run(config: Path, task: Path | None = None) -> int:
    """Run until told to end. Raises `InputError` for a mistake in configuration or cabling."""
    from vehicle.runtime.app import drive

    before = runs_of(config, task)
    drive(config, task=task)
    if SUPERVISED in os.environ:
        return DONE  # flailpilot-report.service does it, so that nothing delays the next start
    for folder in sorted(runs_of(config, task) - before):
        leave_report(folder)
    return DONE


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
