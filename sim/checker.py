"""A simulated team that makes the checks of the manual: base (opening, closing), depth readings, hammer counts.

It knows what rod, rover and eye can know: the truth at the moment of measuring, and what the station shows. It sends
the results as observations by the same radio as the operator's frames.
"""

import math
from collections.abc import Callable

import msgspec

from firmware_bridge.mavlink import adapters
from firmware_bridge.types import Observation, ObservationKind
from sim.world import World
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import MissionPhase
from vehicle.contracts.units import NS_PER_S
from vehicle.control.state import VehicleState

STATION_ID = 40
PERIOD_NS = NS_PER_S
ROVER_M = 0.004
"""1-sigma of a rover pole on a control point, mean of three readings."""
READING_AFTER_S = 60.0
"""Depth is read at the edge of a place only when the machine left it this long ago."""
PLACES_MAX = 40


class Place(msgspec.Struct, frozen=True):
    """A place where the tool was, and its depth there."""

    t_ns: int
    east_m: float
    north_m: float
    depth_m: float


def base_check(world: World) -> Observation:
    """Return the check of a rover on a control point: it measures the base, not the machine's own receiver."""
    off_m = math.hypot(*world.gnss.jump_m)
    return _observation(ObservationKind.BENCHMARK_CHECK, off_m + ROVER_M, sigma=0.01, text="control point 1")


def hammer_count(world: World, count: int) -> Observation:
    """Return a count of hammers by position, with the rotor locked."""
    lost = world.flail.lost_hammers
    tracks = sorted({hammer % max(1, count) + 1 for hammer in lost})
    text = "missing " + " ".join(str(track) for track in tracks) if lost else ""
    return _observation(ObservationKind.HAMMER_COUNT, float(count - len(lost)), text=text)


def depth_reading(place: Place, depth_m: float, datum: LocalFrame, sigma_m: float = 0.01) -> Observation:
    """Return a reading by rod and straight edge, made at arm's length from safe ground."""
    lat_deg, lon_deg, _ = datum.geodetic_from_enu(place.east_m, place.north_m, 0.0)
    return _observation(
        ObservationKind.DEPTH_CHECK, depth_m, sigma=sigma_m, lat_deg=lat_deg, lon_deg=lon_deg, text="arm"
    )


def timed(observation: Observation, world: World, now_ns: int) -> Observation:
    """Return an observation that says that it is made now, where the world's receiver tells the time."""
    zero_us = world.gnss.utc_zero_us
    if zero_us is None or observation.time_utc_us is not None:
        return observation
    return msgspec.structs.replace(observation, time_utc_us=zero_us + now_ns // 1000)


def note(text: str) -> Observation:
    """Return a note, which measures nothing."""
    return _observation(ObservationKind.NOTE, 0.0, text=text)


def _observation(kind: ObservationKind, value: float, **rest: object) -> Observation:
    base = Observation(
        station_id=STATION_ID,
        session_id=0,
        sequence=0,
        kind=kind,
        value=value,
        who="team leader",
    )
    return msgspec.structs.replace(base, **rest)


class Checker:
    """Call `step` once a tick, before the vehicle's. `finished` makes the closing checks: base and hammers."""

    def __init__(self, send: Callable[[bytes], None], world: World, datum: LocalFrame, hammer_count: int) -> None:
        self._send, self._world, self._datum, self._hammer_count = send, world, datum, hammer_count
        self._sequence = 0
        self._due_ns = self._now_ns = 0
        self._places: list[Place] = []
        self._opened = self._closed = False
        self.sent = 0

    def step(self, now_ns: int, state: VehicleState) -> None:
        """Make the checks that are due, once a second at most."""
        if now_ns < self._due_ns:
            return
        self._due_ns, self._now_ns = now_ns + PERIOD_NS, now_ns
        self._remember(now_ns)
        due, phase = state.checks.due, state.mission.phase
        if state.gate.session_id == 0 or state.wire.gnss is None:
            return
        if not self._opened:
            self._opened = True
            self._measured(state, base_check(self._world))
            self._measured(state, hammer_count(self._world, self._hammer_count))
        elif phase is MissionPhase.DONE and not self._closed:
            self._closed = True
            self._measured(state, base_check(self._world))
            self._measured(state, hammer_count(self._world, self._hammer_count))
        elif due.hammers and phase is not MissionPhase.WORK:
            self._measured(state, hammer_count(self._world, self._hammer_count))
        elif due.depth and (reading := self._depth(now_ns)) is not None:
            self._measured(state, reading)

    def _remember(self, now_ns: int) -> None:
        truth = self._world.truth()
        if truth.depth_m > 0.05 and abs(truth.speed_mps) > 0.03:
            (left_east, left_north), (right_east, right_north) = truth.tool_left_m, truth.tool_right_m
            place = Place(now_ns, (left_east + right_east) / 2.0, (left_north + right_north) / 2.0, truth.depth_m)
            self._places = [*self._places[-PLACES_MAX:], place]

    def _depth(self, now_ns: int) -> Observation | None:
        """Return a reading at a place that the machine left long ago, or None; unclaimed places are skipped."""
        ready = [place for place in self._places if now_ns - place.t_ns > READING_AFTER_S * NS_PER_S]
        if not ready:
            return None
        place = ready[-1]
        self._places = [kept for kept in self._places if kept.t_ns > place.t_ns]
        return depth_reading(place, place.depth_m, self._datum)

    def _measured(self, state: VehicleState, observation: Observation) -> None:
        observation = timed(observation, self._world, self._now_ns)
        self._sequence += 1
        self.sent += 1
        told = msgspec.structs.replace(observation, session_id=state.session_id, sequence=self._sequence)
        self._send(adapters.encode_observation(told))
