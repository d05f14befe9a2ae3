"""The stations of one vehicle whose keys may do nothing but STOP: what `stop_only.judged` lets through, done.

Each press is one line in the record, a note under the name of the station, and one line for every other station.
"""

from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from firmware_bridge.console_types import ActWhy
from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.mavlink.conventions import cut_text
from firmware_bridge.mavlink.framing import Frame
from firmware_bridge.mavlink.observation_adapters import WHO_BYTES
from firmware_bridge.types import Observation, ObservationKind, OperatorEdge
from vehicle.operator_link.act_desk import ActDesk
from vehicle.operator_link.hints import Hints
from vehicle.operator_link.peer import Peer
from vehicle.operator_link.pending_inputs import PendingInputs
from vehicle.operator_link.stop_only import Fields, Heard, judged
from vehicle.operator_link.streams import Streams
from vehicle.operator_link.transfer import text
from vehicle.operator_link.vehicle_view import Message

NOTE: Final = "STOP by a stop-only station"
"""In the record; `vehicle/control/checks/judge.py` gives notes that begin with other words a meaning of their own."""
UNNUMBERED_NS: Final = 3_000_000_000
"""STOPs without a number that follow each other within so long are one press."""
SOONEST_NS: Final = 200_000_000
"""No hand presses twice within so short a time: it is one line in the record."""


class _Press(msgspec.Struct):
    number: int
    noted_ns: int
    heard_ns: int


class StopOnlyStations:
    """Args: stop: STOP with the next tick; tell: a line for every station; draw: n random bytes."""

    def __init__(
        self,
        stop: Callable[[OperatorEdge], None],
        tell: Callable[[Message], None],
        draw: Callable[[int], bytes],
        pending: PendingInputs,
        desk: ActDesk,
        hints: Hints,
    ) -> None:
        self._stop, self._tell, self._draw = stop, tell, draw
        self._pending, self._desk, self._hints = pending, desk, hints
        self.ids: frozenset[int] = frozenset()
        """System ids; whoever is in it is never heard as any other station."""
        self.names: Mapping[int, str] = {}
        self._presses: dict[int, _Press] = {}

    def take_peer(self, peer: Peer, system_id: int, now_ns: int) -> None:
        """Sign with the key of whoever spoke last from this address; a stop-only station never displaces another.

        Two stations on one serial radio have one address. The answers there are those of the station that drives.
        """
        before = peer.signs_for
        if before not in (0, system_id) and system_id in self.ids and before not in self.ids:
            return
        if before in self.ids and system_id not in self.ids:
            peer.streams, peer.extension = Streams(now_ns), False
        peer.signs_for = system_id

    def hear(self, peer: Peer, frame: Frame, fields: Fields, now_ns: int) -> bool:
        """One frame of such a station; True if it belongs to the proof of a session, which the caller answers."""
        heard = judged(frame, fields, now_ns)
        number = heard.act.number if heard.act is not None else 0
        if heard.stop:
            self._stop(OperatorEdge.STOP)
            self._pressed(frame.system_id, number, now_ns)
        if peer.signs_for != frame.system_id:
            return False
        if heard.act is not None:
            self._answer(heard, now_ns)
        if heard.session or number:
            peer.extension = True
            peer.streams.know_beats()
        peer.put(list(heard.told))
        if heard.refused and self._hints.due(("stop-only", frame.system_id, heard.refused), now_ns):
            self._hints.say(f"operator link: {self._name(frame.system_id)} may only STOP: {heard.refused} refused")
        return heard.session

    def _answer(self, heard: Heard, now_ns: int) -> None:
        """The frame itself reaches no tick; what became of its acts is told in the beat."""
        act = heard.act
        assert act is not None
        if act.refused and act.number:
            self._desk.refuse(act.frame, act.number, act.refused, ActWhy.NOT_NOW)
        else:
            self._desk.let_through(act.frame, act.number, now_ns)

    def _pressed(self, system_id: int, number: int, now_ns: int) -> None:
        """Once for each press, however often it is repeated."""
        last = self._presses.get(system_id)
        if last is not None:
            before_ns, last.heard_ns = last.heard_ns, now_ns
            repeated = number == last.number and (number or now_ns - before_ns < UNNUMBERED_NS)
            if repeated or now_ns - last.noted_ns < SOONEST_NS:
                return
        self._presses[system_id] = _Press(number, now_ns, now_ns)
        name = self._name(system_id)
        self._hints.say(f"operator link: STOP by {name}")
        self._tell(text(f"STOP by {name}", d.MAV_SEVERITY_WARNING))
        self._pending.observe(
            Observation(
                station_id=system_id,
                session_id=self._pending.session_id,
                sequence=int.from_bytes(self._draw(4), "little"),
                kind=ObservationKind.NOTE,
                value=0.0,
                who=cut_text(self.names.get(system_id, ""), WHO_BYTES),
                text=NOTE,
            )
        )

    def _name(self, system_id: int) -> str:
        name = self.names.get(system_id, "")
        return f"{name} (station {system_id})" if name else f"station {system_id}"
