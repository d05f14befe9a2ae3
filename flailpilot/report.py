"""`flailpilot report RUN [RUN...]`: makes the papers of a task from the folders of its runs alone."""

import json
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from flailpilot.exit_status import DONE
from flailpilot.run_facts import facts_of, kind_of
from flailpilot.run_folder import make_folder, refuse_sealed
from flailpilot.run_imports import check_once, check_one_task
from flailpilot.run_reading import hashed, read_run
from vehicle.config.required_depth import agreed_m
from vehicle.config.task import load_task
from vehicle.config.visits import Visit, load_visits
from vehicle.contracts.errors import InputError
from vehicle.contracts.units import missed_text
from vehicle.host.clock import utc_now
from vehicle.planning.site.site import load_site
from vehicle.reports.about import public_values
from vehicle.reports.facts import JobFacts, ReportKind
from vehicle.reports.gaps import Found
from vehicle.reports.import_times import check_since
from vehicle.reports.import_words import check_words
from vehicle.reports.paper_set import AS_THEY_WERE, SetError
from vehicle.reports.results import PAPERS, write_all
from vehicle.reports.words import ENGLISH, words_of

_NOTHING: Final[Mapping[str, bytes]] = {}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The options of the command line. `out` None: the folder of the run, or `report` beside the first of several."""

    runs: tuple[Path, ...]
    out: Path | None = None
    kind: str | None = None
    site: Path | None = None
    task: Path | None = None
    visits: Path | None = None
    public: bool = False
    pdf: bool = True
    as_json: bool = False
    language: str = ENGLISH


def run(asked: Asked) -> int:
    """Write the papers.

    Raises:
        InputError: A folder is no run, runs are not of one task, a file is unreadable, or papers cannot be written.
    """
    out = asked.out if asked.out is not None else _folder(asked.runs)
    refuse_sealed(out)
    facts = facts_of_folders(asked)
    make_folder(out)
    written = write_papers(out, facts, pdf=asked.pdf, public=asked.public)
    _tell(facts, written, as_json=asked.as_json)
    return DONE


def facts_of_folders(asked: Asked) -> JobFacts:
    """Return the facts of the requested runs. Raises InputError as `run` does."""
    if asked.kind is not None and asked.kind not in set(ReportKind):
        raise InputError(f"--kind {asked.kind}: write {' or '.join(ReportKind)}")
    words_of(asked.language)  # refuses an unknown language before anything is read
    site = load_site(asked.site) if asked.site is not None else None
    task = load_task(asked.task).task if asked.task is not None else None
    visits = _visits(asked.visits) if asked.visits is not None else ()
    if len({path.resolve() for path in asked.runs}) < len(asked.runs):
        raise InputError("a run is named twice; name each once")
    runs = [read_run(path, site) for path in asked.runs]
    check_once(runs)
    if task is None:
        check_one_task(runs)
    else:
        for made in runs:
            agreed_m({str(made.folder): made.manifest.required_depth_m, str(asked.task): task.required_depth_m})
    kind = ReportKind(asked.kind) if asked.kind is not None else kind_of(runs)
    facts = facts_of(runs, kind, task, visits)
    named = [path for path in (asked.site, asked.task, asked.visits) if path is not None]
    files = (*facts.files, *(hashed(path, path.name) for path in named))
    return msgspec.structs.replace(facts, language=asked.language, files=files)


def _visits(path: Path) -> tuple[Visit, ...]:
    """Visits of our time, whose results say nothing that a document of the authority alone may say."""
    found = load_visits(path, utc_now().date())
    for number, visit in enumerate(found, start=1):
        for day in (visit.date, *(row.due for row in visit.nonconformity)):
            check_since(f"{path}: visit {number}", day)
        for name in ("activity", "result"):
            check_words(f"{path}: visit {number}", name, getattr(visit, name))
    return found


def write_papers(
    out: Path, facts: JobFacts, *, pdf: bool, public: bool = False, more: Mapping[str, bytes] = _NOTHING
) -> tuple[Path, ...]:
    """Write all files as one set; without WeasyPrint all except the PDF, with a line that says so.

    `more`: name -> content of further files of the set.

    Raises:
        InputError: The files cannot be written, or the folder is sealed; the text says which papers are there now.
    """
    from vehicle.reports.pdf import check_installed, unknown_letters

    if pdf:
        try:
            check_installed()
        except InputError as refusal:
            sys.stderr.write(f"flailpilot: no report.pdf: {refusal}\n")
            pdf = False
    refuse_sealed(out)
    older = [name for name in PAPERS if (out / name).exists()]
    try:
        written = write_all(out, facts, pdf=pdf, public=public, more=more)
    except (OSError, sqlite3.Error) as error:
        why = getattr(error, "strerror", None) or str(error)
        left = error.left if isinstance(error, SetError) else AS_THEY_WERE
        raise InputError(
            f"{out}: the papers cannot be written: {why}; {left}. Make room, or name another folder, then: flailpilot "
            "report RUN --out DIR"
        ) from error
    if gone := ", ".join(name for name in older if out / name not in written):
        sys.stderr.write(f"flailpilot: {gone} of the papers before these: taken away, since these do not hold it\n")
    if strange := unknown_letters((out / "report.html").read_text(encoding="utf-8")) if pdf else "":
        sys.stderr.write(f"flailpilot: report.pdf: its font lacks {strange}; print report.html instead\n")
    return written


def _folder(runs: Sequence[Path]) -> Path:
    return runs[0] if len(runs) == 1 else runs[0].resolve().parent / "report"


def beyond_text(found: Found) -> str:
    """Return the area outside a survey's task, so that the areas of a line add up; "" if there is none."""
    return f", not in this task {found.not_in_task_m2:,.1f} m2" if found.not_in_task_m2 else ""


def to_do_text(found: Found) -> str:
    """Return the area to which the work had not come yet; "" if there is none."""
    return f", still to do {missed_text(found.to_do_m2)} m2" if found.to_do_m2 else ""


def _tell(facts: JobFacts, written: Sequence[Path], *, as_json: bool) -> None:
    found = facts.found
    if as_json:
        figures = public_values(facts) | {"files": [str(path) for path in written]}
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
        return
    print(
        f"{facts.kind.value} report of {facts.run}: processed {found.processed_m2:,.1f} of {found.area_m2:,.1f} m2 "
        f"(processed is not cleared), missed {missed_text(found.missed_m2)} m2{to_do_text(found)}, "
        f"listed and not processed {found.listed_m2:.1f} m2{beyond_text(found)}"
    )
    for path in written:
        print(f"  {path}")
    print("confidential: the files show where hazards may lie")
