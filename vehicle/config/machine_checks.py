"""Checks of a machine profile: figures that contradict each other, and figures without a source.

Each check raises ValueError with the dotted key first, so that the error line starts with what has to be changed.
"""

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from vehicle.config.machine_parts import ROTOR_KINDS, BodyConfig, RatesConfig, ToolConfig, TracksConfig

ROTOR_KEYS = (
    "rotor_speed_rpm",
    "rotor_inertia_kgm2",
    "rotor_power_w",
    "rotor_efficiency_ratio",
    "spin_up_s",
    "spin_down_s",
    "tip_radius_m",
)
HAMMER_KEYS = ("hammer_count", "hammers_per_track")
TRACK_MARGIN_M = 0.05
"""Worked width beyond each track, for the path follower's error, so that no track leaves worked ground."""
SECONDS_PER_HOUR = 3600.0


def check_parts(
    tool: ToolConfig, tools: dict[str, ToolConfig], tracks: TracksConfig, body: BodyConfig, rates: RatesConfig
) -> None:
    """Check the parts of a profile against each other; `tools` are the other tools that the machine can carry.

    Raises:
        ValueError: The first contradiction found, its key first.
    """
    every = {"tool": tool} | {f"tools.{name}": other for name, other in tools.items()}
    for key, carried in every.items():
        _check_tool(carried, key)
        _check_fit(tracks, body, carried, key)
    _check_tracks(tracks, body)
    _check_rates(rates, tool, tracks.working_speed_mps)


def _refuse_if(wrong: bool, text: str) -> None:  # noqa: FBT001  # reads as an assertion
    if wrong:
        raise ValueError(text)


def _check_tool(tool: ToolConfig, key: str) -> None:
    """Check that rotor figures are present for a tool with a rotor, and absent for one without."""
    _check_shocks(tool, key)
    rotor_keys = ROTOR_KEYS + HAMMER_KEYS if tool.kind == "flail" else ROTOR_KEYS
    if tool.kind in ROTOR_KINDS:
        for name in rotor_keys:
            _refuse_if(not getattr(tool, name) > 0, f"{key}.{name}: a {tool.kind} needs a value above 0")
        _refuse_if(
            "rotor_efficiency_ratio" not in tool.model_fields_set,
            f"{key}.rotor_efficiency_ratio: missing; write a number above 0, at most 1",
        )
        return
    for name in sorted({*ROTOR_KEYS, *HAMMER_KEYS} & tool.model_fields_set):
        if getattr(tool, name) == ToolConfig.model_fields[name].default:
            continue  # of a configuration that is read back, which names all values
        raise ValueError(f"{key}.{name}: a {tool.kind} has no rotor; leave the key out")


def _check_shocks(tool: ToolConfig, key: str) -> None:
    """Check that both thresholds of shocks are given or none, in their order, and only for a tool with a rotor."""
    small_g, large_g = tool.shock_small_g, tool.shock_large_g
    if small_g is None and large_g is None:
        return
    _refuse_if(tool.kind not in ROTOR_KINDS, f"{key}.shock_small_g: a {tool.kind} has no rotor; leave the key out")
    _refuse_if(small_g is None, f"{key}.shock_small_g: missing; write both thresholds, or none")
    _refuse_if(large_g is None, f"{key}.shock_large_g: missing; write both thresholds, or none")
    assert small_g is not None
    assert large_g is not None
    _refuse_if(
        not small_g < large_g,
        f"{key}.shock_large_g: {large_g:g} g must be above {key}.shock_small_g ({small_g:g} g)",
    )


