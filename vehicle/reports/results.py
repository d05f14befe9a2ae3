"""All files of a job at once."""

from pathlib import Path

from vehicle.reports.export import missing_fields, write_csv, write_geojson, write_gpkg
from vehicle.reports.facts import JobFacts
from vehicle.reports.picture import draw_map
from vehicle.reports.products import features
from vehicle.reports.report import write_report


def write_all(out_dir: Path, facts: JobFacts) -> tuple[Path, ...]:
    """Write map.png, report.html, ledger.gpkg and ledger.geojson, and ledger.csv if its mandatory fields are stated."""
    chart, page = out_dir / "map.png", out_dir / "report.html"
    package, geojson, table = out_dir / "ledger.gpkg", out_dir / "ledger.geojson", out_dir / "ledger.csv"
    draw_map(chart, facts)
    write_report(page, facts, chart)
    products = tuple(features(facts))
    write_gpkg(package, facts, products)
    write_geojson(geojson, facts, products)
    if missing_fields(facts):
        return chart, page, package, geojson
    write_csv(table, facts, products)
    return chart, page, package, geojson, table
