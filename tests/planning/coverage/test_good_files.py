"""Unusual but plain good files are accepted, and the ground is what is drawn: no safety word is heard where none is."""

import numpy as np
import pyogrio
import pytest
import shapely

from tests.planning.coverage.support import document, feature, ring_lonlat, saved
from vehicle.planning.site.site import load_site

FIELD = [(-20, -15), (22, -13), (19, 16), (-21, 14)]
POST = [(-3, -4), (2, -3), (1, 3), (-4, 2)]
NEXT = [(x + 60, y) for x, y in FIELD]
NAMES = """Field 7|Untitled Polygon|Boundary|Polygon 1|North paddock|Grass|Ackerfläche 12|поле 3|حقل|地块一|Block A-3|
Area 51|
parcel_0042|LV-2021/33|AOI|outline|area of interest|New Shape|Lot 12 (2024)|Sektor B|House field|Pond meadow|Wellington|
Stonewall farm|Church Farm|Rivers Edge Farm|Mill Hill Paddock|Treetops|Rockfield|Hedgehog Meadow|
Long strip by the river|
Field next to house|Orchard behind the barn|Barley 2023|North 40|B12|7|a|Working copy|Workspace|task 12|Site 4|Zone B|
Mission 1|test site|Drawing 1|Layer 1|Survey polygon|SHA 12|CHA-3|Suspected Hazardous Area 7|Minefield 12|work area|
Work-Area 2|Task area 9|mined area|DA 14|Gate field|Safe Haven Farm|Accessible field|Marker Farm|Slopeside|Basefield|
Keeping Farm|Key field|Keeper's field|Excelsior|Exchange field|Obsidian field|Forbes field|Nogales|Noyes|Ranger field|
Field (updated 2024-05-01)|Field - copy|Field: north|1.5 ha|Müller|O'Brien|C&A|<b>Field</b>|field no 4|No. 4|
Field without trees|bg_arable_1p5ha_4holes|Perimeter""".replace("\n", "").split("|")
PROPERTIES = [
    {}, {"area_ha": 1.4, "holes": 4}, {"holes": 1}, {"id": 3}, {"crop": "wheat"}, {"landuse": "farmland"},
    {"owner": "House"}, {"village": "Church"}, {"source": "keepout survey"}, {"created": "2024-01-01"},
    {"stroke": "#f00", "fill": "#0f0"}, {"note": "Do not forget the key, ask at the mill"},
    {"description": "Field of the mill; soil is sandy, a few stones."}, {"type": "field"}, {"type": "Polygon"},
    {"class": 3},
    {"building": "no"}, {"obstacle": False}, {"keepout": None}, {"keepouts": []}, {"remarks": ""},
    {"tags": {"landuse": "meadow"}}, {"OBJECTID": 1, "Shape_Area": 12.3}, {"outside": "safe"}, {"Tripwires": "none"},
    {"Required_Depth_m": 0.15}, {"status": "open"}, {"priority": "high"}, {"region": "Lake District"},
    {"soil": "marsh soil"}, {"fid": 7, "gml_id": "x.1"}, {"visible": True}, {"house_number": 4},
    {"building_area": 120.0},
    {"comment": "ploughed in May, no stones"}, {"slope": 3}, {"slope_deg": 2.0}, {"water_content": 0.3},
    {"tree_cover": 0.0}, {"distance_to_water": 120}, {"access_road": "yes"}, {"operator": "ACME"}, {"marker": "o"},
    {"marker-color": "#fff", "marker-symbol": "circle"}, {"hazard": "low"}, {"danger": "no"}, {"danger": "high"},
    {"risk": "unknown"}, {"centroid": {"type": "Point", "coordinates": [46.9, 40.0]}}, {"list": [1, 2, "a"]},
]  # fmt: skip
KML = '<?xml version="1.0"?><kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>{name}</name>{rows}</Document></kml>'


def polygon_of(*rings, **properties):
    row = feature("", *[ring_lonlat(ring) for ring in rings])
    return {**row, "properties": properties}


def accepted(path, *shapes):
    """The work is what is drawn: shells less holes."""
    site = load_site(path, "safe")
    wanted_m2 = sum(shapely.Polygon(rings[0], rings[1:]).area for rings in shapes)
    assert site.work_area.difference(site.keep_out).area == pytest.approx(wanted_m2, rel=1e-4)
    return site


