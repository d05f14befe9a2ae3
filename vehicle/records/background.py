"""A recorder in a thread of its own: a slow or full disk never holds up the tick, and never ends the program."""

import contextlib
import queue
import threading
from collections.abc import Callable

from vehicle.contracts.messages import Event
from vehicle.contracts.sockets import ControllerAdapter, TickRecord
from vehicle.control.state import VehicleState
from vehicle.records.writer import Recorder

BACKLOG_MAX = 3_000
"""A minute of ticks; what a disk cannot take by then is dropped and counted."""
BEHIND_MAX = 500
"""Ten seconds of ticks behind the disk counts as not recording (row 82)."""


class BackgroundRecorder:
    """Hands everything to `recorder` from its thread, in order.

    `fault` holds the first refusal of the disk (and nothing is written any more); `dropped` counts what was lost.
    """

    name = "recording"

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self.dropped = 0
        self.fault = ""
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def healthy(self) -> bool:
        """The disk takes what it is given, and is not far behind."""
        return not self.fault and self._jobs.qsize() < BEHIND_MAX

    def begin(self, state: VehicleState, controller: ControllerAdapter) -> None:
        """Keep what the run starts from."""
        self._put(lambda: self._recorder.begin(state, controller))

    def accept(self, record: TickRecord) -> None:
        """Keep one tick."""
        self._put(lambda: self._recorder.accept(record))

    def note(self, event: Event) -> None:
        """Keep an event that came of no tick."""
        self._put(lambda: self._recorder.note(event))

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits and finish the file."""
        self._jobs.put(self._recorder.close)  # even where the backlog is full: it is what makes the file whole
        self._jobs.put(None)
        self._thread.join(timeout_s)

    def _put(self, job: Callable[[], None]) -> None:
        if self.fault or self._jobs.qsize() >= BACKLOG_MAX:
            self.dropped += 1
            return
        self._jobs.put(job)

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            if self.fault:
                self.dropped += 1
                continue
            try:
                job()
            except (OSError, ValueError) as refusal:  # ValueError: the file was closed under us
                self.fault = f"recording ended: {refusal}"
                with contextlib.suppress(OSError, ValueError):
                    self._recorder.close()
