"""Marks of a site: where they are to a millimetre, by the vehicle's own way of reckoning, however far and high."""

from hypothesis import given
from hypothesis import strategies as st

from console.server.site_marks import marks_of
from vehicle.contracts.frames import LocalFrame

AREAS = [
    {"role": "work_area", "name": "a", "rings": [[[0, 0], [9, 0], [9, 9]]]},
    {"role": "benchmark", "name": "BM 7", "point": [10.0, 20.0]},
    {"role": "parking", "name": "p", "point": [10.0, 21.0]},
    {"role": "benchmark", "name": "", "point": [40.0, 0.0]},
]


def test_marks_are_the_benchmarks_with_a_name_each() -> None:
    marks = marks_of({"hash": "x", "datum": [40.1, 48.9, 350.0], "areas": AREAS})
    assert [(one["name"], one["point"]) for one in marks] == [("BM 7", [10.0, 20.0]), ("2", [40.0, 0.0])]


def test_without_a_site_there_are_none() -> None:
    for site in (None, {"hash": None}, {"hash": "x", "datum": [40.1, 48.9, 350.0]}):
        assert marks_of(site) == []


@given(
    east_m=st.floats(-3_000, 3_000), north_m=st.floats(-3_000, 3_000), lat_deg=st.floats(-60, 60),
    alt_m=st.floats(-100, 4_000),
)  # fmt: skip
def test_the_vehicle_finds_the_mark_where_the_site_has_it(
    east_m: float, north_m: float, lat_deg: float, alt_m: float
) -> None:
    site = {"datum": [lat_deg, 48.9, alt_m], "areas": [{"role": "benchmark", "name": "m", "point": [east_m, north_m]}]}
    (mark,) = marks_of(site)
    found = LocalFrame(lat_deg, 48.9, alt_m).enu_from_geodetic(*mark["place"])
    assert abs(found[0] - east_m) < 0.001
    assert abs(found[1] - north_m) < 0.001