@pytest.mark.parametrize("name", NAMES)
def test_a_field_with_any_ordinary_name_is_a_field(tmp_path, name):
    accepted(saved(tmp_path, document(polygon_of(FIELD, POST, name=name))), [FIELD, POST])
    if "holes" not in name and name != "Perimeter":  # a count of holes beside another polygon is asked about
        two = document(polygon_of(FIELD, POST, name=name), polygon_of(NEXT, Name=f"{name} B"))
        accepted(saved(tmp_path, two, "two.geojson"), [FIELD, POST], [NEXT])
    text = name.replace("&", "&amp;").replace("<", "&lt;")
    rings = ["".join(f"{lon!r},{lat!r},0 " for lon, lat in ring_lonlat(points)) for points in (FIELD, POST)]
    outer, inner = (f"<LinearRing><coordinates>{ring}</coordinates></LinearRing>" for ring in rings)
    shape = f"<outerBoundaryIs>{outer}</outerBoundaryIs><innerBoundaryIs>{inner}</innerBoundaryIs>"
    rows = f"<Folder><name>Site</name><Placemark><name>{text}</name><Polygon>{shape}</Polygon></Placemark></Folder>"
    accepted(saved(tmp_path, KML.format(name="Field and keep-outs.kml", rows=rows), "a.kml"), [FIELD, POST])


@pytest.mark.parametrize("properties", PROPERTIES, ids=str)
def test_a_field_with_any_ordinary_fields_is_a_field(tmp_path, properties):
    accepted(saved(tmp_path, document(polygon_of(FIELD, POST, **properties))), [FIELD, POST])
    told = polygon_of(FIELD, POST, **properties, role="work_area")
    accepted(saved(tmp_path, document(told), "told.geojson"), [FIELD, POST])


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "fgb"])
@pytest.mark.parametrize("name", ["parcels", "Fields 2024", "work_area", "Schlag", "layer1"])
def test_gis_layers_with_ordinary_names_and_fields(tmp_path, suffix, name):
    shapes = np.array([shapely.Polygon(ring_lonlat(FIELD), [ring_lonlat(POST)]), shapely.Polygon(ring_lonlat(NEXT))])
    path = tmp_path / f"{name}.{suffix}"
    pyogrio.raw.write(
        path,
        shapely.to_wkb(shapes),
        [np.array(["Mill field", "B 12"], dtype=object), np.array([1.0, 2.0])],
        ["NAME", "holes"],
        geometry_type="Polygon",
        crs="EPSG:4326",
        driver={"gpkg": "GPKG", "shp": "ESRI Shapefile", "fgb": "FlatGeobuf"}[suffix],
        layer=name,
    )
    accepted(path, [FIELD, POST], [NEXT])


@pytest.mark.parametrize("suffix", ["gpkg", "shp", "fgb"])
@pytest.mark.parametrize("word", ["Keepout", "NO-GO 2", "House", "exclusion zone", "pond"])
@pytest.mark.parametrize("field", ["ROLE", "name", "TYP", "Nutzung"])
def test_gis_fields_that_say_keep_out(tmp_path, suffix, word, field):
    shapes = np.array([shapely.Polygon(ring_lonlat(FIELD)), shapely.Polygon(ring_lonlat(POST))])
    path = tmp_path / f"ground.{suffix}"
    pyogrio.raw.write(
        path,
        shapely.to_wkb(shapes),
        [np.array([None, word], dtype=object)],
        [field],
        geometry_type="Polygon",
        crs="EPSG:4326",
        driver={"gpkg": "GPKG", "shp": "ESRI Shapefile", "fgb": "FlatGeobuf"}[suffix],
    )
    site = load_site(path, "safe")
    assert site.keep_out.area == pytest.approx(shapely.Polygon(POST).area, rel=1e-4)


def test_layers_of_a_geopackage_that_say_keep_out(tmp_path):
    path = tmp_path / "a.gpkg"
    for points, layer in ((FIELD, "field 7"), (POST, "Keep-Outs 2024")):
        pyogrio.raw.write(
            path,
            shapely.to_wkb(np.array([shapely.Polygon(ring_lonlat(points))])),
            [np.array(["7"], dtype=object)],
            ["label"],
            geometry_type="Polygon",
            crs="EPSG:4326",
            driver="GPKG",
            layer=layer,
            append=path.exists(),
        )
    assert load_site(path, "safe").keep_out.area == pytest.approx(shapely.Polygon(POST).area, rel=1e-4)
