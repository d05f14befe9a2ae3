"""`flailpilot figures`: figures of the founding documents, on a separate page."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import shapely

from flailpilot.exit_status import DONE
from flailpilot.run_folder import make_folder, refuse_sealed
from flailpilot.run_reading import read_run
from vehicle.config.figures import FiguresFile, Scores, load_figures
from vehicle.contracts.errors import InputError
from vehicle.planning.site.features import Feature, called, name_in
from vehicle.planning.site.formats import read_site_file
from vehicle.planning.site.site import load_site
from vehicle.reports.figures_page import Found, page, rows_of
from vehicle.reports.paper_set import write_set
from vehicle.reports.passes import passes_of
from vehicle.reports.score_grids import AreaScore, Cells, csv_cells, ordered, raster_cells

TABLES = tuple(FiguresFile.model_fields)
"""The tables of the file, each of which states a figure."""


def run(file: Path, out: Path, site: Path | None, run_dir: Path | None) -> int:
    """Write `figures.html` and `figures.json`.

    Raises:
        InputError: A file cannot be read or states no figure, a value is out of range, or scores lack a site.
    """
    refuse_sealed(out)
    stated = load_figures(file)
    if run_dir is None and not any(getattr(stated, table) is not None for table in TABLES):
        raise InputError(f"{file}: states no figure; write one of the tables {', '.join(TABLES)}, or give --run RUN")
    found = Found(stated=stated, scores=_scores(file, stated, site))
    if run_dir is not None:
        worked = read_run(run_dir, None)
        if not len(worked.samples):
            raise InputError(f"{run_dir}: its recording has no report with a place; passes cannot be counted")
        area = shapely.difference(worked.site.work_area, worked.site.keep_out)
        gauge_m = worked.config.machine.tracks.gauge_m
        passes = passes_of(worked.samples, worked.plan.machine, area, gauge_m)
        found = msgspec.structs.replace(found, passes=passes)
    make_folder(out)
    figures = {
        "figures": [dict(zip(("name", "formula", "value", "note"), row, strict=True)) for row in rows_of(found)],
        "order": msgspec.to_builtins(found.scores),
        "passes": msgspec.to_builtins(found.passes),
    }
    text = page(found, site.stem if site is not None else file.stem)
    contents = {"figures.html": text, "figures.json": json.dumps(figures, indent=1) + "\n"}
    write_set(out, lambda fresh: [_written(fresh / name, content) for name, content in contents.items()])
    for row in rows_of(found):
        print(f"{row[0]} = {row[1]} = {row[2]} ({row[3]})")
    for place, area_score in enumerate(found.scores or (), start=1):
        mean = "no data" if area_score.mean is None else f"{area_score.mean:.4f}"
        empty = area_score.cells_without_data
        where = f"{area_score.names or 'piece'} at {area_score.inside_deg[0]:.7f}, {area_score.inside_deg[1]:.7f}"
        print(f"{place}. {where}: mean P_c {mean}, {empty} cells without data")
    print(f"page {out / 'figures.html'}: ranks work, says nothing about ground")
    return DONE


def _written(path: Path, content: str) -> Path:
    path.write_text(content, encoding="utf-8")
    return path


def _scores(file: Path, stated: FiguresFile, site: Path | None) -> tuple[AreaScore, ...] | None:
    if stated.scores is None:
        return None
    if site is None:
        raise InputError(f"{file}: scores order the work areas of a site; name it with --site FILE")
    place = load_site(site)
    found = ordered(place.work_area, place.datum, _cells(file, stated.scores))
    if not any(row.cells for row in found):
        raise InputError(
            f"{file}: no cell with data has its middle in a work area of {site}; check the grid's coordinates and the "
            "size of its cells"
        )
    features = read_site_file(site).features
    return tuple(msgspec.structs.replace(row, names=_names(row, features)) for row in found)


def _names(row: AreaScore, features: Sequence[Feature]) -> str:
    """Return the shapes of the site file in which the point of a piece lies, as people named them."""
    point = shapely.Point(row.inside_deg[1], row.inside_deg[0])
    there = (
        feature
        for feature in features
        if feature.role == "work_area"
        and any(shapely.Polygon(rings[0], rings[1:]).intersects(point) for rings in feature.polygons)
    )
    return ", ".join(called(feature.place, name_in(feature.properties)) for feature in there)


def _cells(file: Path, scores: Scores) -> Iterator[Cells]:
    if scores.csv is not None:
        return csv_cells(file.parent / scores.csv)
    historic, soil, visual = (file.parent / str(name) for name in (scores.historic, scores.soil, scores.visual))
    return raster_cells((historic, soil, visual))
