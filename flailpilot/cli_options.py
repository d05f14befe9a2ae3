"""Options that several commands have."""

from pathlib import Path
from typing import Annotated

import typer

OutDir = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
TaskPath = Annotated[
    Path | None, typer.Option("--task", help="Task file (TOML): organisation, order, people, weather and the like.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON, and nothing else.")]
Outside = Annotated[str | None, typer.Option("--outside", help="safe | unknown: may ground outside bear the tracks?")]
FeatureWish = Annotated[
    str | None, typer.Option("--feature", help="Which feature is the work area: its number, or KEY=VALUE.")
]
Unmarked = Annotated[
    str | None,
    typer.Option("--unmarked", help="keep_out | work_area: role of polygons without one in the file."),
]
