"""Draws the pictures of the simulated cameras with numpy, for people to steer by; nothing is measured in them.

They show the ground in true perspective by roll, pitch and slope, the tool with its hammers, stakes, dust and sky, from
the simulated machine's true state.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
import numpy.typing as npt
import simplejpeg

from sim.camera_ground import CELL_M, MASK, SHADES, SIZE, CameraGround, Kind, Point
from sim.noise import generator
from vehicle.video.camera import Camera

Image = npt.NDArray[np.uint32]
"""(height, width) pixels as 0xXXBBGGRR: bytes R, G, B, X on a little-endian machine."""
Floats = npt.NDArray[np.float32]

WIDTH, HEIGHT = 640, 360
FRONT: Final = Camera(
    id=0, name="front", width=WIDTH, height=HEIGHT, fx=330.0, fy=330.0, cx=320.0, cy=180.0,
    ahead_m=-0.7, height_m=2.5, pitch_rad=math.radians(17.0),
)  # fmt: skip
REAR: Final = Camera(
    id=1, name="rear", width=WIDTH, height=HEIGHT, fx=330.0, fy=330.0, cx=320.0, cy=180.0,
    ahead_m=-1.7, height_m=2.3, pitch_rad=math.radians(20.0), backward=True,
)  # fmt: skip
CAMERAS: Final = (FRONT, REAR)

FAR_M: Final = 70.0
BANDS: Final = 16
"""Number of steps in which haze grows with distance."""
QUALITY: Final = 60
HAMMERS: Final = 24
STAKE_M: Final = 1.1


def _rgb(red: float, green: float, blue: float) -> int:
    r, g, b = (max(0, min(255, round(part))) for part in (red, green, blue))
    return r | g << 8 | b << 16 | 0xFF << 24


GROUND_RGB: Final = {
    Kind.FIELD: (168, 155, 112),
    Kind.OUTSIDE: (142, 148, 104),
    Kind.KEEP_OUT: (84, 92, 70),
    Kind.WORKED: (116, 92, 66),
    Kind.TRODDEN: (150, 138, 104),
}
HAZE_RGB: Final = (166, 171, 148)
STEEL, STEEL_LIGHT, STEEL_DARK = _rgb(66, 76, 90), _rgb(120, 130, 142), _rgb(38, 44, 52)
YELLOW, WHITE, RED, BOARD = _rgb(196, 154, 40), _rgb(240, 240, 236), _rgb(176, 32, 36), _rgb(36, 36, 40)
HILL = _rgb(118, 132, 104)
DUST = _rgb(203, 190, 160)


def _half(colour: Image) -> Image:
    """Return the colour with each of its four bytes halved."""
    return (colour >> np.uint32(1)) & np.uint32(0x7F7F7F7F)


_HALF_DUST: Final = np.uint32(DUST >> 1 & 0x7F7F7F7F)


class Seen(msgspec.Struct, frozen=True, array_like=True):
    """State of the machine as the cameras get it, true values in the plan's ENU metres.

    `t_us`: the vehicle's clock. `turned_rad`: angle of the rotor. `tool_m`: left and right end of the tool's axis.
    """

    t_us: int
    east_m: float
    north_m: float
    yaw_rad: float
    pitch_rad: float
    roll_rad: float
    speed_mps: float
    tool_height_m: float
    depth_m: float
    rotor_radps: float
    tool_m: tuple[Point, Point]


class Scene(msgspec.Struct, frozen=True):
    """What does not change: rings in ENU metres, slopes (rise per metre east and north), dimensions of the tool."""

    work_m: tuple[tuple[Point, ...], ...]
    keep_outs_m: tuple[tuple[Point, ...], ...]
    grade: tuple[float, float]
    tool_width_m: float
    tool_ahead_m: float
    tip_radius_m: float
    seed: int = 1


class Painter:
    """Draws a `Seen` through a camera; `note` takes every state, so that worked ground is shown later."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.ground = CameraGround(scene.work_m, scene.keep_outs_m, scene.seed)
        self._before: Seen | None = None
        self._turned_rad = 0.0
        self._ground_lut, self._sky_lut = _ground_lut(), _sky_lut()
        draw = generator(scene.seed, "camera.dust")
        self._specks: Floats = draw.random((HEIGHT, WIDTH), np.float32)
        self._hills = _hills(draw)
        rows, columns = np.arange(HEIGHT, dtype=np.float32), np.arange(WIDTH, dtype=np.float32)
        self._rays = {
            camera.id: ((columns - camera.cx) / camera.fx, ((rows - camera.cy) / camera.fy)[:, None])
            for camera in CAMERAS
        }
        self._stakes = _stakes(scene)

    def note(self, seen: Seen) -> None:
        """Update the ground by what happened since the last state."""
        before, self._before = self._before, seen
        if before is None:
            return
        self._turned_rad += seen.rotor_radps * (seen.t_us - before.t_us) / 1e6
        if min(seen.depth_m, before.depth_m) > 0.02 and seen.rotor_radps > 5.0:
            self.ground.worked(before.tool_m, seen.tool_m)

    def draw(self, camera: Camera, seen: Seen) -> Image:
        """Return the picture as pixels."""
        view = _View(camera, seen, self.scene.grade)
        image: Image = np.empty((HEIGHT, WIDTH), np.uint32)
        self._draw_ground_and_sky(image, view)
        for place in self._stakes:
            _draw_stake(image, view, place)
        if not camera.backward:
            self._draw_dust(image, view, seen)
            self._draw_tool(image, camera, seen)
        else:
            _draw_rear(image)
        return image

    def jpeg(self, camera: Camera, seen: Seen) -> bytes:
        """Return the picture as JPEG."""
        pixels = self.draw(camera, seen).view(np.uint8).reshape(HEIGHT, WIDTH, 4)
        coded: bytes = simplejpeg.encode_jpeg(
            pixels, quality=QUALITY, colorspace="RGBX", colorsubsampling="420", fastdct=True
        )
        return coded

    def _draw_ground_and_sky(self, image: Image, view: "_View") -> None:
        columns, rows = self._rays[view.camera.id]
        fall = view.fall[0] + view.fall[1] * columns + view.fall[2] * rows  # towards the ground's plane, per metre
        top = int(np.argmax((fall < 0.0).any(axis=1)))
        seen = fall[top:] < -view.above_m / FAR_M
        with np.errstate(divide="ignore", invalid="ignore"):
            away = np.where(seen, -view.above_m / fall[top:], 0.0)
        below = rows[top:]
        east = view.east_m + away * (view.rays[0][0] + view.rays[0][1] * columns + view.rays[0][2] * below)
        north = view.north_m + away * (view.rays[1][0] + view.rays[1][1] * columns + view.rays[1][2] * below)
        column, row = (np.floor(metres * (1.0 / CELL_M)).astype(np.int32) & MASK for metres in (east, north))
        cell = np.take(self.ground.cells.reshape(-1), row * SIZE + column).astype(np.uint16)
        band = np.minimum(away * (BANDS / FAR_M), BANDS - 1).astype(np.uint16)
        cell += band << 8
        bottom = int(np.argmax(seen.all(axis=1))) + top if seen.any() else HEIGHT
        image[top:] = self._ground_lut[cell]
        # above the horizon: sky and hills, drawn by the true level
        rise = view.rays[2][0] + view.rays[2][1] * columns + view.rays[2][2] * rows[:bottom]
        sky = self._sky_lut[np.clip(rise * 300.0, 0, 255).astype(np.uint8)]
        azimuth = ((view.yaw_rad - np.arctan(columns)) * (len(self._hills) / math.tau)).astype(np.int32)
        hills = self._hills[azimuth % len(self._hills)]
        above = np.where(rise < hills, np.uint32(HILL), sky)
        above[rise < 0.0] = _rgb(*HAZE_RGB)
        if bottom > top:
            above[top:] = np.where(seen[: bottom - top], image[top:bottom], above[top:])
        image[:bottom] = above

    def _draw_dust(self, image: Image, view: "_View", seen: Seen) -> None:
        strength = min(1.0, seen.rotor_radps / 60.0) * (0.25 + 0.75 * (seen.depth_m > 0.03))
        if strength < 0.1 or seen.depth_m < -0.3:
            return
        middle = view.camera.pixel(self.scene.tool_ahead_m + 0.3, 0.0, 0.2)
        if middle is None:
            return
        top, bottom = max(0, int(middle[1]) - 110), min(HEIGHT, int(middle[1]) + 110)
        columns = (np.arange(WIDTH, dtype=np.float32) - middle[0]) / 210.0
        rows = ((np.arange(top, bottom, dtype=np.float32) - middle[1]) / 75.0)[:, None]
        shift = int(self._turned_rad * 7.0) % WIDTH
        specks = np.roll(self._specks[top:bottom], shift, axis=1)
        thick = 1.1 * strength * np.exp(-(columns**2 + rows**2))
        part = image[top:bottom]
        for dense in (1.0, 0.45, 0.2):
            where = specks < dense * thick
            part[where] = _half(part[where]) + _HALF_DUST

    def _draw_tool(self, image: Image, camera: Camera, seen: Seen) -> None:
        scene = self.scene
        ahead, half = scene.tool_ahead_m, scene.tool_width_m / 2.0
        axis_m = scene.tip_radius_m - seen.depth_m  # the tips reach `depth_m` into the soil
        for side in (-1.0, 1.0):
            _bar(image, camera, (0.6, side * 0.62, 1.0), (ahead, side * (half - 0.06), axis_m), 0.075, YELLOW)
        drum = [(ahead, side * half, axis_m) for side in (1.0, -1.0)]
        points = np.linspace(-half + 0.06, half - 0.06, HAMMERS)
        angles = self._turned_rad + np.arange(HAMMERS) * 2.4
        turning = seen.rotor_radps > 2.0
        hanging = -math.pi / 2.0
        for left_m, angle in zip(points.tolist(), angles.tolist(), strict=True):
            turn = angle if turning else hanging
            reach = scene.tip_radius_m * (1.0 if turning else 0.75)
            tip = (ahead + reach * math.cos(turn), left_m, axis_m + reach * math.sin(turn))
            if tip[2] < 0.0 and seen.depth_m > 0.0:
                continue  # in the soil
            _bar(image, camera, (ahead, left_m, axis_m), tip, 0.012, STEEL_LIGHT if turning else STEEL)
            _bar(image, camera, tip, (tip[0], tip[1], tip[2] + 0.07), 0.035, STEEL_DARK)
        _bar(image, camera, drum[0], drum[1], 0.13, STEEL)
        _bar(image, camera, (ahead, half, axis_m + 0.1), (ahead, -half, axis_m + 0.1), 0.02, STEEL_LIGHT)


