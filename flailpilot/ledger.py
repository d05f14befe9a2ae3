"""`flailpilot ledger`: checks the record of processed ground."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from flailpilot.cli_numbers import WHOLE
from flailpilot.exit_status import DONE, FAILED
from flailpilot.numbers import whole
from flailpilot.run_folder import JOURNAL, RECORDING
from vehicle.contracts.errors import InputError

if TYPE_CHECKING:
    from vehicle.runtime.run_manifest import Manifest
    from vehicle.runtime.verification import Chain, Verified

app = typer.Typer(help="The record of processed ground.", no_args_is_help=True)


@app.callback()
def ledger() -> None:
    """The record of processed ground."""


@app.command()
def verify(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a ledger.journal alone.", show_default=False)],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the facts as JSON, and nothing else.")] = False,
) -> None:
    """Check a journal's chain, and compute its credit again from the recording, byte for byte."""
    raise typer.Exit(verify_run(run, as_json=as_json))


@app.command("take-over")
def take_over(
    run: Annotated[Path, typer.Argument(help="Folder of the other vehicle's run, or its journal.", show_default=False)],
    *,
    into: Annotated[Path, typer.Option("--into", help="Configuration of this vehicle's program, or its journal.")],
    seal: Annotated[str, typer.Option("--seal", help="Of the other record, as `ledger verify` printed it there.")],
    who: Annotated[str, typer.Option("--who", help="Who answers for it: name and role.")],
) -> None:
    """Name another vehicle's record in this one's, by its seal: only then this vehicle drives on that ground."""
    from flailpilot.take_over import take_over as taken_over

    raise typer.Exit(taken_over(run, into, seal, who))


@app.command()
def pack(
    run: Annotated[Path, typer.Argument(help="Folder of a run, or a ledger.journal alone.", show_default=False)],
) -> None:
    """Pack the strokes of a journal, which takes a sixth of the room: the same records, checks and seal."""
    from flailpilot.ledger_pack import pack_run

    raise typer.Exit(pack_run(run))


def incident(
    run: Annotated[Path, typer.Argument(help="Folder of the run in which it happened.", show_default=False)],
    who: Annotated[str, typer.Option("--who", help="Who seals it: name and role.")],
    reason: Annotated[str, typer.Option("--reason", help="What happened, in one line.")],
    config: Annotated[Path | None, typer.Option("--config", help="Configuration of the vehicle program.")] = None,
    copy_to: Annotated[Path | None, typer.Option("--copy-to", help="Folder on a second medium.")] = None,
    *,
    before: Annotated[bool, typer.Option("--before/--no-before", help="With the runs of the 24 hours before.")] = True,
    keep_free_mb: Annotated[
        int,
        typer.Option("--keep-free", parser=whole("--keep-free", WHOLE, "2000"), metavar="MB", help="Room to leave."),
    ] = 0,
) -> None:
    """Seal recording, record, plan, configuration and checks of the last 24 hours with a list of hashes; copy them."""
    from flailpilot import incident as incidents

    raise typer.Exit(incidents.run(incidents.Asked(run, who, reason, config, copy_to, before, keep_free_mb)))


def verify_run(run: Path, *, as_json: bool) -> int:
    """Check a run; exit status 1 if a record does not fit, or differs from what the recording gives.

    Raises:
        InputError: There is nothing to check, or the files are not of one run.
    """
    from flailpilot.own_journal import check_recording, told_by
    from flailpilot.run_reading import manifest_of
    from vehicle.runtime.run_manifest import MANIFEST
    from vehicle.runtime.verification import chain_of, verified

    path = run / JOURNAL if run.is_dir() else run
    if not path.exists():
        raise InputError(f"{path}: is not there; name the folder of a run, or a {JOURNAL}")
    if not run.is_dir():
        chain, _ = chain_of(path)
        facts = {"chain": msgspec.to_builtins(chain), "simulated": None}
        _tell(facts, [*chain_lines(chain), simulated_text(simulated=None)], as_json=as_json)
        return FAILED if chain.broken else DONE
    recording = run / RECORDING
    if not recording.exists():
        raise InputError(f"{run}: holds no {RECORDING}; name the folder of a run, or its {JOURNAL} to check that alone")
    manifest = manifest_of(run) if (run / MANIFEST).exists() else None
    try:
        told = told_by(recording)
        if manifest is not None:
            check_recording(recording, told, manifest)
        found = verified(path, recording)
    except OSError as refusal:
        raise InputError(f"{recording}: {(refusal.strerror or str(refusal)).lower()}") from None
    cut = cut_text(found, manifest.end_utc if manifest is not None else "")
    simulated = simulated_by(told, manifest)
    lines = [*chain_lines(found.chain), simulated_text(simulated=simulated)]
    lines += [f"DIFFERENT: {line}" for line in (*found.differences, *cut)]
    if found.compared and not found.differences:
        lines.append(
            f"the same as {recording} makes again: {found.compared:,} records of this run, byte for byte, from "
            f"{found.ticks:,} ticks; credited at its end {found.credited_m2:,.2f} m2"
        )
    if found.not_recomputed:
        lines.append(f"{found.not_recomputed:,} records stand after the end of the recording, which was not finished")
    _tell(msgspec.to_builtins(found) | {"simulated": simulated}, lines, as_json=as_json)
    return FAILED if found.chain.broken or found.differences or cut else DONE


