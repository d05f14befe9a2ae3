"""Configuration of the machine's cameras: the device of each, and its view of the ground."""

import math
from typing import Annotated, Self

from pydantic import Field, model_validator

from vehicle.config.vehicle import Strict

CameraName = Annotated[str, Field(min_length=1, max_length=32)]


class CameraConfig(Strict):
    """A camera that delivers MJPEG. `view_deg` is the full horizontal angle of view.

    It is mounted `ahead_m` ahead of and `height_m` above the body's origin on the ground, and looks down by
    `pitch_deg`; `backward`: it looks to the rear. Measure these figures, because the tool's edges are drawn into the
    picture with them.
    """

    name: CameraName
    device: str = "/dev/video0"
    width: Annotated[int, Field(ge=160, le=3840)] = 1280
    height: Annotated[int, Field(ge=120, le=2160)] = 720
    fps: Annotated[int, Field(ge=1, le=60)] = 15
    view_deg: Annotated[float, Field(gt=10, lt=150)] = 90.0
    ahead_m: float = 0.0
    height_m: Annotated[float, Field(gt=0, le=10)] = 2.0
    pitch_deg: Annotated[float, Field(ge=-30, le=80)] = 15.0
    backward: bool = False

    def focal_px(self, width: int) -> float:
        """Focal length [px] of a picture of this width [px]."""
        return width / 2.0 / math.tan(math.radians(self.view_deg) / 2.0)


class VideoConfig(Strict):
    """`flailpilot video CONFIG`, a program of its own beside `drive`; consoles connect to TCP `port`.

    It listens on the same address as the operators' UDP and uses the same keys.
    """

    port: Annotated[int, Field(ge=1, le=65535)] = 14560
    cameras: Annotated[tuple[CameraConfig, ...], Field(min_length=1, max_length=4)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        devices = [camera.device for camera in self.cameras]
        if len(set(devices)) < len(devices):
            raise ValueError("cameras: two tables name the same device; give each camera its own")
        return self
