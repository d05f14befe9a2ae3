"""Commands that make papers; `cli.py` adds them to `flailpilot`."""

from pathlib import Path
from typing import Annotated

import typer


def report(
    runs: Annotated[list[Path], typer.Argument(help="Folders of runs; several add up.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the papers; else that of the run.")] = None,
    *,
    kind: Annotated[
        str | None, typer.Option("--kind", help="daily | completion; else by the days of the runs.")
    ] = None,
    site: Annotated[Path | None, typer.Option("--site", help="Site file, where the run does not hold it.")] = None,
    task: Annotated[Path | None, typer.Option("--task", help="Task file (TOML) in place of the run's own.")] = None,
    visits: Annotated[Path | None, typer.Option("--visits", help="Visits and nonconformities (TOML).")] = None,
    public: Annotated[bool, typer.Option("--public", help="Figures without a coordinate, too: public.json.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf/--no-pdf", help="report.pdf beside report.html.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON, and nothing else.")] = False,
    language: Annotated[
        str, typer.Option("--language", help="Of report and map: en | az | tr | uk; English where a text is missing.")
    ] = "en",
) -> None:
    """Make the papers of a task from its runs: report as HTML and PDF, map, exports."""
    from flailpilot import report as reports

    asked = reports.Asked(
        runs=tuple(runs),
        out=out,
        kind=kind,
        site=site,
        task=task,
        visits=visits,
        public=public,
        pdf=pdf,
        as_json=as_json,
        language=language,
    )
    raise typer.Exit(reports.run(asked))


def figures(
    file: Annotated[Path, typer.Argument(help="What is stated, and where the grids lie (TOML).", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Folder for the page.")] = Path("runs/figures"),
    *,
    site: Annotated[Path | None, typer.Option("--site", help="Site file whose work areas are put in order.")] = None,
    run: Annotated[Path | None, typer.Option("--run", help="Folder of a run: passes of tracks and tool.")] = None,
) -> None:
    """Compute the founding documents' figures, on a separate page: they rank work and say nothing about ground."""
    from flailpilot import figures as figuring

    raise typer.Exit(figuring.run(file, out, site, run))


def days(
    file: Annotated[Path, typer.Argument(help="A task of several days (TOML).", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Folder for runs and report.")] = Path("runs/days"),
) -> None:
    """Drive a task of several days in simulation, with what goes wrong in it, and make its completion report."""
    from flailpilot import days as several

    raise typer.Exit(several.run(file, out))
