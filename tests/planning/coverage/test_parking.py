"""Parking points: read with their heading, on safe ground with room for the machine, else refused with one line."""

import json
import math
from pathlib import Path

import pytest

from tests.planning.coverage.support import BENCH, document, feature, ring_lonlat, saved
from vehicle.contracts.errors import InputError
from vehicle.contracts.frames import LocalFrame
from vehicle.planning.coverage.parking import parking_points
from vehicle.planning.coverage.planner import plan_site
from vehicle.planning.files.export import summary_of
from vehicle.planning.files.picture import draw_plan
from vehicle.planning.site.site import Site, load_site

FIELD = [(0, 0), (12, 0), (12, 10), (0, 10)]
BAY = [(-3, -20), (-0.4, -20), (-0.4, -6), (-3, -6)]
"""As wide as the tool and 0.6 m: a machine drives in, and cannot turn there."""
SAFE = [(-8, -8), (20, -8), (20, 0), (-8, 0)]
POND = [(14, -6), (16, -6), (16, -4), (14, -4)]


def parking(east_m: float, north_m: float, **properties):
    at = ring_lonlat([(east_m, north_m)])[0]
    return {
        "type": "Feature",
        "properties": {"role": "parking", **properties},
        "geometry": {"type": "Point", "coordinates": at},
    }


def site_with(folder: Path, *marks, outside: str = "unknown") -> Site:
    doc = document(
        feature("work_area", ring_lonlat(FIELD)),
        feature("safe_ground", ring_lonlat(SAFE)),
        feature("safe_ground", ring_lonlat(BAY)),
        feature("keep_out", ring_lonlat(POND)),
        *marks,
        outside=outside,
    )
    return load_site(saved(folder, doc), datum=LocalFrame(39.99, 46.93))


@pytest.mark.draws
def test_a_point_with_and_without_a_heading(tmp_path: Path) -> None:
    site = site_with(tmp_path, parking(4, -4), parking(-1.7, -14, heading_deg="180"))
    free, bay = parking_points(site)
    assert (free.east_m, free.north_m) == pytest.approx((4.0, -4.0), abs=1e-3)
    assert free.yaw_rad is None
    assert bay.yaw_rad == pytest.approx(-0.5 * math.pi)  # south, anticlockwise from east
    plan = plan_site(site, BENCH)
    assert [row["role"] for row in summary_of(plan, site)["marks"]] == ["parking", "parking"]
    draw_plan(plan, site, tmp_path / "plan.png")


def test_place_and_heading_belong_to_the_site(tmp_path: Path) -> None:
    marks = ((), (parking(4, -4),), (parking(4, -4, heading_deg=90),), (parking(4, -4, heading_deg=91),))
    hashes = [site_with(tmp_path, *row).site_hash for row in marks]
    assert len(set(hashes)) == len(hashes)


@pytest.mark.parametrize(
    ("mark", "outside", "refusal"),
    [
        (parking(5, 5), "safe", "is not on safe ground"),
        (parking(15, -5), "safe", "is not on safe ground"),
        (parking(40, 5), "unknown", "is not on safe ground"),
        (parking(-1.7, -14), "unknown", "2.2 m of safe ground are needed all round it"),
        (parking(-1.7, -14, heading_deg=90), "unknown", "no room for the machine in its heading"),
        (parking(17.5, -5, heading_deg=270), "safe", "no room for the machine in its heading"),
        (parking(5_000, -4), "safe", "check its coordinates"),
    ],
)
def test_a_point_without_room_is_refused(tmp_path: Path, mark, outside: str, refusal: str) -> None:
    site = site_with(tmp_path, mark, outside=outside)
    with pytest.raises(InputError, match=refusal) as refused:
        plan_site(site, BENCH)
    assert "feature 4: the parking point" in str(refused.value)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"heading_deg": "north"}, "heading_deg is 'north'"),
        ({"heading_deg": 400}, "heading_deg is 400"),
        ({"heading_deg": True}, "heading_deg is True"),
        ({"heading": 90}, "its field 'heading' is not read"),
    ],
)
def test_a_heading_that_cannot_be_read_is_refused(tmp_path: Path, fields, refusal: str) -> None:
    with pytest.raises(InputError, match=refusal):
        site_with(tmp_path, parking(4, -4, **fields))


def test_a_placemark_is_a_parking_point_by_its_name(tmp_path: Path) -> None:
    ring = " ".join(f"{lon},{lat}" for lon, lat in ring_lonlat(FIELD))
    (lon, lat) = ring_lonlat([(4, -4)])[0]
    path = tmp_path / "site.kml"
    path.write_text(
        '<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        "<Placemark><name>Work area</name><Polygon><outerBoundaryIs><LinearRing><coordinates>"
        f"{ring}</coordinates></LinearRing></outerBoundaryIs></Polygon></Placemark>"
        "<Placemark><name>Parking bay 1</name><ExtendedData><Data name='heading_deg'><value>270</value></Data>"
        f"</ExtendedData><Point><coordinates>{lon},{lat}</coordinates></Point></Placemark>"
        "</Document></kml>"
    )
    (mark,) = parking_points(load_site(path, "safe"))
    assert mark.yaw_rad is not None
    assert abs(mark.yaw_rad) == pytest.approx(math.pi)
    assert json.dumps(mark.place).count("Parking bay 1") <= 1