class _View:
    """Rays of a camera over the ground's plane; picture coordinates x and y are divided by the focal length.

    `rays`: east, north and up of the ray for (1, x, y). `fall`: how fast the ray comes nearer to the plane.
    """

    def __init__(self, camera: Camera, seen: Seen, grade: tuple[float, float]) -> None:
        self.camera = camera
        self.yaw_rad = seen.yaw_rad + (math.pi if camera.backward else 0.0)
        self._axes = _body_axes(seen)
        self.rays = tuple(
            tuple(sum(axis[part] * along[k] for k, axis in enumerate(self._axes)) for along in camera.axes())
            for part in range(3)
        )
        ahead, _, up = self._axes
        at = [ahead[part] * camera.ahead_m + up[part] * camera.height_m for part in range(3)]
        self.east_m, self.north_m = seen.east_m + at[0], seen.north_m + at[1]
        self.above_m = at[2] - grade[0] * at[0] - grade[1] * at[1]
        self.fall = tuple(up - grade[0] * east - grade[1] * north for east, north, up in zip(*self.rays, strict=True))
        self._seen, self._grade = seen, grade

    def pixel(self, east_m: float, north_m: float, up_m: float) -> tuple[float, float, float] | None:
        """Return column, row and distance of a point `up_m` above the ground's plane; None behind the lens."""
        east, north = east_m - self._seen.east_m, north_m - self._seen.north_m
        up = up_m + self._grade[0] * east + self._grade[1] * north
        body = [axis[0] * east + axis[1] * north + axis[2] * up for axis in self._axes]
        found = self.camera.pixel(body[0], body[1], body[2])
        return None if found is None else (*found, math.hypot(body[0], body[1]))


