"""GeoJSON (RFC 7946): areas, lines and points in separate files, because many programs take one kind only.

    ledger.geojson, ledger_lines.geojson, ledger_points.geojson

The property `layer` names the layer. Facts of the job are in the foreign member `about`, because RFC 7946 7.1 forbids
properties in a FeatureCollection.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import shapely

from vehicle.contracts.frames import LocalFrame
from vehicle.reports.about import job_values, tags
from vehicle.reports.degrees import in_degrees, rounded
from vehicle.reports.facts import JobFacts
from vehicle.reports.products import AREAS, FINE, LINES, POINTS, Feature, described

FILES: Final = {
    "ledger.geojson": tuple(layer for layer in AREAS if layer not in FINE),
    "ledger_lines.geojson": LINES,
    "ledger_points.geojson": POINTS,
}
NUMBER_DIGITS: Final = 4


def write_geojson(folder: Path, facts: JobFacts, products: Sequence[Feature]) -> tuple[Path, ...]:
    """Write all three files, also those without a feature."""
    about = job_values(facts)
    paths = []
    for name, layers in FILES.items():
        rows = [
            feature_row(feature, facts.plan.datum, tags(facts, feature.layer))
            for feature in products
            if feature.layer in layers
        ]
        used = dict.fromkeys(row["properties"]["layer"] for row in rows)
        texts = {layer: described(layer) for layer in used}
        paths.append(folder / name)
        write_collection(paths[-1], rows, about | {"layers": texts})
    return tuple(paths)


def feature_row(feature: Feature, datum: LocalFrame, common: dict[str, str]) -> dict[str, Any]:
    """Return one GeoJSON Feature; empty texts and unknown numbers are left out."""
    values = {"layer": feature.layer, **feature.values, **common}
    known = {name: _plain(value) for name, value in values.items() if value not in ("", None)}
    shape = rounded(in_degrees(feature.geometry, datum))
    return {"type": "Feature", "properties": known, "geometry": json.loads(shapely.to_geojson(shape))}


def write_collection(path: Path, rows: list[dict[str, Any]], about: dict[str, Any]) -> None:
    """Write a FeatureCollection with one line for each feature."""
    head = json.dumps(about, ensure_ascii=False)
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    path.write_text(f'{{"type": "FeatureCollection", "about": {head}, "features": [\n{lines}\n]}}\n', encoding="utf-8")


def _plain(value: Any) -> Any:
    return round(value, NUMBER_DIGITS) if isinstance(value, float) else value
