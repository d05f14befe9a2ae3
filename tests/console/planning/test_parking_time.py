"""The time to the parking: of a way that was planned, never of a straight line."""

import json
from typing import Any

import pytest

from console.server.planning.parking_time import ParkingWay, parking_time_s, way_found

WAY = ParkingWay(plan_hash="ab", time_s=480.0, place=(10.0, 20.0), vehicle="m")


@pytest.mark.parametrize(
    ("way", "vehicle", "plan_hash", "place", "time_s"),
    [
        (None, "m", "ab", (10.0, 20.0), None),
        (WAY, "m", "cd", (10.0, 20.0), 480.0),
        (WAY, "m", None, (10.0, 40.0), 480.0),
        (WAY, "m", "cd", (10.0, 40.1), None),
        (WAY, "m", "cd", None, None),
        (WAY, "other", "cd", (10.0, 20.0), None),
        (WAY, "m", "ab", (500.0, 20.0), 130.0),
        (WAY, "m", "ab", None, 130.0),
    ],
)
def test_only_a_way_from_here_has_a_time(
    way: ParkingWay | None, vehicle: str, plan_hash: str | None, place: tuple[float, float] | None, time_s: float | None
) -> None:
    assert parking_time_s(way, vehicle, plan_hash, 130.0, place) == time_s


@pytest.mark.parametrize(
    ("asked", "answer", "found"),
    [
        ({"to": "parking", "pose": [10.0, 20.0, 0.5]}, {"hash": "ab", "time_s": 480.0}, WAY),
        ({"to": "work", "pose": [10.0, 20.0, 0.5]}, {"hash": "ab", "time_s": 480.0}, None),
        ({"to": "parking", "pose": [10.0, 20.0, 0.5]}, {"hash": "ab"}, None),
        ({"site": {}}, {"hash": "ab", "time_s": 480.0}, None),
    ],
)
def test_a_finished_job_is_remembered_if_it_leads_to_the_parking(
    asked: dict[str, Any], answer: dict[str, Any], found: ParkingWay | None
) -> None:
    assert way_found("m", asked, json.dumps(answer).encode()) == found