def _body_axes(seen: Seen) -> tuple[tuple[float, float, float], ...]:
    """Return ahead, left and up of the body as (east, north, up): Rz(yaw) Ry(pitch) Rx(roll)."""
    sy, cy = math.sin(seen.yaw_rad), math.cos(seen.yaw_rad)
    sp, cp = math.sin(seen.pitch_rad), math.cos(seen.pitch_rad)
    sr, cr = math.sin(seen.roll_rad), math.cos(seen.roll_rad)
    return (
        (cp * cy, cp * sy, -sp),
        (cy * sp * sr - sy * cr, sy * sp * sr + cy * cr, cp * sr),
        (cy * sp * cr + sy * sr, sy * sp * cr - cy * sr, cp * cr),
    )


def _ground_lut() -> Image:
    """Return (BANDS * 256,) the colour of each kind and shade, hazier and with less contrast in each further band."""
    table = np.zeros(BANDS * 256, np.uint32)
    for band in range(BANDS):
        haze, contrast = (band / BANDS) ** 1.5 * 0.8, (1.0 - band / BANDS) ** 2
        for kind, colour in GROUND_RGB.items():
            for shade in range(SHADES):
                light = 1.0 + contrast * (shade - 7.5) * (0.036 if kind is Kind.WORKED else 0.02)
                mixed = [(1.0 - haze) * part * light + haze * far for part, far in zip(colour, HAZE_RGB, strict=True)]
                table[band * 256 + kind * SHADES + shade] = _rgb(*mixed)
    return table


