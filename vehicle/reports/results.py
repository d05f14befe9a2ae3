"""Writes all files of a job as one set: the old ones stay until all new ones are ready (`paper_set.py`)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from vehicle.reports.about import public_values
from vehicle.reports.cell_states import write_states
from vehicle.reports.facts import JobFacts
from vehicle.reports.geojson import write_geojson
from vehicle.reports.gpkg import write_gpkg
from vehicle.reports.kml import write_kml
from vehicle.reports.paper_set import write_set
from vehicle.reports.pdf import pdf_of
from vehicle.reports.picture import draw_map
from vehicle.reports.products import Feature, features
from vehicle.reports.report import report_page
from vehicle.reports.tables import missing_fields, write_land, write_lots, write_points

PUBLIC: Final = "public.json"
PAPERS: Final = (
    "map.png", "report.html", "report.pdf", "ledger.gpkg", "ledger.geojson", "ledger_lines.geojson",
    "ledger_points.geojson", "ledger.kml", "ledger.kmz", "lots.csv", "points.csv", "states.csv", "ledger.csv", PUBLIC,
)  # fmt: skip
"""All file names that a set of papers may hold."""
_NOTHING: Final[Mapping[str, bytes]] = {}


def write_all(
    out_dir: Path, facts: JobFacts, *, pdf: bool = False, public: bool = False, more: Mapping[str, bytes] = _NOTHING
) -> tuple[Path, ...]:
    """Write map, report and exports; `ledger.csv` (land products) only if its mandatory fields are stated.

    `public`: also write figures without a coordinate. `more`: name -> content of further files of the set. Papers of an
    older set that the new set does not hold, such as a PDF, are removed: they would describe another record.

    Raises:
        InputError: A PDF is requested and WeasyPrint is not installed.
        OSError: The files cannot be written; the old files are unchanged unless a `SetError` says otherwise.
        sqlite3.Error: The GeoPackage cannot be written; the old files are unchanged.
    """

    def make(fresh: Path) -> tuple[Path, ...]:
        made = _made(fresh, facts, pdf=pdf)
        if public:
            made = (*made, fresh / PUBLIC)
            text = json.dumps(public_values(facts), indent=1, ensure_ascii=False)
            made[-1].write_text(text + "\n", encoding="utf-8")
        for name, content in more.items():
            made = (*made, fresh / name)
            made[-1].write_bytes(content)
        return made

    return write_set(out_dir, make, PAPERS)


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
    """Write the exports for other programs: GeoPackage, GeoJSON, KML, KMZ, tables. All of them are confidential."""
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
