"""All files of a job at once, made in a folder of their own: older ones stay whole until all are there."""

import errno
import json
import tempfile
from pathlib import Path
from typing import Final

from vehicle.reports.about import public_values
from vehicle.reports.cell_states import write_states
from vehicle.reports.facts import JobFacts
from vehicle.reports.geojson import write_geojson
from vehicle.reports.gpkg import write_gpkg
from vehicle.reports.kml import write_kml
from vehicle.reports.pdf import pdf_of
from vehicle.reports.picture import draw_map
from vehicle.reports.products import Feature, features
from vehicle.reports.report import report_page
from vehicle.reports.tables import missing_fields, write_land, write_lots, write_points

PUBLIC: Final = "public.json"


def write_all(out_dir: Path, facts: JobFacts, *, pdf: bool = False, public: bool = False) -> tuple[Path, ...]:
    """Write map, report and exports; `ledger.csv`, the land products, only if its mandatory fields are stated.

    `public`: figures without a coordinate, too. Files of these names are replaced when all are made.

    Raises:
        InputError: A PDF is wanted, and WeasyPrint is not installed.
        OSError: They cannot be written; what was there before still is.
        sqlite3.Error: The same, of the GeoPackage.
    """
    with tempfile.TemporaryDirectory(prefix=".papers-", dir=out_dir) as fresh:
        made = _made(Path(fresh), facts, pdf=pdf)
        if public:
            made = (*made, Path(fresh) / PUBLIC)
            text = json.dumps(public_values(facts), indent=1, ensure_ascii=False)
            made[-1].write_text(text + "\n", encoding="utf-8")
        return _moved(made, out_dir)


def _moved(made: tuple[Path, ...], out_dir: Path) -> tuple[Path, ...]:
    """Each file at its place. What could keep one back is looked for before the first goes."""
    places = tuple(out_dir / path.name for path in made)
    for place in places:
        if place.is_dir():
            raise IsADirectoryError(errno.EISDIR, f"{place.name} is a folder", str(place))
    for path, place in zip(made, places, strict=True):
        path.replace(place)
    return places


def _made(out_dir: Path, facts: JobFacts, *, pdf: bool) -> tuple[Path, ...]:
    products = tuple(features(facts))
    chart, page = out_dir / "map.png", out_dir / "report.html"
    draw_map(chart, facts)
    text = report_page(facts, chart.read_bytes(), products)
    page.write_text(text, encoding="utf-8")
    papers = [chart, page]
    if pdf:
        papers.append(out_dir / "report.pdf")
        papers[-1].write_bytes(pdf_of(text))
    return *papers, *write_exports(out_dir, facts, products)


def write_exports(out_dir: Path, facts: JobFacts, products: tuple[Feature, ...] | None = None) -> tuple[Path, ...]:
    """Everything for other people's programs: GeoPackage, GeoJSON, KML and KMZ, tables. All of it is confidential."""
    package, kml, kmz = (out_dir / f"ledger.{kind}" for kind in ("gpkg", "kml", "kmz"))
    lots, points, land = out_dir / "lots.csv", out_dir / "points.csv", out_dir / "ledger.csv"
    products = tuple(features(facts)) if products is None else products
    write_gpkg(package, facts, products)
    geojson = write_geojson(out_dir, facts, products)
    write_kml(kml, kmz, facts, products)
    write_lots(lots, facts, products)
    write_points(points, facts, products)
    states = out_dir / "states.csv"
    write_states(states, facts)
    written = (package, *geojson, kml, kmz, lots, points, states)
    if missing_fields(facts):
        return written
    write_land(land, facts, products)
    return *written, land
