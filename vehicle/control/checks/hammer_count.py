"""What becomes of a count of hammers: which ground no hammer may have struck."""

from typing import Final

from msgspec.structs import replace

from firmware_bridge.types import Observation
from vehicle.config.vehicle import VehicleConfig
from vehicle.contracts.hammers import all_named, named_tracks
from vehicle.contracts.ledger_types import Knowledge, Order
from vehicle.control.checks import contradictions, measured
from vehicle.control.checks.seen import Judged, Seen, by_of, unproven
from vehicle.control.checks_state import ChecksState

STRIPE_DOUBT_M: Final = 0.1
"""k sigma at RTK fixed (6.4 cm) and 3.6 cm that the checks of a MEMATT leave open (3.4 to 3.9 of the flails).

The credit is drawn in by 3 sigma and that bound (8.2 to 8.7 cm): a withdrawal reaches further than what was claimed.
"""


def hammer_count(state: ChecksState, observation: Observation, seen: Seen) -> Judged:
    """Counted by position: `missing 3 17` in the text names the tracks, 1 = outermost right.

    What is missing is missing from the last good count to now; that the rest is there, nobody knows after the count.
    """
    tool = seen.config.machine.tool
    missing = tool.hammer_count - int(observation.value)
    if tool.hammer_count == 0:
        return state, (), f"this {tool.kind} has no hammers in its profile"
    if missing < 0:
        return state, (), f"the profile has {tool.hammer_count} hammers"
    hammers = tool.hammers
    places = named_tracks(observation.text)
    if any(not 1 <= place <= hammers.tracks for place in places):
        return state, (), f"text: tracks of hammers are 1 to {hammers.tracks}"
    by = by_of(observation)
    fault = contradictions.of_count(observation, missing) or unproven(state, Knowledge.HAMMERS, observation, seen)
    if missing == 0 and fault:
        return state, (), fault
    down_s, _ = measured.worked_by(state, seen.at_ns, (state.down_s, 0.0))
    since_ns = measured.failed_since_ns(state, Knowledge.HAMMERS, seen.at_ns)
    counted = replace(
        measured.proven(state, Knowledge.HAMMERS, seen.at_ns) if missing == 0
        else measured.doubted(state, seen.t_ns, Knowledge.HAMMERS),
        hammers_known=True, hammers_missing=missing, hammers_from_s=max(state.hammers_from_s, down_s),
        shocked=bool(fault) and state.shocked, hammers_struck=bool(fault) and state.hammers_struck,
        depth_known=state.depth_known and missing == state.hammers_missing,
    )  # fmt: skip
    good = Order(kind=Knowledge.HAMMERS, good=True, by=by, closing=seen.at_ns is not None, at_number=seen.number)
    proof = () if fault else (good,)
    if missing == 0 or tool.hammer_stripe_m == 0.0:
        return counted, proof, ""
    reason = f"{missing} of {tool.hammer_count} hammers missing"
    lost = tuple(
        Order(
            kind=Knowledge.HAMMERS,
            good=False,
            by=by,
            reason=f"{reason}, track {place}",
            across_m=stripe,
            since_t_ns=since_ns,
        )
        for place in places
        if (stripe := _stripe_m(seen.config, place))
    )
    which = "text names more" if len(places) > missing else "nobody says which"
    whole = (Order(kind=Knowledge.HAMMERS, good=False, by=by, reason=f"{reason}, {which}", since_t_ns=since_ns),)
    named = all_named(hammers, missing, places) and len(places) <= missing
    return counted, (*(lost if named else whole), *proof), ""


def _stripe_m(config: VehicleConfig, place: int) -> tuple[float, float]:
    """What a missing hammer may leave unstruck, left of the tool's middle: its track, or as measured if that is wider.

    The cells know where they lay by the tool's believed place: k sigma, the margin and half a cell come on either side.
    """
    tool, mission = config.machine.tool, config.mission
    pitch_m = tool.width_m * max(1, tool.hammers_per_track) / tool.hammer_count
    middle_m = -0.5 * tool.width_m + (place - 0.5) * pitch_m
    width_m = pitch_m if tool.hammer_stripe_m is None else max(tool.hammer_stripe_m, 0.0)
    reach_m = 0.5 * width_m + STRIPE_DOUBT_M + 0.75 * mission.cell_m
    return middle_m - reach_m, middle_m + reach_m
