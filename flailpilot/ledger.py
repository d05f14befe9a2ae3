"""`flailpilot ledger`: the record of processed ground, checked."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from flailpilot.exit_status import DONE, FAILED
from flailpilot.run_folder import JOURNAL, RECORDING
from vehicle.contracts.errors import InputError

if TYPE_CHECKING:
    from vehicle.runtime.verification import Chain

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


def verify_run(run: Path, *, as_json: bool) -> int:
    """Exit status 1 where a record does not fit, or is not what the recording makes.

    Raises:
        InputError: There is nothing to be checked, or what is there is not of one run.
    """
    from vehicle.runtime.verification import chain_of, verified

    path = run / JOURNAL if run.is_dir() else run
    if not path.exists():
        raise InputError(f"{path}: is not there; name the folder of a run, or a {JOURNAL}")
    if not run.is_dir():
        chain, _ = chain_of(path)
        _tell({"chain": msgspec.to_builtins(chain)}, chain_lines(chain), as_json=as_json)
        return FAILED if chain.broken else DONE
    recording = run / RECORDING
    if not recording.exists():
        raise InputError(f"{run}: holds no {RECORDING}; name the folder of a run, or its {JOURNAL} to check that alone")
    try:
        found = verified(path, recording)
    except OSError as refusal:
        raise InputError(f"{recording}: {(refusal.strerror or str(refusal)).lower()}") from None
    lines = chain_lines(found.chain)
    lines += [f"DIFFERENT: {line}" for line in found.differences]
    if found.compared and not found.differences:
        lines.append(
            f"the same as {recording} makes again: {found.compared:,} records of this run, byte for byte, from "
            f"{found.ticks:,} ticks; credited at its end {found.credited_m2:,.2f} m2"
        )
    if found.not_recomputed:
        lines.append(f"{found.not_recomputed:,} records stand after the end of the recording, which was not finished")
    _tell(msgspec.to_builtins(found), lines, as_json=as_json)
    return FAILED if found.chain.broken or found.differences else DONE


def chain_lines(chain: "Chain") -> list[str]:
    """A journal by itself, for people."""
    if chain.broken:
        return [
            f"BROKEN: {chain.path}: {chain.broken}",
            f"{chain.records:,} records before it fit; credited by them {chain.credited_m2:,.2f} m2",
        ]
    counts = f"{chain.strokes:,} strokes, {chain.acts:,} acts, {chain.sessions:,} starts"
    line = f"{chain.path}: {chain.records:,} records fit one another ({counts}), credited {chain.credited_m2:,.2f} m2"
    return [f"{line}; seal {chain.seal}"]


def _tell(facts: object, lines: list[str], *, as_json: bool) -> None:
    sys.stdout.write(json.dumps(facts, indent=2) + "\n" if as_json else "\n".join(lines) + "\n")
