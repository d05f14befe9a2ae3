"""All files of a job at once."""

from pathlib import Path

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


def write_all(out_dir: Path, facts: JobFacts, *, pdf: bool = False) -> tuple[Path, ...]:
    """Write map, report and exports; `ledger.csv`, the land products, only if its mandatory fields are stated.

    Raises:
        InputError: A PDF is wanted, and WeasyPrint is not installed.
    """
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
