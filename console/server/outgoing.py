"""Selects what to send to a page: changes since its last message. A slow page gets a newer state, no queue. Pure."""

from typing import Any, Final

Sections = dict[str, Any]
AHEAD_MAX: Final = 2
"""Largest number of unacknowledged messages; otherwise socket buffers could hold minutes of old state."""


class Outgoing:
    """Compares the present state with the state sent to this page. `sequence`: of the newest message."""

    def __init__(self) -> None:
        self.sequence = self.acknowledged = 0
        self._told: Sections = {}

    @property
    def free(self) -> bool:
        """Whether the page has processed nearly all messages."""
        return self.sequence - self.acknowledged < AHEAD_MAX

    def handled(self, sequence: int) -> None:
        """Note the page's acknowledgement; one for a message never sent is ignored."""
        if self.acknowledged < sequence <= self.sequence:
            self.acknowledged = sequence

    def message(self, known: Sections) -> Sections | None:
        """Return the next message with all changed sections; None if nothing changed or the page is behind."""
        if not self.free:
            return None
        changed = {
            name: section for name, section in known.items() if name not in self._told or self._told[name] != section
        }
        if not changed and self._told:
            return None
        kind = "delta" if self._told else "snapshot"
        self.sequence += 1
        self._told = dict(known)
        return {"type": kind, "seq": self.sequence, **changed}
