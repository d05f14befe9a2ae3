"""A scene as a file of each format that a site may come in; written by hand or by GDAL, not by the product."""

import json
import math
import warnings
import zipfile
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pyogrio
import pyproj
import shapely

from tests.planning.site_files.scene import Area, Ring, Scene

A_M, E2 = 6378137.0, 6.69437999014e-3
FORMATS = ("geojson", "geojson_utm", "kml", "kmz", "gpkg", "shp", "fgb", "plan")


def degrees(scene: Scene, ring: Ring) -> list[list[float]]:
    """Metres about the scene's origin to [lon, lat], by the radii of curvature there; good to 1 mm within 100 m."""
    lat = math.radians(scene.lat_deg)
    w2 = 1.0 - E2 * math.sin(lat) ** 2
    north_m, east_m = A_M * (1.0 - E2) / w2**1.5, A_M / math.sqrt(w2) * math.cos(lat)
    return [[scene.lon_deg + math.degrees(x / east_m), scene.lat_deg + math.degrees(y / north_m)] for x, y in ring]


def closed(scene: Scene, ring: Ring) -> list[list[float]]:
    """The ring with its first corner again at the end."""
    corners = degrees(scene, ring)
    return [*corners, corners[0]]


def write(scene: Scene, format_: str, folder: Path) -> Path:
    """The file; formats of layers put each folder name in a layer of its own."""
    stem = folder / f"site_{scene.seed}"
    if format_ == "geojson":
        return _text(stem.with_suffix(".geojson"), json.dumps(_geojson(scene)))
    if format_ == "geojson_utm":
        return _projected(scene, stem.with_suffix(".geojson"))
    if format_ == "kml":
        return _text(stem.with_suffix(".kml"), _kml(scene))
    if format_ == "kmz":
        path = stem.with_suffix(".kmz")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("doc.kml", _kml(scene))
        return path
    if format_ == "plan":
        return _text(stem.with_suffix(".plan"), json.dumps(_plan(scene)))
    return _layers(scene, format_, stem)


