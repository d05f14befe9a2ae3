"""COMMAND_LONG and COMMAND_INT: exactly one final COMMAND_ACK for each.

A command that is repeated because its answer was lost gets the same answer again and acts once. Commands that stop are
accepted from every authenticated station. Commands that could lead to motion follow the rules of `gcs_station.py`.
"""

import msgspec

from firmware_bridge.mavlink import _dialect as d
from firmware_bridge.types import OperatorEdge
from vehicle.contracts.units import NS_PER_S
from vehicle.operator_link.acts import ACTS, emergency, leads_on, stops, unheard, unknown
from vehicle.operator_link.command import ACCEPTED, DENIED, REJECTED, UNSUPPORTED, Command, Context, Handler, Waits
from vehicle.operator_link.pursuit import TOWARDS_MOTION, End
from vehicle.operator_link.requests import REQUESTS
from vehicle.operator_link.transfer import text
from vehicle.operator_link.vehicle_view import Message

TABLE: dict[int, Handler] = ACTS | REQUESTS
REPEAT_NS = 12_000_000_000
"""With a higher confirmation it is a repeat of the same within so long: a ground station waits 10 s for an arming."""
ONE_ACT_NS = 1_000_000_000
"""The same arming or disarming within so long is one act, whatever its confirmation says."""
ONE_ACT = frozenset({d.MAV_CMD_COMPONENT_ARM_DISARM})


class Pending(msgspec.Struct, frozen=True):
    """A command whose answer waits for the vehicle."""

    command: Command
    waits: Waits
    until_ns: int


class Last(msgspec.Struct, frozen=True):
    """The final answer to a command, kept in case it was lost on its way. `acted`: not refused at once."""

    command: Command
    result: int
    t_ns: int
    acted: bool


class Commands:
    """The commands of one station on one peer."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._last: dict[tuple[int, tuple[int, int]], Last] = {}
        self._pending: list[Pending] = []

    def handle(self, command: Command, now_ns: int) -> list[Message]:
        """Act, and answer; what was sent to all vehicles, or comes too late, stops, asks, and does nothing else."""
        if unheard(command) and leads_on(command):
            return [command.answered(DENIED), text(unheard(command))]
        if any(_same(pending.command, command) for pending in self._pending):
            return self._again(command, [])  # the one that is under way is answered
        before = self._last.get((command.command, command.sender))
        if before is not None and _same(before.command, command) and _repeats(before, command, now_ns):
            if not stops(command):  # a loop "arm until armed" stays one act for as long as it turns
                self._last[command.command, command.sender] = Last(command, before.result, now_ns, before.acted)
            return self._again(command, self._answered(before, command))
        handler = TABLE.get(command.command)
        if handler is None:
            return self._final(command, UNSUPPORTED, unknown(command.command), now_ns)
        outcome, messages = handler(self._context, command, now_ns)
        if isinstance(outcome, int):
            return self._final(command, outcome, messages, now_ns, acted=outcome == ACCEPTED)
        self._pending.append(Pending(command, outcome, now_ns + round(outcome.answer_s * NS_PER_S)))
        return messages

    def _again(self, command: Command, answer: list[Message]) -> list[Message]:
        """A program says the same again: one act of whoever sits before it. What stops is heard each time."""
        if stops(command):
            self._context.stop(OperatorEdge.STOP)
        return answer

    def _answered(self, before: Last, command: Command) -> list[Message]:
        view = self._context.view
        arms = command.command == d.MAV_CMD_COMPONENT_ARM_DISARM and not stops(command)
        if arms and before.result == ACCEPTED and not (view.armed and view.fresh):
            return [command.answered(REJECTED), text("Arm: stopped meanwhile. Wait, then arm")]
        return [command.answered(before.result)]

    def poll(self, now_ns: int) -> list[Message]:
        """Answer what was waiting for the vehicle."""
        if not self._pending:
            return []
        self._context.station.settle(self._context.view, now_ns)
        said: list[Message] = []
        for pending in self._pending[:]:
            end = pending.waits.pursuit.end
            if end is None and now_ns >= pending.until_ns:
                end = End.LATE
                if pending.waits.pursuit.goal in TOWARDS_MOTION:  # what was refused must not come true later
                    pending.waits.pursuit.end = end
            if end is not None:
                self._pending.remove(pending)
                result, messages = pending.waits.later(end)
                said += self._final(pending.command, result, messages, now_ns, acted=True)
        return said

    def _final(
        self, command: Command, result: int, messages: list[Message], now_ns: int, *, acted: bool = False
    ) -> list[Message]:
        self._last[command.command, command.sender] = Last(command, result, now_ns, acted)
        return [command.answered(result), *messages]


def _repeats(before: Last, command: Command, now_ns: int) -> bool:
    if emergency(command):
        return False
    if command.confirmation > before.command.confirmation and now_ns - before.t_ns < REPEAT_NS:
        return True
    return before.acted and command.command in ONE_ACT and now_ns - before.t_ns < ONE_ACT_NS


def _same(one: Command, other: Command) -> bool:
    return _said(one) == _said(other)


def _said(command: Command) -> tuple[int, tuple[int, int], str, str]:
    # params compare as text: NaN equals itself there
    return command.command, command.sender, repr(command.params), unheard(command)
