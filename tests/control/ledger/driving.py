"""Drive a tool line over the ground plan, tick by tick, into the ledger and into the independent truth."""

import math
from collections.abc import Callable, Iterable, Iterator

import msgspec
import numpy as np

from firmware_bridge.types import ControllerStatus, DepthDatum
from sim.truth import GroundTruth
from tests import builders
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.messages import Estimate
from vehicle.contracts.units import TICK_NS, TICK_S
from vehicle.control.ground import raster
from vehicle.control.ledger import masks
from vehicle.control.state import LedgerState

ORIGIN_NS = 7_000_000_000
ROTOR_RADPS = 62.0
DEPTH_M = 0.2
ESTIMATE, STATUS = builders.estimate(), builders.status()


class Tick(msgspec.Struct, frozen=True, kw_only=True):
    """One tick of a drive: true tool pose and readings; `error_*` is what the estimate is off by."""

    east_m: float
    north_m: float
    yaw_rad: float
    roll_rad: float = 0.0
    pitch_rad: float = 0.0
    speed_mps: float = 0.28
    yaw_rate_radps: float = 0.0
    rotor_radps: float = ROTOR_RADPS
    depth_m: float = DEPTH_M
    depth_error_m: float = 0.0
    height_m: float | None = None
    depth_sigma_m: float = 0.003
    sigma_m: float = 0.01
    error_east_m: float = 0.0
    error_north_m: float = 0.0
    error_yaw_rad: float = 0.0
    sigma_yaw_rad: float = 0.0
    proven: bool = True
    reckoned: bool = False
    doubt_m: float = 0.0
    valid: bool = True
    fresh: bool = True
    rotor_doubted: bool = False
    datum: DepthDatum = DepthDatum.GROUND_AHEAD


def straight(
    length_m: float, yaw_rad: float, start_m: tuple[float, float] = (0.0, 0.0), speed_mps: float = 0.28, **rest: object
) -> list[Tick]:
    """A straight drive of the tool's centre."""
    count = round(abs(length_m) / (abs(speed_mps) * TICK_S))
    step_m = speed_mps * TICK_S
    return [
        Tick(
            east_m=start_m[0] + n * step_m * math.cos(yaw_rad),
            north_m=start_m[1] + n * step_m * math.sin(yaw_rad),
            yaw_rad=yaw_rad,
            speed_mps=speed_mps,
            **rest,  # type: ignore[arg-type]
        )
        for n in range(count + 1)
    ]


def beside(start_m: tuple[float, float], yaw_rad: float, left_m: float, along_m: float = 0.0) -> tuple[float, float]:
    """The start of a parallel drive."""
    return (
        start_m[0] - left_m * math.sin(yaw_rad) + along_m * math.cos(yaw_rad),
        start_m[1] + left_m * math.cos(yaw_rad) + along_m * math.sin(yaw_rad),
    )


def changed(ticks: Iterable[Tick], when: Callable[[int], bool], **changes: object) -> list[Tick]:
    """The same drive with some ticks different."""
    return [msgspec.structs.replace(t, **changes) if when(n) else t for n, t in enumerate(ticks)]


def readings(tick: Tick) -> tuple[Estimate, ControllerStatus]:
    estimate = msgspec.structs.replace(
        ESTIMATE,
        yaw_rad=tick.yaw_rad + tick.error_yaw_rad,
        valid=tick.valid,
        position_proven=tick.proven,
        position_reckoned=tick.reckoned,
        doubt_m=tick.doubt_m,
        tool_east_m=tick.east_m + tick.error_east_m,
        tool_north_m=tick.north_m + tick.error_north_m,
        tool_sigma_m=tick.sigma_m,
        sigma_yaw_rad=tick.sigma_yaw_rad,
        roll_rad=tick.roll_rad,
        pitch_rad=tick.pitch_rad,
        speed_mps=tick.speed_mps,
        yaw_rate_radps=tick.yaw_rate_radps,
    )
    status = msgspec.structs.replace(
        STATUS,
        rotor_speed_radps=tick.rotor_radps,
        depth_m=tick.depth_m + tick.depth_error_m,
        tool_height_m=-tick.depth_m if tick.height_m is None else tick.height_m,
        depth_sigma_m=tick.depth_sigma_m,
        depth_datum=tick.datum,
    )
    return estimate, status


def drive(
    ticks: Iterable[Tick],
    config: VehicleConfig,
    state: LedgerState | None = None,
    start_ns: int = ORIGIN_NS,
    truth: GroundTruth | None = None,
) -> LedgerState:
    """The ledger after the drive; the tool is lifted at its end."""
    *_, last = versions(ticks, config, state or LedgerState(), start_ns, truth)
    return last


