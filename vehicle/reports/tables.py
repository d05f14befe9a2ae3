"""Tables as CSV: land products with the minimum data of IMAS 05.10, lots for sampling, and points for survey."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import shapely

from vehicle.contracts.errors import InputError
from vehicle.reports.about import job_values, tags
from vehicle.reports.degrees import in_degrees
from vehicle.reports.facts import JobFacts
from vehicle.reports.products import Feature

MANDATORY: Final = ("task_id", "organisation", "operator", "start_utc", "end_utc", "status")
PRODUCTS: Final = ("processed", "processed_below_depth", "missed", "untreatable")
LAND_COLUMNS: Final = (
    "product", "lot", "reason", "follow_up", "depth_least_cm", "area_m2", "inside_m2", "perimeter_wkt",
    "benchmark_lon_deg", "benchmark_lat_deg", "task_id", "organisation", "operator", "method", "start_utc", "end_utc",
    "status", "required_depth_m", "simulated", "classification", "run", "plan_hash", "statement",
)  # fmt: skip
LOT_COLUMNS: Final = (
    "lot", "machine", "day_utc", "from_utc", "from_epoch_s", "until_utc", "until_epoch_s", "ended_by", "check_reading",
    "area_m2", "inside_m2", "depth_least_cm", "depth_median_cm", "site", "plan_hash", "run", "simulated",
    "note",
)  # fmt: skip
POINT_COLUMNS: Final = (
    "name", "kind", "lon_deg", "lat_deg", "east_m", "north_m", "from_name", "bearing_deg", "distance_m", "number",
    "text", "utc", "epoch_s", "site", "plan_hash", "run", "simulated",
)  # fmt: skip


FORMULA: Final = frozenset("=+-@\t\r")
"""A text that begins with one of these is worked out by spreadsheets."""


def missing_fields(facts: JobFacts) -> list[str]:
    """Return the mandatory fields of the land products that were not stated."""
    values = job_values(facts)
    empty = [name for name in MANDATORY if not values[name]]
    if not facts.site.benchmarks_m:
        empty.append("benchmark (a point with role benchmark in the site file)")
    return empty


def write_land(path: Path, facts: JobFacts, products: Sequence[Feature]) -> None:
    """Write one row per product polygon. Raises InputError that names empty mandatory fields."""
    values, empty = job_values(facts), missing_fields(facts)
    if empty:
        raise InputError(f"{path}: mandatory fields of the report are empty: {', '.join(empty)}; state them first")
    mark_lon, mark_lat = facts.plan.datum.lonlat_from_enu_array([facts.site.benchmarks_m[0]])[0].tolist()
    common = values | {"benchmark_lon_deg": f"{mark_lon:.9f}", "benchmark_lat_deg": f"{mark_lat:.9f}"}
    rows = []
    for feature in products:
        if feature.layer in PRODUCTS:
            shape = in_degrees(feature.geometry, facts.plan.datum)
            own = {"product": feature.layer, "perimeter_wkt": shapely.to_wkt(shape, rounding_precision=9)}
            rows.append(common | feature.values | own)
    _write(path, LAND_COLUMNS, rows)


def write_lots(path: Path, facts: JobFacts, products: Sequence[Feature]) -> None:
    """Write one row per lot."""
    _write(path, LOT_COLUMNS, [row.values | tags(facts, row.layer) for row in products if row.layer == "processed"])


def write_points(path: Path, facts: JobFacts, products: Sequence[Feature]) -> None:
    """Write named points and events."""
    rows: list[dict[str, Any]] = []
    for feature in products:
        if feature.geometry.geom_type == "Point":
            point_m = (feature.geometry.x, feature.geometry.y)
            lon, lat = facts.plan.datum.lonlat_from_enu_array([point_m])[0].tolist()
            place = {"lon_deg": f"{lon:.9f}", "lat_deg": f"{lat:.9f}", "east_m": point_m[0], "north_m": point_m[1]}
            rows.append(tags(facts, feature.layer) | feature.values | place)
    _write(path, POINT_COLUMNS, rows)


def _write(path: Path, columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", restval="")
        writer.writeheader()
        for row in rows:
            writer.writerow({name: cell(value) for name, value in row.items()})


def cell(value: Any) -> Any:
    """Return a number with four decimals, or a text; one that a spreadsheet would take for a formula is quoted."""
    if isinstance(value, float):
        return f"{value:.4f}"
    if not isinstance(value, str) or value[:1] not in FORMULA:
        return value
    return value if value[0] in "+-" and _is_number(value) else f"'{value}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
