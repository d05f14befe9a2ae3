"""Checks the folders of runs that a plan rests on: journal and recording of each are its own, and the newest is last.

Where the machine stands is taken from a recording, and where it must not drive from a journal: files of another run in
a folder would put it on ground that it never opened.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from flailpilot.own_journal import check_recording, check_session, session_of, told_by
from flailpilot.run_folder import JOURNAL, RECORDING
from flailpilot.run_reading import manifest_of
from vehicle.contracts.errors import InputError
from vehicle.records.journal import Journal
from vehicle.records.records import Session
from vehicle.runtime.run_manifest import MANIFEST, Manifest


def check_journals(runs: Sequence[Path], journals: Sequence[Journal]) -> None:
    """Check each journal against the `run.json` beside it, if there is one, and the order of the runs.

    Raises:
        InputError: A journal is of another run, or a run began before one that is named before it.
    """
    manifests = [_manifest(run) for run in runs]
    for run, kept, manifest in zip(runs, journals, manifests, strict=True):
        if manifest is not None:
            check_session(run / JOURNAL, kept, manifest)
    began = [
        (run, manifest.start_utc)
        for run, manifest in zip(runs, manifests, strict=True)
        if manifest is not None and manifest.start_utc
    ]
    for (earlier, first_utc), (later, then_utc) in pairwise(began):
        if datetime.fromisoformat(then_utc) < datetime.fromisoformat(first_utc):
            raise InputError(
                f"{later}: began at {then_utc}, before {earlier} at {first_utc}; name the newest run last, because the "
                "machine stands where that one left it"
            )


def check_recorded(run: Path, kept: Journal) -> None:
    """Check a run's recording before a place is taken from it; `kept`: the record of this run and of those before it.

    Raises:
        InputError: It is of another run than `run.json` beside it, or its session is not on record.
    """
    path = run / RECORDING
    try:
        told = told_by(path)
    except OSError:
        return  # whoever reads the place says what is wrong with the file
    if (manifest := _manifest(run)) is not None:
        check_recording(path, told, manifest)
    session = told.get("session_id", "")
    known = [session_of(record) for record in kept.records if isinstance(record, Session)]
    if session and known and session not in known:
        raise InputError(
            f"{path}: is of session {session}, which {JOURNAL} does not hold: it is not the recording of this run; put "
            "this run's own recording back"
        )


def _manifest(run: Path) -> Manifest | None:
    return manifest_of(run) if (run / MANIFEST).exists() else None