def _text(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# --- GeoJSON ---------------------------------------------------------------------------------------------------------
def _geometry(scene: Scene, area: Area) -> dict[str, Any]:
    polygons = [[closed(scene, ring) for ring in part] for part in area.parts]
    if area.shape == "closed_line":
        return {"type": "LineString", "coordinates": polygons[0][0]}
    if area.shape == "multi":
        return {"type": "MultiPolygon", "coordinates": polygons}
    if area.shape == "collection":
        parts = [{"type": "Polygon", "coordinates": rings} for rings in polygons]
        return {"type": "GeometryCollection", "geometries": parts}
    return {"type": "Polygon", "coordinates": polygons[0]}


def _properties(area: Area) -> dict[str, Any]:
    """A folder does not exist in GeoJSON: what would be its name is the feature's."""
    if area.word is None:
        return {}
    return {"name" if area.told_in == "folder" else area.told_in: area.word}


def _geojson(scene: Scene) -> dict[str, Any]:
    features = [
        {"type": "Feature", "properties": _properties(area), "geometry": _geometry(scene, area)} for area in scene.areas
    ]
    return {"type": "FeatureCollection", "features": features}


def _projected(scene: Scene, path: Path) -> Path:
    zone = int((scene.lon_deg + 180.0) // 6.0) + 1
    epsg = (32600 if scene.lat_deg >= 0.0 else 32700) + zone
    project = pyproj.Transformer.from_crs("EPSG:4326", f"EPSG:{epsg}", always_xy=True)
    document = _geojson(scene)
    for row in document["features"]:
        shape = shapely.from_geojson(json.dumps(row["geometry"]))
        moved = shapely.transform(shape, lambda xy: np.column_stack(project.transform(xy[:, 0], xy[:, 1])))
        row["geometry"] = json.loads(shapely.to_geojson(moved))
    document["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:EPSG::{epsg}"}}
    return _text(path, json.dumps(document))


# --- KML -------------------------------------------------------------------------------------------------------------
def _kml(scene: Scene) -> str:
    rows = []
    for area in scene.areas:
        mark = _placemark(scene, area)
        if area.told_in == "folder" and area.word is not None:
            mark = f"<Folder><name>{escape(area.word)}</name><Folder><name>2026</name>{mark}</Folder></Folder>"
        rows.append(mark)
    head = '<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{head}<Document>{"".join(rows)}</Document></kml>'


def _placemark(scene: Scene, area: Area) -> str:
    name, data = "", ""
    if area.word is not None and area.told_in == "name":
        name = f"<name>{escape(area.word)}</name>"
    elif area.word is not None and area.told_in == "description":
        name = f"<description>{escape(area.word)}</description>"
    elif area.word is not None and area.told_in != "folder":
        value = f"<value>{escape(area.word)}</value>"
        data = f"<ExtendedData><Data name={quoteattr(area.told_in)}>{value}</Data></ExtendedData>"
    return f"<Placemark>{name}{data}{_kml_shape(scene, area)}</Placemark>"


def _coordinates(scene: Scene, ring: Ring) -> str:
    return f"<coordinates>{' '.join(f'{lon!r},{lat!r},0' for lon, lat in closed(scene, ring))}</coordinates>"


def _kml_polygon(scene: Scene, part: list[Ring], *, one: bool = False) -> str:
    rings = [f"<LinearRing>{_coordinates(scene, ring)}</LinearRing>" for ring in part]
    inner = [f"<innerBoundaryIs>{ring}</innerBoundaryIs>" for ring in ([("".join(rings[1:]))] if one else rings[1:])]
    return f"<Polygon><outerBoundaryIs>{rings[0]}</outerBoundaryIs>{''.join(inner if part[1:] else [])}</Polygon>"


def _kml_shape(scene: Scene, area: Area) -> str:
    ring = area.parts[0][0]
    if area.shape == "closed_line":
        return f"<LineString>{_coordinates(scene, ring)}</LineString>"
    if area.shape == "ring":
        return f"<LinearRing>{_coordinates(scene, ring)}</LinearRing>"
    if area.shape == "track":
        steps = [f"<gx:coord>{lon!r} {lat!r} 0</gx:coord>" for lon, lat in closed(scene, ring)]
        whens = [f"<when>2020-01-01T00:00:{k:02d}Z</when>" for k in range(len(steps))]
        return f"<gx:Track>{''.join(whens)}{''.join(steps)}</gx:Track>"
    polygons = [_kml_polygon(scene, part, one=area.shape == "rings_in_one") for part in area.parts]
    return polygons[0] if len(polygons) == 1 else f"<MultiGeometry>{''.join(polygons)}</MultiGeometry>"


# --- layers through GDAL ---------------------------------------------------------------------------------------------
def _layers(scene: Scene, format_: str, stem: Path) -> Path:
    """GeoPackage: a layer for each folder; Shapefile and FlatGeobuf know one layer, a folder becomes the name."""
    driver = {"gpkg": "GPKG", "shp": "ESRI Shapefile", "fgb": "FlatGeobuf"}[format_]
    path = stem.with_suffix(f".{format_}")
    path.unlink(missing_ok=True)
    groups: dict[str, list[Area]] = {}
    for area in scene.areas:
        own = format_ == "gpkg" and area.told_in == "folder" and area.word is not None
        name = str(area.word).strip() if own else "site"
        name = next((known for known in groups if known.lower() == name.lower()), name)  # as GDAL has it
        groups.setdefault(name, []).append(area)
    for layer, areas in groups.items():
        names = ["role"]
        for area in areas:
            for key in _properties(area):
                if key.lower() not in [name.lower() for name in names]:
                    names.append(key)
        shapes = [shapely.from_geojson(json.dumps(_geometry(scene, area))) for area in areas]
        many = np.array([shapely.multipolygons([s]) if s.geom_type == "Polygon" else s for s in shapes])
        said = [{k.lower(): v for k, v in ({} if layer != "site" else _properties(a)).items()} for a in areas]
        columns = [np.array([row.get(name.lower()) for row in said], dtype=object) for name in names]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL remarks on field names that a Shapefile shortens
            options = {"layer": layer, "append": path.exists()} if format_ == "gpkg" else {}
            pyogrio.raw.write(
                path, shapely.to_wkb(many), columns, np.array(names, dtype=object), geometry_type="MultiPolygon",
                crs="EPSG:4326", driver=driver, **options,
            )  # fmt: skip
    return path


# --- QGroundControl --------------------------------------------------------------------------------------------------
def _plan(scene: Scene) -> dict[str, Any]:
    """Surveys; fences keep out. A hole of the field becomes an exclusion polygon, which is how a plan says it."""
    surveys, polygons, circles = [], [], []
    for area in scene.areas:
        flipped = [[[lat, lon] for lon, lat in degrees(scene, ring)] for ring in area.parts[0]]
        if area.told_in != "fence":
            surveys.append({"type": "ComplexItem", "complexItemType": "survey", "version": 5, "polygon": flipped[0]})
            polygons += [{"inclusion": False, "version": 1, "polygon": ring} for ring in flipped[1:]]
        elif area.shape == "circle":
            ring = area.parts[0][0]
            east, north = sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)
            lon, lat = degrees(scene, [(east, north)])[0]
            circle = {"center": [lat, lon], "radius": math.dist(ring[0], (east, north))}
            circles.append({"inclusion": False, "version": 1, "circle": circle})
        else:
            polygons.append({"inclusion": False, "version": 1, "polygon": flipped[0]})
    return {
        "fileType": "Plan",
        "version": 1,
        "groundStation": "QGroundControl",
        "mission": {"version": 2, "items": surveys},
        "geoFence": {"version": 2, "polygons": polygons, "circles": circles},
        "rallyPoints": {"version": 2, "points": []},
    }
