"""COMMAND_LONG and COMMAND_INT: exactly one final COMMAND_ACK for each.

A command that was repeated because its answer was lost gets the same answer again and acts once. What stops is heard
from every authenticated station; what could lead to motion only under the rules of `station.py`.
"""

import msgspec

from firmware_bridge.mavlink import _dialect as d
from vehicle.operator_link.acts import ACTS
from vehicle.operator_link.command import ACCEPTED, IN_PROGRESS, REJECTED, UNSUPPORTED, Command, Context, Handler, Later
from vehicle.operator_link.picture import Message
from vehicle.operator_link.requests import REQUESTS

TABLE: dict[int, Handler] = ACTS | REQUESTS
REPEAT_NS = 3_000_000_000
SAYS_PROGRESS = frozenset({d.MAV_CMD_COMPONENT_ARM_DISARM})
"""For a mission's start MAVSDK takes "in progress" for the answer; it asks again by itself."""


class Pending(msgspec.Struct, frozen=True):
    """A command whose answer waits for the vehicle."""

    command: Command
    later: Later


class Commands:
    """One station's commands on one peer."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._last: tuple[Command, int, int] | None = None
        self._pending: Pending | None = None

    def handle(self, command: Command, now_ns: int) -> list[Message]:
        """Act, and answer."""
        pending = self._pending
        if pending is not None and _same(pending.command, command):
            return [command.answered(IN_PROGRESS)] if command.command in SAYS_PROGRESS else []
        if self._last is not None and command.confirmation > 0:
            before, result, then_ns = self._last
            if _same(before, command) and now_ns - then_ns < REPEAT_NS:
                return [command.answered(result)]
        handler = TABLE.get(command.command)
        if handler is None:
            return self._final(command, UNSUPPORTED, [], now_ns)
        outcome, messages = handler(self._context, command, now_ns)
        if isinstance(outcome, int):
            return self._final(command, outcome, messages, now_ns)
        self._pending = Pending(command, outcome)
        return messages

    def poll(self, now_ns: int) -> list[Message]:
        """Answer what was waiting for the vehicle."""
        pending = self._pending
        if pending is None:
            return []
        reached = self._context.station.reached(self._context.picture, now_ns)
        if reached is None:
            return []
        self._pending = None
        return self._final(pending.command, ACCEPTED if reached else REJECTED, pending.later(reached), now_ns)

    def _final(self, command: Command, result: int, messages: list[Message], now_ns: int) -> list[Message]:
        self._last = (command, result, now_ns)
        return [command.answered(result), *messages]


def _same(one: Command, other: Command) -> bool:
    # params compare as text: NaN equals itself there
    return (one.command, one.sender, repr(one.params)) == (other.command, other.sender, repr(other.params))
