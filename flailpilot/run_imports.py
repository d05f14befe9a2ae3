"""What several runs make up together: one task, each run and each statement of others once, none excludes another."""

from collections.abc import Sequence

from flailpilot.run_folder import RECORDING
from flailpilot.run_reading import Run
from vehicle.contracts.errors import InputError
from vehicle.reports.imported import FollowUp, Release, follow_ups_in, releases_in
from vehicle.reports.importing import check_apart


def follow_ups_of(runs: Sequence[Run]) -> tuple[FollowUp, ...]:
    """Return the work of other teams; a file that was imported beside several runs counts once."""
    found: dict[object, FollowUp] = {}
    for run in runs:
        for row in follow_ups_in(run.folder):
            found.setdefault((row.source_hash, row.polygons_deg, row.team, row.when), row)
    return tuple(found.values())


def releases_of(runs: Sequence[Run]) -> tuple[Release, ...]:
    """Return the documents of the authority; one that was imported beside several runs counts once.

    Raises:
        InputError: Two of them cannot both be valid.
    """
    found: dict[object, Release] = {}
    for run in runs:
        for row in releases_in(run.folder):
            key = (row.number, row.document_hash, row.source_hash, row.category)
            if key not in found:
                for other in found.values():
                    check_apart(f"{run.folder}: document {row.number}", row, other, run.plan.datum)
            found.setdefault(key, row)
    return tuple(found.values())


def older_texts(runs: Sequence[Run]) -> list[str]:
    """Return a remark on each statement of others that is older than the first of the runs (in order of time)."""
    began = runs[0].manifest.start_utc[:10]
    told = [(row.when[:10], f"follow-up by a team ({row.team}, {row.who})") for row in follow_ups_of(runs)]
    told += [(row.date[:10], f"document {row.number} of {row.authority}") for row in releases_of(runs)]
    return [
        f"{what} is of {day}, before the first of these runs ({began}): it says nothing of ground that these worked."
        for day, what in dict.fromkeys(told)
        if began and day < began
    ]


def check_once(runs: Sequence[Run]) -> None:
    """Check that no run is named twice. Raises InputError for a copy: its hours would count twice."""
    seen: dict[tuple[str, str], Run] = {}
    for run in runs:
        recording = next((row.sha256 for row in run.files if row.name.endswith(RECORDING)), "")
        for key in (("session", run.manifest.session_id), ("recording", recording)):
            if key[1] and key in seen:
                raise InputError(f"{run.folder}: is the same run as {seen[key].folder}, or a copy; name one of them")
            seen[key] = run


def check_one_task(runs: Sequence[Run]) -> None:
    """Check the task orders. Raises InputError if there are two: a report has one."""
    stated = [run for run in runs if run.manifest.task]
    other = next((run for run in stated if run.manifest.task != stated[0].manifest.task), None)
    if other is not None:
        raise InputError(
            f"{other.folder}: is of task order {other.manifest.task}, {stated[0].folder} of {stated[0].manifest.task}; "
            "name the runs of one task, or give the task file of both together with --task"
        )
