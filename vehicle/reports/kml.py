"""KML 2.2 and KMZ with a style for each layer, for Google Earth and field tablets; standard library only."""

import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import shapely

from vehicle.reports.about import job_values, tags
from vehicle.reports.degrees import DIGITS, in_degrees, rounded
from vehicle.reports.facts import STATEMENT, JobFacts
from vehicle.reports.layer_styles import LOOKS, Look, abgr
from vehicle.reports.products import FINE, Feature, described

NAMESPACE: Final = "http://www.opengis.net/kml/2.2"
PIXELS_A_MM: Final = 4.0
ZIP_TIME: Final = (1980, 1, 1, 0, 0, 0)
"""The earliest time of the zip format, so that the same job gives the same bytes."""
HIDDEN: Final = ("planned_swaths",)
"""Layers that are hidden until the user shows them."""


def write_kml(kml: Path, kmz: Path, facts: JobFacts, products: Sequence[Feature]) -> None:
    """Write one document twice: as KML, and zipped as KMZ."""
    content = document(facts, products)
    kml.write_bytes(content)
    with zipfile.ZipFile(kmz, "w") as archive:
        member = zipfile.ZipInfo("doc.kml", ZIP_TIME)
        member.compress_type = zipfile.ZIP_DEFLATED
        archive.writestr(member, content)


def document(facts: JobFacts, products: Sequence[Feature]) -> bytes:
    """Return the KML document with a folder for each layer."""
    root = ET.Element("kml", xmlns=NAMESPACE)
    whole = ET.SubElement(root, "Document")
    ET.SubElement(whole, "name").text = f"Processed ground: {facts.site.name or 'unnamed site'}"
    words = [STATEMENT, *(f"{name}: {value}" for name, value in job_values(facts).items() if name != "statement")]
    ET.SubElement(whole, "description").text = "\n".join(words)
    layers: dict[str, list[Feature]] = {}
    for feature in products:
        if feature.layer not in FINE:
            layers.setdefault(feature.layer, []).append(feature)
    for layer in layers:
        for style, look, colour in _styles(layer):
            _style(whole, style, look, colour)
    for layer, rows in layers.items():
        folder = ET.SubElement(whole, "Folder")
        ET.SubElement(folder, "name").text = layer.replace("_", " ")
        if layer in HIDDEN:
            ET.SubElement(folder, "visibility").text = "0"
        ET.SubElement(folder, "description").text = described(layer)
        for number, feature in enumerate(rows, start=1):
            _placemark(folder, facts, feature, number)
    ET.indent(root, " ")
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _styles(layer: str) -> Iterator[tuple[str, Look, str]]:
    """Return (id, look, fill) of a layer, and of each value with its own colour."""
    look = LOOKS[layer]
    yield layer, look, look.fill
    for number, (_, colour, _) in enumerate(look.values):
        yield f"{layer}-{number}", look, colour


def _style(parent: ET.Element, name: str, look: Look, colour: str) -> None:
    style = ET.SubElement(parent, "Style", id=name)
    icon = ET.SubElement(style, "IconStyle")
    ET.SubElement(icon, "color").text = abgr(look.fill or look.line)
    ET.SubElement(icon, "scale").text = "0.8"
    line = ET.SubElement(style, "LineStyle")
    ET.SubElement(line, "color").text = abgr(look.line)
    ET.SubElement(line, "width").text = f"{look.width_mm * PIXELS_A_MM:.1f}"
    area = ET.SubElement(style, "PolyStyle")
    ET.SubElement(area, "color").text = abgr(colour or look.line, (look.alpha if colour else 0.3) * 0.8)


def _style_of(feature: Feature) -> str:
    look = LOOKS[feature.layer]
    values = [value for value, _, _ in look.values]
    value = feature.values.get(look.by)
    return f"{feature.layer}-{values.index(str(value))}" if value in values else feature.layer


def _placemark(folder: ET.Element, facts: JobFacts, feature: Feature, number: int) -> None:
    mark = ET.SubElement(folder, "Placemark")
    values = feature.values
    ET.SubElement(mark, "name").text = str(values.get("name") or values.get("lot") or values.get("depth") or number)
    ET.SubElement(mark, "styleUrl").text = f"#{_style_of(feature)}"
    data = ET.SubElement(mark, "ExtendedData")
    for name, value in (values | tags(facts, feature.layer)).items():
        if value not in ("", None):
            row = ET.SubElement(data, "Data", name=name)
            ET.SubElement(row, "value").text = f"{value:.3f}" if isinstance(value, float) else str(value)
    _geometry(mark, rounded(in_degrees(feature.geometry, facts.plan.datum)))


def _geometry(parent: ET.Element, shape: Any) -> None:
    if shape.geom_type == "MultiPolygon":
        parts = shapely.get_parts(shape)
        holder = ET.SubElement(parent, "MultiGeometry") if len(parts) > 1 else parent
        for part in parts:
            polygon = ET.SubElement(holder, "Polygon")
            for name, ring in (("outerBoundaryIs", part.exterior), *(("innerBoundaryIs", r) for r in part.interiors)):
                _coordinates(ET.SubElement(ET.SubElement(polygon, name), "LinearRing"), ring)
        return
    kind = "Point" if shape.geom_type == "Point" else "LineString"
    holder = ET.SubElement(parent, kind)
    if kind == "LineString":
        ET.SubElement(holder, "tessellate").text = "1"
    _coordinates(holder, shape)


def _coordinates(parent: ET.Element, shape: Any) -> None:
    points = shapely.get_coordinates(shape).tolist()
    digits = DIGITS if all(round(c, DIGITS) == c for point in points for c in point) else 12
    ET.SubElement(parent, "coordinates").text = " ".join(f"{x:.{digits}f},{y:.{digits}f}" for x, y in points)