def _check_fit(tracks: TracksConfig, body: BodyConfig, tool: ToolConfig, key: str) -> None:
    """Check that the tool is ahead of the tracks, wider than them, and within the engine's power."""
    room_m = tool.width_m - 2 * TRACK_MARGIN_M
    _refuse_if(
        tracks.outer_width_m > room_m + 1e-9,
        f"tracks.outer_width_m: {tracks.outer_width_m:g} m does not stay on ground worked by {key} "
        f"({tool.width_m:g} m wide): at most {room_m:g} m, so that {TRACK_MARGIN_M:g} m of it are left each side",
    )
    reach_m = tool.ahead_m - tool.length_m / 2
    _refuse_if(
        reach_m <= tracks.length_m / 2,
        f"{key}.ahead_m: the tool must work ahead of the tracks, which end {tracks.length_m / 2:g} m ahead of the "
        f"body origin; the tool ends at {reach_m:g} m",
    )
    _refuse_if(
        tool.rotor_power_w > body.power_w,
        f"{key}.rotor_power_w: {tool.rotor_power_w:g} W is more than the engine's {body.power_w:g} W",
    )


def _check_tracks(tracks: TracksConfig, body: BodyConfig) -> None:
    _refuse_if(
        tracks.gauge_m >= tracks.outer_width_m,
        f"tracks.gauge_m: {tracks.gauge_m:g} m is between track centres and must be below outer_width_m "
        f"({tracks.outer_width_m:g} m)",
    )
    _refuse_if(
        tracks.working_speed_mps > tracks.transit_speed_mps,
        f"tracks.working_speed_mps: {tracks.working_speed_mps:g} m/s is above transit_speed_mps "
        f"({tracks.transit_speed_mps:g} m/s)",
    )
    _refuse_if(
        tracks.length_m > body.front_m + body.rear_m,
        f"tracks.length_m: {tracks.length_m:g} m is longer than the body ({body.front_m + body.rear_m:g} m)",
    )


def _check_rates(rates: RatesConfig, tool: ToolConfig, speed_mps: float) -> None:
    """Refuse a published rate above working speed x width: even without overlap and turns it cannot be reached."""
    possible_m2_per_h = speed_mps * tool.width_m * SECONDS_PER_HOUR
    _refuse_if(
        rates.published_m2_per_h > possible_m2_per_h,
        f"rates.published_m2_per_h: {rates.published_m2_per_h:,.0f} m2/h cannot be reached: working speed x width is "
        f"{speed_mps:g} m/s x {tool.width_m:g} m = {possible_m2_per_h:,.0f} m2/h",
    )
    _refuse_if(
        rates.depth_published_m > tool.depth_max_m,
        f"rates.depth_published_m: {rates.depth_published_m:g} m is deeper than tool.depth_max_m "
        f"({tool.depth_max_m:g} m)",
    )


def check_sources(machine: BaseModel, sources: dict[str, str]) -> None:
    """Check that every figure names a source and every source a figure. Raises ValueError with the key first.

    A figure that is this program's own default needs none: a configuration that is read back names all of them.
    """
    figures = tuple(figure_keys(machine))
    for key in figure_keys(machine, defaults=False):
        _refuse_if(
            not sources.get(key, "").strip(),
            f'sources.{key}: missing; say where the figure comes from, or "unverified"',
        )
    for key in sources:
        _refuse_if(key not in figures, f"sources.{key}: this profile has no such figure; correct the key or delete it")


def figure_keys(model: BaseModel, prefix: str = "", *, defaults: bool = True) -> Iterator[str]:
    """Return the dotted keys of all numbers that are set in a model and its nested models.

    `defaults`: with those that are set to what they are without being set.
    """
    for name in sorted(model.model_fields_set):
        value = getattr(model, name)
        if not defaults and value == type(model).model_fields[name].default:
            continue
        if isinstance(value, BaseModel):
            yield from figure_keys(value, f"{prefix}{name}.", defaults=defaults)
        elif isinstance(value, dict):
            for key, item in value.items():
                if isinstance(item, BaseModel):
                    yield from figure_keys(item, f"{prefix}{name}.{key}.", defaults=defaults)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{name}"


def flattened(table: Any, prefix: str = "") -> Any:
    """Return nested tables as one table with dotted keys; anything else is returned unchanged."""
    if not isinstance(table, dict):
        return table
    flat: dict[str, Any] = {}
    for key, value in table.items():
        dotted = f"{prefix}{key}"
        flat.update(flattened(value, f"{dotted}.") if isinstance(value, dict) else {dotted: value})
    return flat
