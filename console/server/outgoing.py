"""What a page has not been told yet. A slow page gets a newer snapshot, never a queue. Pure."""

from typing import Any, Final

Sections = dict[str, Any]
AHEAD_MAX: Final = 2
"""Messages beyond the newest that the page has acknowledged; sockets would else hold minutes of old state."""


class Outgoing:
    """Compares what is known with what this page was told. `sequence`: of the newest message."""

    def __init__(self) -> None:
        self.sequence = self.acknowledged = 0
        self._told: Sections = {}

    @property
    def free(self) -> bool:
        """The page has handled nearly all that it was sent."""
        return self.sequence - self.acknowledged < AHEAD_MAX

    def handled(self, sequence: int) -> None:
        """The page's acknowledgement; of what was never sent it means nothing."""
        if self.acknowledged < sequence <= self.sequence:
            self.acknowledged = sequence

    def message(self, known: Sections) -> Sections | None:
        """The next message, the sections that changed whole; None where nothing did, or the page is behind."""
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