def _sky_lut() -> Image:
    low, high = (222, 230, 232), (150, 178, 200)
    steps = (index / 255.0 for index in range(256))
    return np.array(
        [_rgb(*((1.0 - step) * a + step * b for a, b in zip(low, high, strict=True))) for step in steps], np.uint32
    )


def _hills(draw: np.random.Generator) -> Floats:
    """Return (720,) the height of the hills above the horizon by direction, as rise per metre."""
    angle = np.arange(720) * (math.tau / 720)
    phases = draw.uniform(0.0, math.tau, 5)
    wave = sum(np.sin(angle * count + phase) / count for count, phase in zip((3, 5, 8, 13, 31), phases, strict=True))
    return np.asarray(0.035 + 0.03 * wave, np.float32).clip(0.006)


def _stakes(scene: Scene) -> list[tuple[float, float, bool]]:
    """Return corner stakes of the work area, and a warning board in each keep-out (True)."""
    corners = [(*point, False) for ring in scene.work_m for point in ring[:-1]]
    boards = []
    for ring in scene.keep_outs_m:
        middle = np.mean(np.array(ring[:-1]), axis=0)
        boards.append((float(middle[0]), float(middle[1]), True))
    return corners[:40] + boards[:40]


def _draw_stake(image: Image, view: _View, stake: tuple[float, float, bool]) -> None:
    east_m, north_m, board = stake
    foot, head = view.pixel(east_m, north_m, 0.0), view.pixel(east_m, north_m, STAKE_M * (1.5 if board else 1.0))
    if foot is None or head is None or foot[2] > FAR_M:
        return
    half = max(1.0, 0.03 * view.camera.fx / foot[2])
    if not board:
        for part in range(4):
            span = [(a + (b - a) * step / 4) for step in (part, part + 1) for a, b in ((foot[1], head[1]),)]
            _box(image, foot[0] - half, span[1], foot[0] + half, span[0], WHITE if part % 2 else RED)
        return
    _box(image, foot[0] - half, head[1], foot[0] + half, foot[1], BOARD)
    wide, high = 0.25 * view.camera.fx / foot[2], 0.17 * view.camera.fx / foot[2]
    _box(image, head[0] - wide, head[1] - high, head[0] + wide, head[1] + high, BOARD)
    _box(image, head[0] - wide + 1, head[1] - high + 1, head[0] + wide - 1, head[1] + high - 1, WHITE)


def _draw_rear(image: Image) -> None:
    """Draw the edge of the machine's own rear."""
    _box(image, 0, HEIGHT - 26, WIDTH, HEIGHT, STEEL_DARK)
    _box(image, 40, HEIGHT - 34, WIDTH - 40, HEIGHT - 26, YELLOW)


def _box(image: Image, left: float, top: float, right: float, bottom: float, colour: int) -> None:
    image[max(0, round(top)) : max(0, round(bottom)), max(0, round(left)) : max(0, round(right))] = colour


def _bar(
    image: Image,
    camera: Camera,
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    half_m: float,
    colour: int,
) -> None:
    """Draw a straight rod between two points of the body's frame."""
    a, b = camera.pixel(*start), camera.pixel(*end)
    if a is None or b is None:
        return
    away = math.dist((camera.ahead_m, 0.0, camera.height_m), start)
    half = max(0.7, half_m * camera.fx / max(0.3, away))
    _stroke(image, a, b, half, colour)


def _stroke(image: Image, a: Sequence[float], b: Sequence[float], half: float, colour: int) -> None:
    """Colour all pixels that are nearer to the line from a to b than `half`."""
    left, right = int(max(0.0, min(a[0], b[0]) - half)), int(min(WIDTH, max(a[0], b[0]) + half + 1))
    top, bottom = int(max(0.0, min(a[1], b[1]) - half)), int(min(HEIGHT, max(a[1], b[1]) + half + 1))
    if left >= right or top >= bottom:
        return
    x = np.arange(left, right, dtype=np.float32) - a[0]
    y = (np.arange(top, bottom, dtype=np.float32) - a[1])[:, None]
    dx, dy = b[0] - a[0], b[1] - a[1]
    along = np.clip((x * dx + y * dy) / max(1e-6, dx * dx + dy * dy), 0.0, 1.0)
    image[top:bottom, left:right][(x - along * dx) ** 2 + (y - along * dy) ** 2 <= half * half] = colour
