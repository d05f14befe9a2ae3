"""A recorded receiver (u-blox F9P, 1 Hz, 75 minutes: parked, then driven) through the estimate: nothing is withdrawn.

The recording has no belts, gyro or heading: they are worked out from its own track, so that what is tried is whether a
real receiver's noise, rate, float and sigma are borne. Parked, they owe nothing to it: the machine stands.
"""

import itertools
import math
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from firmware_bridge.types import FixType, GnssFix
from sim.noise import NormalRows
from tests import builders
from tests.marks import reads_shared
from vehicle.contracts.frames import LocalFrame
from vehicle.contracts.messages import Inputs
from vehicle.contracts.units import TICK_NS, TICK_S, wrap_rad
from vehicle.control.estimate import bounds, fusion
from vehicle.control.estimate import wire as wires
from vehicle.control.estimate_state import EstimateState
from vehicle.control.state import WireState

RECORDING = Path(__file__).parents[3] / "../shared/data/gnss/f9p_drive_demo5_b34f.pos"
FIXES = {1: FixType.RTK_FIXED, 2: FixType.RTK_FLOAT}
CONFIG = builders.config()
PLAIN = CONFIG.machine.gnss.model_copy(update={"antenna_x_m": 0.0, "antenna_y_m": 0.0, "heading_offset_deg": 0.0})
CONFIG = CONFIG.model_copy(update={"machine": CONFIG.machine.model_copy(update={"gnss": PLAIN})})
DRIVEN_MPS, CHORD_M = 0.03, 0.05
"""Slower is the noise of a parked car; a heading from chords is as uncertain as their ends and bends are."""
LAST = 49


class Epoch(NamedTuple):
    east_m: float
    north_m: float
    fix: FixType
    sigma_m: float


class Verdict(NamedTuple):
    epochs: int
    proven: int
    revoked: int
    reasons: int


def recorded() -> tuple[LocalFrame, list[Epoch]]:
    rows = [line.split() for line in RECORDING.read_text().splitlines() if not line.startswith("%")]
    datum = LocalFrame(float(rows[0][2]), float(rows[0][3]), float(rows[0][4]))
    return datum, [
        Epoch(
            *datum.enu_from_geodetic(float(row[2]), float(row[3]))[:2],
            FIXES[int(row[5])],
            math.hypot(float(row[7]), float(row[8])) / math.sqrt(2.0),
        )
        for row in rows
    ]


def replayed(datum: LocalFrame, epochs: list[Epoch]) -> Verdict:
    """A second of ticks an epoch: along the chord to the next one, or at a stand."""
    noise = NormalRows(1, "recorded.heading", 2)
    wire, state = WireState(), EstimateState()
    yaw_rad, proven, revoked, reasons, tick = 0.4, 0, 0, 0, 0
    for here, there in itertools.pairwise(epochs):
        way_m = math.dist(here[:2], there[:2])
        drives = way_m > DRIVEN_MPS
        turn_rad = wrap_rad(math.atan2(there[1] - here[1], there[0] - here[0]) - yaw_rad) if drives else 0.0
        for part in range(50):
            tick += 1
            yaw_rad += turn_rad if part == 0 else 0.0
            rate_radps = (turn_rad / TICK_S if part == 0 else 0.0) + math.radians(0.05) * noise.row()[0]
            belt_mps = way_m if drives else 0.0
            fix: GnssFix | None = None
            if part == LAST:
                lat_deg, lon_deg, alt_m = datum.geodetic_from_enu(there.east_m, there.north_m)
                fix = builders.gnss(0.0, 0.0, 0.0, wrap_rad(yaw_rad + math.radians(0.2) * noise.row()[1]))
                fix = told(fix, lat_deg, lon_deg, alt_m, there, way_m if drives else 0.0)
            inputs = Inputs(
                status=builders.status(
                    track_left_mps=belt_mps,
                    track_right_mps=belt_mps,
                    applied_left_mps=belt_mps,
                    applied_right_mps=belt_mps,
                ),
                imu=builders.imu(yaw_rate_radps=rate_radps),
                gnss=fix,
            )
            wire = wires.step(wire, inputs, tick * TICK_NS)
            state = fusion.step(state, wire, CONFIG, datum, tick * TICK_NS)
            seen = fusion.estimate(state, wire, CONFIG, tick * TICK_NS)
            revoked += seen.revoke_t_ns != 0
            if part == LAST:
                proven += state.ready and fusion._proven(state, wire)
                reasons += seen.position_doubted or seen.position_stuck or seen.heading_doubted
    return Verdict(len(epochs) - 1, proven, revoked, reasons)


def told(fix: GnssFix, lat_deg: float, lon_deg: float, alt_m: float, epoch: Epoch, speed_mps: float) -> GnssFix:
    return msgspec.structs.replace(
        fix,
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        alt_m=alt_m,
        fix=epoch.fix,
        sigma_horizontal_m=epoch.sigma_m,
        speed_mps=speed_mps,
        yaw_sigma_rad=math.hypot(math.radians(0.2), min(1.0, CHORD_M / speed_mps)) if speed_mps else math.radians(0.2),
    )


@reads_shared
@pytest.mark.slow
def test_parked_and_driven_nothing_is_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The recorded receiver drove on a car, at 10 m/s and round corners: the bounds of this machine do not fit it."""
    monkeypatch.setattr(bounds, "status", lambda told, _belts, _now_ns: told)
    monkeypatch.setattr(bounds, "imu", lambda *_: True)
    datum, epochs = recorded()
    parked = replayed(datum, epochs[:2400])
    assert (parked.revoked, parked.reasons) == (0, 0)
    fixed = sum(epoch.fix is FixType.RTK_FIXED for epoch in epochs[:2400])
    assert parked.proven >= 0.99 * fixed
    driven = replayed(datum, epochs[2400:])
    assert driven.revoked == 0
    assert driven.reasons == 0
    assert driven.proven >= 0.98 * driven.epochs