def simulated_by(told: Mapping[str, str], manifest: "Manifest | None") -> bool | None:
    """Return whether a run was simulated, by its recording, else by `run.json`; None if neither says so."""
    said = told.get("simulated", "").casefold()
    own = manifest.simulated if manifest is not None else None
    return said == "true" if said in ("true", "false") else own


def simulated_text(*, simulated: bool | None) -> str:
    """Return whether a machine worked the ground of a record; a journal does not say so itself."""
    if simulated is None:
        return "whether a machine worked this ground, or a simulation, no journal says: the recording of its run does"
    return "SIMULATED: no machine worked this ground" if simulated else "the run says that a machine worked this ground"


def cut_text(found: "Verified", end_utc: str) -> tuple[str, ...]:
    """Return a line if the run ended in order, and yet its recording does not reach to the end of its records."""
    if not found.not_recomputed or not end_utc:
        return ()
    line = (
        f"the run ended in order at {end_utc}, but its recording ends before: nothing proves the last "
        f"{found.not_recomputed:,} records of this run; copy the recording again from the vehicle; if it is so there, "
        "its disk was full, or somebody shortened it"
    )
    return (line,)


SiteFile = Annotated[Path, typer.Option("--site", help="Site file of the run, as it was planned.")]
Outside = Annotated[str | None, typer.Option("--outside", help="As the site was planned with.")]
Feature = Annotated[str | None, typer.Option("--feature", help="As the site was planned with.")]
Unmarked = Annotated[str | None, typer.Option("--unmarked", help="As the site was planned with.")]
BaseFrame = Annotated[str, typer.Option("--base-frame", help="As the site was planned with.")]
Run = Annotated[Path, typer.Argument(help="Folder of a run.", show_default=False)]
Polygons = Annotated[
    Path, typer.Argument(help="GeoJSON, CSV (column wkt), GeoPackage, KML or KMZ.", show_default=False)
]


@app.command("follow-up")
def follow_up(
    run: Run,
    file: Polygons,
    site: SiteFile,
    team: Annotated[str, typer.Option("--team", help="machine | deminer | detector | dog | rat")] = "",
    who: Annotated[str, typer.Option("--who", help="Team leader and unit.")] = "",
    when: Annotated[str, typer.Option("--when", help="Day, or time with zone.")] = "",
    method: Annotated[str, typer.Option("--method", help="How it was searched, to which depth.")] = "",
    result: Annotated[str, typer.Option("--result", help="What was found.")] = "",
    *,
    outside: Outside = None,
    feature: Feature = None,
    unmarked: Unmarked = None,
    base_frame: BaseFrame = "EPSG:4326",
) -> None:
    """Import ground that another team worked or searched; attributes of the file, or options for all of it."""
    from flailpilot.ledger_imports import SiteOptions, import_follow_up

    said = {"team": team, "who": who, "when": when, "method": method, "result": result}
    raise typer.Exit(import_follow_up(run, file, SiteOptions(site, outside, feature, unmarked, base_frame), said))


@app.command()
def release(
    run: Run,
    file: Polygons,
    site: SiteFile,
    *,
    document: Annotated[Path, typer.Option("--document", help="The authority's document itself, a PDF or scan.")],
    authority: Annotated[str, typer.Option("--authority")],
    number: Annotated[str, typer.Option("--number", help="Of the document.")],
    date: Annotated[str, typer.Option("--date", help="Of the document, such as 2026-11-30.")],
    person: Annotated[str, typer.Option("--person", help="Who signed it.")],
    category: Annotated[str, typer.Option("--category", help="cancelled | reduced | cleared, as it has it.")],
    outside: Outside = None,
    feature: Feature = None,
    unmarked: Unmarked = None,
    base_frame: BaseFrame = "EPSG:4326",
) -> None:
    """Import a document in which the authority releases land; this program never makes or derives one."""
    from flailpilot.ledger_imports import SiteOptions, import_release

    said = {"authority": authority, "number": number, "date": date, "person": person, "category": category}
    raise typer.Exit(
        import_release(run, file, document, SiteOptions(site, outside, feature, unmarked, base_frame), said)
    )


def chain_lines(chain: "Chain") -> list[str]:
    """Return lines for people about a journal alone."""
    if chain.broken:
        return [
            f"BROKEN: {chain.path}: {chain.broken}",
            f"{chain.records:,} records before it fit; credited by them {chain.credited_m2:,.2f} m2",
        ]
    counts = f"{chain.strokes:,} strokes, {chain.acts:,} acts, {chain.sessions:,} starts"
    line = f"{chain.path}: {chain.records:,} records fit one another ({counts}), credited {chain.credited_m2:,.2f} m2"
    return [f"{line}, ground outside of the work area with it; seal {chain.seal}"]


def _tell(facts: object, lines: list[str], *, as_json: bool) -> None:
    sys.stdout.write(json.dumps(facts, indent=2) + "\n" if as_json else "\n".join(lines) + "\n")
