import math
from typing import Any

import numpy as np
import pytest
import simplejpeg

from sim.camera import CAMERAS, FRONT, HEIGHT, REAR, WIDTH, Painter, Scene, Seen, _body_axes
from sim.camera_ground import Kind

pytestmark = pytest.mark.long

WORK = ((-10.0, -20.0), (40.0, -20.0), (40.0, 20.0), (-10.0, 20.0), (-10.0, -20.0))
KEPT = ((9.5, 0.5), (10.5, 0.5), (10.5, 1.5), (9.5, 1.5), (9.5, 0.5))


def scene(**changes) -> Scene:
    rest: dict[str, Any] = {"grade": (0.0, 0.0), "tool_width_m": 1.7, "tool_ahead_m": 2.2, "tip_radius_m": 0.5}
    return Scene(work_m=(WORK,), keep_outs_m=(KEPT,), **(rest | changes))


def seen(**changes) -> Seen:
    east, yaw = changes.get("east_m", 0.0), changes.get("yaw_rad", 0.0)
    ahead = (east + 2.2 * math.cos(yaw), 2.2 * math.sin(yaw))
    side = (-0.85 * math.sin(yaw), 0.85 * math.cos(yaw))
    tool = ((ahead[0] + side[0], ahead[1] + side[1]), (ahead[0] - side[0], ahead[1] - side[1]))
    rest: dict[str, Any] = {
        "t_us": 0, "east_m": 0.0, "north_m": 0.0, "yaw_rad": 0.0, "pitch_rad": 0.0, "roll_rad": 0.0, "speed_mps": 0.0,
        "tool_height_m": 0.6, "depth_m": -0.6, "rotor_radps": 0.0, "tool_m": tool,
    }  # fmt: skip
    return Seen(**(rest | changes))


@pytest.fixture(scope="module")
def painter() -> Painter:
    return Painter(scene())


def test_ground_is_worked_where_the_rotor_turned_in_the_soil_and_nowhere_else():
    painter = Painter(scene())

    def drive(first_m: float, **changes) -> None:
        for step in range(20):
            painter.note(seen(t_us=80_000 * step, east_m=first_m + 0.1 * step, **changes))

    drive(0.0, depth_m=0.15, rotor_radps=60.0)
    drive(10.0, depth_m=0.15, rotor_radps=0.0)
    drive(15.0, depth_m=-0.3, rotor_radps=60.0)
    kinds = [painter.ground.kind_at(east_m, 0.0) for east_m in (3.0, 13.0, 18.0)]
    assert kinds == [Kind.WORKED, Kind.FIELD, Kind.FIELD]
    assert painter.ground.kind_at(3.0, 0.8) is Kind.WORKED
    assert painter.ground.kind_at(3.0, 0.95) is Kind.FIELD


@pytest.mark.parametrize(
    ("attitude", "grade"),
    [
        ({}, (0.0, 0.0)),
        ({"pitch_rad": 0.08, "roll_rad": -0.1}, (0.0, 0.0)),
        ({"pitch_rad": -math.atan(0.1)}, (0.1, 0.0)),
        ({"yaw_rad": 0.2, "roll_rad": 0.05}, (0.0, 0.03)),
    ],
)
def test_the_ground_lies_where_the_cameras_matrix_says(attitude, grade):
    """The page draws the tool's edges by the same matrix: they must lie on the ground that is shown."""
    painter, state = Painter(scene(grade=grade)), seen(**attitude)
    view_axes = np.array(_body_axes(state))
    image = painter.draw(FRONT, state)
    for east, north, kept in [(10.0, 1.0, True), (10.0, 1.3, True), (10.0, 0.2, False), (8.9, 1.0, False)]:
        body = view_axes @ np.array([east, north, grade[0] * east + grade[1] * north])
        place = FRONT.pixel(*body)
        assert place is not None
        column, row = place
        red = int(image[round(row), round(column)]) & 0xFF
        assert (red < 110) is kept, (east, north, red)


def test_the_horizon_tilts_with_the_machine(painter):
    def blue_ends(roll_rad: float) -> tuple[int, int]:
        sky = painter.draw(FRONT, seen(roll_rad=roll_rad)) >> np.uint32(16) & np.uint32(0xFF)
        left, right = (int((sky[:, column] > 195).sum()) for column in (20, WIDTH - 20))
        return left, right

    left, right = blue_ends(0.15)  # right side down: the horizon comes up on the right
    assert left > right + 40
    left, right = blue_ends(-0.15)
    assert right > left + 40


def test_the_horizon_sinks_when_the_nose_goes_up(painter):
    def sky_rows(pitch_rad: float) -> int:
        sky = painter.draw(FRONT, seen(pitch_rad=pitch_rad)) >> np.uint32(16) & np.uint32(0xFF)
        return int((sky[:, WIDTH // 2] > 195).sum())

    assert sky_rows(-0.1) > sky_rows(0.0) + 20


def test_a_rotor_that_turns_looks_different_from_one_that_stands():
    painter = Painter(scene())

    def pictures(rotor_radps: float) -> list[bytes]:
        found = []
        for step in range(3):
            state = seen(t_us=80_000 * step, rotor_radps=rotor_radps)
            painter.note(state)
            found.append(painter.draw(FRONT, state).tobytes())
        return found

    standing, turning = pictures(0.0), pictures(60.0)
    assert len(set(standing)) == 1
    assert len(set(turning)) == 3


def test_each_camera_gives_a_picture_of_its_size(painter):
    for camera in CAMERAS:
        assert simplejpeg.decode_jpeg(painter.jpeg(camera, seen())).shape == (HEIGHT, WIDTH, 3)


def test_the_rear_camera_looks_back():
    assert FRONT.pixel(5.0, 0.0, 0.0) is not None
    assert FRONT.pixel(-5.0, 0.0, 0.0) is None
    assert REAR.pixel(-5.0, 0.0, 0.0) is not None
    place = REAR.pixel(-5.0, 1.0, 0.0)
    assert place is not None
    column, _ = place
    assert column > WIDTH / 2  # left of the machine is right in a picture that looks back


def test_far_slopes_and_steep_noses_break_nothing(painter):
    for pitch_rad in (-1.2, -0.6, 0.6, 1.2):
        assert painter.draw(FRONT, seen(pitch_rad=pitch_rad)).shape == (HEIGHT, WIDTH)
