"""The operator's radio: datagrams both ways with delay, jitter, loss in bursts, duplicates, reordering, corruption.

The tick barrier drives it: what was written since the last step left at that step's time, and what is due is delivered.
Every datagram draws one row of the same width, so a fault that is set does not change the draws of other datagrams.
"""

import bisect
import heapq
import math

import msgspec

from firmware_bridge.ports import PortError
from sim.noise import UniformRows
from vehicle.contracts.units import NS_PER_S


class RadioParams(msgspec.Struct, frozen=True, kw_only=True):
    """Parameters of one direction; a `Radio` uses the same for both by default.

    `jitter_s`: mean of an exponential delay on top of `delay_s`; it spreads and bunches datagrams but keeps their
    order. `loss_ratio`: share of datagrams lost in the long run, in bursts of `burst_frames` on average
    (Gilbert-Elliott, all lost in the bad state). `reorder_ratio` of them are held back by `reorder_s`. `corrupt_ratio`
    get one byte changed. `rate_bps` 0: unlimited; else datagrams queue, and one that would wait longer than `queue_s`
    is dropped. `cuts_s`: windows (from, to) in which everything is lost. `trace` of (time, delay): replaces delay,
    jitter and loss from its first entry on; each entry holds until the next, and a delay of None is a loss.
    """

    delay_s: float = 0.0
    jitter_s: float = 0.0
    loss_ratio: float = 0.0
    burst_frames: float = 2.0
    duplicate_ratio: float = 0.0
    reorder_ratio: float = 0.0
    reorder_s: float = 0.1
    corrupt_ratio: float = 0.0
    rate_bps: float = 0.0
    queue_s: float = 1.0
    cuts_s: tuple[tuple[float, float], ...] = ()
    trace: tuple[tuple[float, float | None], ...] = ()


class RadioChannel:
    """One direction. For faults: `params` may be replaced at any time; `cut` loses everything while it is set.

    Counters: `sent`, `lost`, `duplicated`, `corrupted`, `delivered`.
    """

    def __init__(self, params: RadioParams, *, seed: int, name: str) -> None:
        self.params = params
        self.cut = False
        self.sent = self.lost = self.duplicated = self.corrupted = self.delivered = 0
        self._draw = UniformRows(seed, f"radio.{name}", 7)
        self._bad = False
        self._air_free_ns = self._last_due_ns = 0
        self._count = 0
        self._under_way: list[tuple[int, int, bytes]] = []

    def send(self, datagram: bytes, now_ns: int) -> None:
        """Send one datagram."""
        params, draw = self.params, self._draw.row()
        self.sent += 1
        delay_s = self._delay_s(draw, now_ns)
        aired_ns = self._aired_ns(len(datagram), now_ns)
        if delay_s is None or aired_ns is None or self._is_cut(now_ns):
            self.lost += 1
            return
        due_ns = aired_ns + round(delay_s * NS_PER_S)
        if draw[2] < params.reorder_ratio:
            due_ns += round(params.reorder_s * NS_PER_S)
        else:
            due_ns = self._last_due_ns = max(due_ns, self._last_due_ns)
        if draw[3] < params.corrupt_ratio:
            datagram = _corrupt(datagram, draw[4], draw[5])
            self.corrupted += 1
        self._put(due_ns, datagram)
        if draw[6] < params.duplicate_ratio:
            self.duplicated += 1
            self._put(due_ns, datagram)

    def due(self, now_ns: int) -> list[bytes]:
        """Return the datagrams that have arrived by `now_ns`, in order of arrival."""
        arrived: list[bytes] = []
        while self._under_way and self._under_way[0][0] <= now_ns:
            arrived.append(heapq.heappop(self._under_way)[2])
        self.delivered += len(arrived)
        return arrived

    def _put(self, due_ns: int, datagram: bytes) -> None:
        self._count += 1
        heapq.heappush(self._under_way, (due_ns, self._count, datagram))

    def _delay_s(self, draw: list[float], now_ns: int) -> float | None:
        """Return the delay [s] of a datagram, None if it is lost."""
        params = self.params
        lost = self._fades(draw[0])
        trace = params.trace
        if trace:
            index = bisect.bisect_right(trace, now_ns / NS_PER_S, key=_trace_time) - 1
            if index >= 0:
                return trace[index][1]
        if lost:
            return None
        return params.delay_s + params.jitter_s * _exponential(draw[1])

    def _fades(self, uniform: float) -> bool:
        """Step the two-state chain; return whether it is bad: `loss_ratio` of all, `burst_frames` in a row."""
        loss = self.params.loss_ratio
        if loss <= 0.0 or loss >= 1.0:
            self._bad = loss >= 1.0
            return self._bad
        # Bursts cannot be shorter than the loss itself: 60 % lost needs bad spells of 1.5 between single good ones.
        recover = 1.0 / max(self.params.burst_frames, 1.0, loss / (1.0 - loss))
        self._bad = uniform >= recover if self._bad else uniform < recover * loss / (1.0 - loss)
        return self._bad

    def _aired_ns(self, size: int, now_ns: int) -> int | None:
        """Return when its last bit is sent [ns]; None if the queue is longer than allowed."""
        if self.params.rate_bps <= 0.0:
            return now_ns
        start_ns = max(now_ns, self._air_free_ns)
        if start_ns - now_ns > self.params.queue_s * NS_PER_S:
            return None
        self._air_free_ns = start_ns + round(size * 8 / self.params.rate_bps * NS_PER_S)
        return self._air_free_ns

    def _is_cut(self, now_ns: int) -> bool:
        now_s = now_ns / NS_PER_S
        return self.cut or any(start <= now_s < end for start, end in self.params.cuts_s)


