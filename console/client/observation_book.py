"""Observations that wait for the vehicle's answer; each is sent once a second until it comes, and is recorded once."""

from typing import Final

import msgspec

from firmware_bridge.types import Observation

REPEAT_NS: Final = 1_000_000_000


class ObservationBook:
    """By the observation's number."""

    def __init__(self) -> None:
        self._waiting: dict[int, tuple[Observation, int]] = {}

    def put(self, observation: Observation) -> None:
        """Send this until `end` is called."""
        self._waiting[observation.sequence] = (observation, 0)

    def end(self, sequence: int) -> None:
        """Stop repeating: it was answered, or nobody waits any more."""
        self._waiting.pop(sequence, None)

    def clear(self) -> None:
        """Forget all; it is unknown whether they were recorded."""
        self._waiting.clear()

    def due(self, session_id: int, now_ns: int) -> list[Observation]:
        """Return what is to be sent now, in the present session."""
        found = []
        for sequence, (observation, due_ns) in self._waiting.items():
            if now_ns >= due_ns:
                found.append(msgspec.structs.replace(observation, session_id=session_id))
                self._waiting[sequence] = (observation, now_ns + REPEAT_NS)
        return found
