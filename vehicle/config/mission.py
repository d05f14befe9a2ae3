"""What counts as processed, and how a mission drives."""

from typing import Annotated, Literal

from pydantic import Field

from vehicle.config.machine_parts import Positive, Strict
from vehicle.config.required_depth import LEAST_DEPTH_M


class MissionConfig(Strict):
    """What counts as processed, and how a mission drives. `required_depth_m` has no default: the task sets it.

    `k_sigma`, `k_depth` and `rotor_at_speed_ratio` have lower bounds: below them a record would claim more than was
    measured. `depth_check_m2`, `depth_check_h`: a depth reading is due after this much ground or tool-down time.
    """

    required_depth_m: Annotated[float, Field(ge=LEAST_DEPTH_M)]
    k_sigma: Annotated[float, Field(ge=3, le=10)] = 4.0
    k_depth: Annotated[float, Field(ge=1.6, le=10)] = 2.0
    depth_check_m2: Annotated[float, Field(gt=0, le=10_000)] = 2_000.0
    depth_check_h: Annotated[float, Field(gt=0, le=10)] = 2.0
    tracking_error_m: Positive = 0.05
    cell_m: Annotated[float, Field(gt=0, le=0.2)] = 0.05
    rotor_at_speed_ratio: Annotated[float, Field(ge=0.8, le=1)] = 0.9
    back_off_m: Positive = 0.6
    tripwires: Literal["possible", "none"] = "possible"