def versions(
    ticks: Iterable[Tick], config: VehicleConfig, state: LedgerState, start_ns: int, truth: GroundTruth | None = None
) -> Iterator[LedgerState]:
    """Every version of the ledger, tick by tick."""
    half_m = config.machine.tool.width_m / 2.0
    now_ns = start_ns
    for tick in ticks:
        now_ns += TICK_NS
        estimate, status = readings(tick)
        state = masks.step(
            state, estimate, status, config, now_ns, status_fresh=tick.fresh, rotor_doubted=tick.rotor_doubted
        )
        if truth is not None:
            left_m, right_m = tool_ends(tick, half_m)
            truth.observe(left_m, right_m, tick.rotor_radps, tick.depth_m, tick.speed_mps)
        yield state
    yield masks.step(state, estimate, builders.status(), config, now_ns + TICK_NS, status_fresh=True)


def tool_ends(tick: Tick, half_m: float) -> tuple[tuple[float, float], tuple[float, float]]:
    """Left and right end in plan view, by the rotation matrix instead of the ledger's shortcut."""
    cos_y, sin_y = math.cos(tick.yaw_rad), math.sin(tick.yaw_rad)
    cos_p, sin_p = math.cos(tick.pitch_rad), math.sin(tick.pitch_rad)
    cos_r, sin_r = math.cos(tick.roll_rad), math.sin(tick.roll_rad)
    yaw = np.array([[cos_y, -sin_y, 0.0], [sin_y, cos_y, 0.0], [0.0, 0.0, 1.0]])
    pitch = np.array([[cos_p, 0.0, sin_p], [0.0, 1.0, 0.0], [-sin_p, 0.0, cos_p]])
    roll = np.array([[1.0, 0.0, 0.0], [0.0, cos_r, -sin_r], [0.0, sin_r, cos_r]])
    left = yaw @ pitch @ roll @ np.array([0.0, half_m, 0.0])
    return (
        (tick.east_m + float(left[0]), tick.north_m + float(left[1])),
        (tick.east_m - float(left[0]), tick.north_m - float(left[1])),
    )


def along_cross(
    cell: tuple[int, int], cell_m: float, start_m: tuple[float, float], yaw_rad: float
) -> tuple[float, float]:
    """Along and left of the centre of a cell, from the start of a drive."""
    east_m, north_m = (cell[0] + 0.5) * cell_m - start_m[0], (cell[1] + 0.5) * cell_m - start_m[1]
    return (
        east_m * math.cos(yaw_rad) + north_m * math.sin(yaw_rad),
        -east_m * math.sin(yaw_rad) + north_m * math.cos(yaw_rad),
    )


def block(
    start_m: tuple[float, float],
    yaw_rad: float,
    along_m: tuple[float, float],
    left_m: tuple[float, float],
    cell_m: float,
) -> set[tuple[int, int]]:
    """Cells whose centre lies in a rectangle of a drive's frame."""
    reach = math.ceil((abs(along_m[1]) + abs(left_m[1]) + abs(along_m[0]) + abs(left_m[0])) / cell_m)
    column, row = math.floor(start_m[0] / cell_m), math.floor(start_m[1] / cell_m)
    columns, rows = np.meshgrid(np.arange(column - reach, column + reach), np.arange(row - reach, row + reach))
    east_m, north_m = (columns + 0.5) * cell_m - start_m[0], (rows + 0.5) * cell_m - start_m[1]
    along = east_m * math.cos(yaw_rad) + north_m * math.sin(yaw_rad)
    left = -east_m * math.sin(yaw_rad) + north_m * math.cos(yaw_rad)
    inside = (along >= along_m[0]) & (along <= along_m[1]) & (left >= left_m[0]) & (left <= left_m[1])
    return {(int(c), int(r)) for c, r in zip(columns[inside], rows[inside], strict=True)}


def truth_of(config: VehicleConfig) -> GroundTruth:
    return GroundTruth(
        cell_m=config.mission.cell_m,
        rotor_min_radps=config.mission.rotor_at_speed_ratio * config.machine.tool.rotor_speed_radps,
        depth_min_m=config.mission.required_depth_m,
    )


def cells(state: LedgerState, flag: int) -> set[tuple[int, int]]:
    """(column, row) of every cell that carries a flag."""
    return marked(state, flag)


def marked(state: LedgerState, mark: int) -> set[tuple[int, int]]:
    """The same for marks of later knowledge too."""
    found: set[tuple[int, int]] = set()
    for column, row, tile in raster.each(state.tiles):
        rows, columns = np.nonzero(raster.marks(tile) & mark)
        found |= {(column + int(c), row + int(r)) for r, c in zip(rows, columns, strict=True)}
    return found
