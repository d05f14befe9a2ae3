"""How an operator's link fails: the eight shapes of the fault catalogue that must stop a machine, and recorded links.

A shape works on the two directions of a radio, simulated or of real sockets alike; what it returns, if anything, is
called every 20 ms from then on.
"""

from collections.abc import Callable
from typing import Protocol

import msgspec
import numpy as np

from benchmarks.trials import link_traces
from benchmarks.trials.link_traces import Trace
from sim.radio import RadioChannel
from vehicle.contracts.units import NS_PER_S

Act = Callable[[int], None]
LEAD_S = 2.0
TRACE_S = 6.0


class Air(Protocol):
    """Both directions, and a way to put noise before the vehicle's receiver, under the console's address."""

    @property
    def up(self) -> RadioChannel:
        """To the vehicle."""
        ...

    @property
    def down(self) -> RadioChannel:
        """To the console."""
        ...

    def pour(self, datagram: bytes) -> None:
        """Noise."""
        ...


Shape = Callable[[Air, np.random.Generator, int], Act | None]


def _set(air: Air, **figures: float) -> None:
    for channel in (air.up, air.down):
        channel.params = msgspec.structs.replace(channel.params, **figures)


def _total_loss(air: Air, _draw: np.random.Generator, _now_ns: int) -> None:
    air.up.cut = air.down.cut = True


def _flapping(air: Air, draw: np.random.Generator, _now_ns: int) -> Act:
    period, share = int(draw.integers(15, 40)), float(draw.uniform(0.2, 0.6))

    def act(tick: int) -> None:
        air.up.cut = air.down.cut = tick % period >= period * share

    return act


def _downlink_dead(air: Air, _draw: np.random.Generator, _now_ns: int) -> None:
    air.down.cut = True


def _uplink_dead(air: Air, _draw: np.random.Generator, _now_ns: int) -> None:
    air.up.cut = True


def _latency(air: Air, draw: np.random.Generator, _now_ns: int) -> None:
    _set(air, delay_s=float(draw.uniform(0.05, 2.0)))


def _spike(air: Air, draw: np.random.Generator, _now_ns: int) -> Act:
    """Everything is held back, then comes at once."""
    held_ticks = int(draw.integers(20, 60))
    _set(air, delay_s=held_ticks * 0.02)
    plain_s = 0.01

    def act(tick: int) -> None:
        if tick == held_ticks:
            _set(air, delay_s=plain_s)

    return act


def _narrow(air: Air, draw: np.random.Generator, _now_ns: int) -> None:
    _set(air, rate_bps=float(draw.uniform(4_000.0, 64_000.0)), queue_s=2.0)


def _jammed(air: Air, draw: np.random.Generator, _now_ns: int) -> Act:
    """Most frames are broken, and 10 Mbit/s of noise stand before the receiver."""
    _set(air, corrupt_ratio=float(draw.uniform(0.6, 1.0)))
    noise = [draw.bytes(1_250) for _ in range(20)]

    def act(_tick: int) -> None:
        for datagram in noise:
            air.pour(datagram)

    return act


SHAPES: dict[str, Shape] = {
    "1 total loss": _total_loss,
    "3 flapping": _flapping,
    "4 downlink dead": _downlink_dead,
    "5 uplink dead": _uplink_dead,
    "6 latency": _latency,
    "7 spike": _spike,
    "10 narrow": _narrow,
    "11 jammed": _jammed,
}
"""By the row of the catalogue (docs/SAFETY.md)."""


def recorded(trace: Trace) -> Shape:
    """A recorded link from a little before one of its outages on."""

    def shape(air: Air, draw: np.random.Generator, now_ns: int) -> None:
        bad_s = link_traces.outages_s(trace, 0.15)
        last_s = trace[-1][0]
        from_s = float(draw.choice(bad_s)) - float(draw.uniform(0.0, LEAD_S)) if bad_s else draw.uniform(0.0, last_s)
        replay = link_traces.window(trace, max(0.0, float(from_s)), TRACE_S, now_ns / NS_PER_S)
        for channel in (air.up, air.down):
            channel.params = msgspec.structs.replace(channel.params, trace=replay)

    return shape
