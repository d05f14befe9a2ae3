"""What is known of a camera: its name, the size of its picture, and where a point of the machine lies in it."""

import math

import msgspec


class Camera(msgspec.Struct, frozen=True, kw_only=True):
    """`fx`, `fy`, `cx`, `cy` in pixels; `ahead_m` before and `height_m` above the body's origin on the ground.

    It looks down by `pitch_rad`; `backward`: to the rear. With the tool's width its edges are drawn into the picture.
    """

    id: int
    name: str
    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    ahead_m: float
    height_m: float
    pitch_rad: float
    backward: bool = False
    tool_width_m: float = 0.0
    tool_ahead_m: float = 0.0

    def axes(self) -> tuple[tuple[float, float, float], ...]:
        """Forward, right and down of the picture in the body's axes (ahead, left, up)."""
        sine, cosine, side = math.sin(self.pitch_rad), math.cos(self.pitch_rad), -1.0 if self.backward else 1.0
        return (side * cosine, 0.0, -sine), (0.0, -side, 0.0), (-side * sine, 0.0, -cosine)

    def pixel(self, ahead_m: float, left_m: float, up_m: float) -> tuple[float, float] | None:
        """Column and row of a point of the body's frame; None behind the lens."""
        forward, right, down = self.axes()
        point = (ahead_m - self.ahead_m, left_m, up_m - self.height_m)
        away = _dot(forward, point)
        if away < 0.05:
            return None
        return self.cx + self.fx * _dot(right, point) / away, self.cy + self.fy * _dot(down, point) / away


def _dot(a: tuple[float, float, float], b: tuple[float, float, float]) -> float:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