class RadioPort:
    """One end: a `BytePort` whose writes are datagrams."""

    def __init__(self) -> None:
        self.outbox: list[bytes] = []
        self.inbox: list[bytes] = []
        self._closed = False

    def read(self) -> bytes:
        """Return all that has arrived; b"" if nothing.

        Raises:
            PortError: This end is closed.
        """
        if self._closed:
            raise PortError("radio port: closed")
        if not self.inbox:
            return b""
        held = b"".join(self.inbox)
        self.inbox.clear()
        return held

    def write(self, frame: bytes) -> None:
        """Send one datagram; the radio may lose it.

        Raises:
            PortError: This end is closed.
        """
        if self._closed:
            raise PortError("radio port: closed")
        self.outbox.append(frame)

    def close(self) -> None:
        """Close this end; the other end only hears nothing any more, as on a real radio."""
        self._closed = True
        self.outbox.clear()
        self.inbox.clear()


class Radio:
    """Two ends, `vehicle` and `station`, and two channels, `up` to the vehicle and `down` to the station."""

    def __init__(self, up: RadioParams, down: RadioParams | None = None, *, seed: int) -> None:
        self.vehicle, self.station = RadioPort(), RadioPort()
        self.up = RadioChannel(up, seed=seed, name="up")
        self.down = RadioChannel(down if down is not None else up, seed=seed, name="down")
        self._last_ns = 0

    def step(self, now_ns: int) -> None:
        """Send what was written since the last step, and deliver what is due."""
        for source, channel, sink in (
            (self.station, self.up, self.vehicle),
            (self.vehicle, self.down, self.station),
        ):
            if source.outbox:
                for datagram in source.outbox:
                    channel.send(datagram, self._last_ns)
                source.outbox.clear()
            sink.inbox += channel.due(now_ns)
        self._last_ns = now_ns


def _trace_time(entry: tuple[float, float | None]) -> float:
    return entry[0]


def _exponential(uniform: float) -> float:
    """Unit exponential, limited to 7 (reached once in a thousand): a longer delay counts as lost on a real radio."""
    return min(7.0, -math.log(1.0 - uniform))


def _corrupt(datagram: bytes, where: float, what: float) -> bytes:
    """Return the datagram with one byte changed to another value."""
    changed = bytearray(datagram)
    changed[int(where * len(changed))] ^= 1 + int(what * 255)
    return bytes(changed)
