"""The publisher's counters: written in its thread, read and awaited in any other thread."""

import threading
from collections.abc import Callable

import msgspec

from vehicle.telemetry.schemas import PublisherCounts


class Counters:
    """The newest counts, with a condition to wait on. The tick never takes its lock."""

    def __init__(self) -> None:
        self.counts = PublisherCounts()
        self._changed = threading.Condition()

    def add(self, **steps: int) -> None:
        """Add these steps to the counters."""
        self.set(**{name: getattr(self.counts, name) + step for name, step in steps.items() if step})

    def set(self, **values: int | bool) -> None:
        """Replace counters; only the publisher's thread may call this."""
        with self._changed:
            self.counts = msgspec.structs.replace(self.counts, **values)
            self._changed.notify_all()

    def wait_until(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Block until `holds()` is true; return False if the time is over. Not for the control loop."""
        with self._changed:
            return self._changed.wait_for(holds, timeout_s)
