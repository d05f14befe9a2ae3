"""`flailpilot drive`: the vehicle program on real ports, and the papers of its run when it has ended."""

import contextlib
import os
import sys
from pathlib import Path

from flailpilot.exit_status import DONE

SUPERVISED = "NOTIFY_SOCKET"
"""Set by systemd for a service of its own."""


def run(config: Path, task: Path | None = None) -> int:
    """Run until told to end. A mistake in configuration or cabling is an `InputError`."""
    from vehicle.runtime.app import drive

    before = runs_of(config, task)
    drive(config, task=task)
    if SUPERVISED in os.environ:
        return DONE  # flailpilot-report.service does it: nothing stands between this end and the next start
    for folder in sorted(runs_of(config, task) - before):
        leave_report(folder)
    return DONE


def runs_of(config: Path, task: Path | None) -> set[Path]:
    """Folders of runs where the configuration has them recorded; none where it names no place.

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
    """Report, map and exports into the run's folder, where ground was worked; made with the lowest priority.

    What keeps them from being made is told in one line and ends nothing: `flailpilot report` makes them at any time.
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
    except Exception as refusal:  # noqa: BLE001  # the drive has ended well: whatever it is, it is told
        words = " ".join(str(refusal).split()) or type(refusal).__name__
        sys.stderr.write(f"flailpilot: no report of this run: {words}\n")
        return
    sys.stderr.write(f"flailpilot: report of this run: {written[1]}\n")
