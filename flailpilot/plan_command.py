"""`flailpilot plan` and its options; `cli.py` adds it to `flailpilot`."""

from pathlib import Path
from typing import Annotated

import typer

from flailpilot.cli_numbers import Depth, NetHours, Overlap, Overrun, Soil, TimeLimit
from flailpilot.cli_options import AsJson, FeatureWish, OutDir, Outside, TaskPath, Unmarked
from flailpilot.options import PlanOptions, ResumeOptions, WayOptions
from vehicle.contracts.errors import InputError

BaseFrame = Annotated[
    str, typer.Option("--base-frame", help="System of the base's coordinates: WGS 84, ETRS89, NAD83 or the like.")
]
Resume = Annotated[
    list[Path] | None,
    typer.Option("--resume", help="Folder of a run: plan only what it left; several: newest last."),
]
At = Annotated[str | None, typer.Option("--at", help="With --resume: where it stands, LAT,LON,HEADING in degrees.")]
Craters = Annotated[Path | None, typer.Option("--craters", help="With --resume: site file with polygons of craters.")]
ToParking = Annotated[
    Path | None, typer.Option("--to-parking", help="Folder of a run: plan only the way to the parking, tool up.")
]
BackToWork = Annotated[
    Path | None,
    typer.Option("--back-to-work", help="Folder of a run: plan only the way back to the work."),
]
Role = Annotated[
    str | None, typer.Option("--role", help="Task role: ground_preparation, technical_survey, quality_control ...")
]
Survey = Annotated[
    str | None, typer.Option("--survey", help="Swaths apart: spacing=M,length=M,widths=1,base=...,evidence=...")
]


def plan(
    site: Annotated[Path, typer.Argument(help="Site file: GeoJSON, KML, GeoPackage, Shapefile, .plan.")],
    machine: Annotated[str, typer.Option("--machine", help="Machine profile: a name or a TOML file.")],
    out: OutDir = Path("runs/plan"),
    outside: Outside = None,
    overlap: Overlap = None,
    depth: Depth = None,
    base_frame: BaseFrame = "EPSG:4326",
    *,
    overrun: Overrun = None,
    time_limit: TimeLimit = 120.0,
    feature: FeatureWish = None,
    unmarked: Unmarked = None,
    resume: Resume = None,
    left: Annotated[Path | None, typer.Option("--left", hidden=True)] = None,
    at: At = None,
    craters: Craters = None,
    to_parking: ToParking = None,
    back_to_work: BackToWork = None,
    soil: Soil = None,
    role: Role = None,
    survey: Survey = None,
    net_hours: NetHours = None,
    task: TaskPath = None,
    poses: Annotated[bool, typer.Option("--poses", help="Write poses.csv too, 2 MB per hectare.")] = False,
    as_json: AsJson = False,
) -> None:
    """Plan the coverage of a site: segments to drive, what is not workable by machine, and why."""
    _refuse_left(site, left)
    asked = PlanOptions(
        site=site,
        machine=machine,
        out=out,
        time_limit_s=time_limit,
        as_json=as_json,
        outside=outside,
        overlap_m=overlap,
        overrun_m=overrun,
        poses=poses,
        soil_mj_per_m3=soil,
        role=role,
        survey=survey,
        net_hours=net_hours,
        task=task,
        depth_m=depth,
        base_frame=base_frame,
        feature=feature,
        unmarked=unmarked,
    )
    _refuse_two_kinds({"--resume": resume or None, "--to-parking": to_parking, "--back-to-work": back_to_work})
    if (run := back_to_work or to_parking) is not None:
        way = WayOptions(run=run, back=back_to_work is not None, at=at, craters=craters)
        raise typer.Exit(_way(asked, way))
    raise typer.Exit(_coverage(asked, tuple(resume or ()), at, craters))


def _refuse_left(site: Path, left: Path | None) -> None:
    """Say what `--left` is called."""
    if left is not None:
        raise InputError(f"--left is called --resume: flailpilot plan {site} --resume {left}")


def _refuse_two_kinds(runs: dict[str, object]) -> None:
    """At most one of the options that name a run is given; `runs`: by option, None where it is not."""
    if len(named := [option for option, run in runs.items() if run is not None]) > 1:
        raise InputError(f"{' and '.join(named)}: give one of them")


def _way(asked: PlanOptions, way: WayOptions) -> int:
    """Plan a way that works no ground; the exit status."""
    from flailpilot.parking import run as parked

    return parked(asked, way)


def _coverage(asked: PlanOptions, runs: tuple[Path, ...], at: str | None, craters: Path | None) -> int:
    """Plan the site, or what `runs` left of it; the exit status."""
    if runs:
        from flailpilot.resume import run as resumed

        return resumed(asked, ResumeOptions(runs=runs, at=at, craters=craters))
    if at is not None or craters is not None:
        belong = "--resume RUN, --to-parking and --back-to-work"
        raise InputError(f"--at and --craters belong to {belong}; in a site file craters are keep_out polygons")
    from flailpilot.planning import run

    return run(asked)
