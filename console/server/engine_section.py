"""The section `engine` of the page's state: engine, oils, supply, fuel, and the engine start. Pure."""

import math
from typing import Any, Final

from console.server.sections import rounded, rpm
from firmware_bridge.console_types import EngineStartStep, WorkFrame

PA_PER_BAR: Final = 1e5
FUEL_RESERVE_MIN: Final = 30
FUEL_LOW_RATIO: Final = 0.1
"""Fuel is low if it does not last so much longer than the way to the parking; or below that share of a full tank."""


def engine_section(work: WorkFrame | None, to_parking_s: float | None = None) -> dict[str, Any] | None:
    """Return engine, oil, coolant, supply voltage, and fuel.

    `start`: step of an engine start from a console, null where the machine has none; `start_left_s`: until it ends.
    `fuel_min`: the fuel lasts for so long at work. `parking_min`: minutes to the parking by a way that was planned.
    `fuel_low`: the fuel does not last for that way and `FUEL_RESERVE_MIN` more, where an unknown way counts as none; or
    hardly any is left.
    """
    if work is None:
        return None
    parking_min = None if to_parking_s is None else math.ceil(to_parking_s / 60.0)
    ratio, left_min, start = work.fuel_ratio, work.fuel_time_min, work.engine_start
    short = left_min is not None and left_min < (parking_min or 0) + FUEL_RESERVE_MIN
    pressure = work.hydraulic_pressure_pa
    return {
        "speed_rpm": rpm(work.engine_speed_radps),
        "load": rounded(work.engine_load_ratio, 2),
        "coolant_c": rounded(work.coolant_temp_degc, 0),
        "oil_c": rounded(work.hydraulic_temp_degc, 0),
        "pressure_bar": None if pressure is None else rounded(pressure / PA_PER_BAR, 0),
        "supply_v": rounded(work.supply_voltage_v, 1),
        "start": None if start is EngineStartStep.NOT_OFFERED else start.name.lower(),
        "start_left_s": rounded(work.engine_start_left_s, 1),
        "start_tries": work.engine_start_tries,
        "fuel_ratio": rounded(ratio, 3),
        "fuel_min": left_min,
        "parking_min": parking_min,
        "fuel_low": short or (ratio is not None and ratio < FUEL_LOW_RATIO),
    }
