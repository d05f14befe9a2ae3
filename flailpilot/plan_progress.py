"""Progress of planning: a bar on a terminal, else lines; Ctrl-C ends planning with the best plan so far."""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from vehicle.host.clock import elapsed_s
from vehicle.planning.coverage.work_limit import Stage, WorkLimit

LINE_EACH_S, BAR_EACH_S = 10.0, 0.2
HINT = "Ctrl-C: take the best plan so far"
STOPPING = "stopping: the plan so far is being finished and proven; Ctrl-C again ends without a plan"
Show = Callable[[Stage, float, float], None]
"""Stage, driving hours of the plan so far, used share of the limit."""


class PlanningLimit(WorkLimit):
    """A work limit that shows progress and that the user can end early; `struck`: the user has done so."""

    def __init__(self, limit_s: float, show: Show, each_s: float) -> None:
        super().__init__(limit_s)
        self._whole_s, self._show, self._each_s = limit_s, show, each_s
        self._stage, self._hours, self._shown_s = Stage.GROUND, 0.0, elapsed_s()
        self.struck = False

    def strike(self) -> None:
        """End planning as soon as it asks."""
        self.struck = True

    def has_room(self, share: float) -> bool:
        """Whether work may continue; called often, so the display is updated here."""
        self._tell()
        return not self.struck and super().has_room(share)

    def at(self, stage: Stage, driven_s: Callable[[], float]) -> None:
        """Note the progress of a stage."""
        if stage is not self._stage or self._due():
            self._stage, self._hours = stage, driven_s() / 3600.0
            self._tell()

    def _due(self) -> bool:
        return elapsed_s() - self._shown_s >= self._each_s

    def _tell(self) -> None:
        if self._due():
            self._shown_s = elapsed_s()
            self._show(self._stage, self._hours, min(1.0, self.spent_s() / self._whole_s))


@contextlib.contextmanager
def planning_limit(limit_s: float, *, quiet: bool) -> Iterator[PlanningLimit]:
    """Yield the limit of one planning run; Ctrl-C ends planning early, a second Ctrl-C ends the program."""
    with _shown(quiet=quiet) as (show, each_s):
        limit = PlanningLimit(limit_s, show, each_s)
        with struck_by_interrupt(limit):
            yield limit


@contextlib.contextmanager
def struck_by_interrupt(limit: PlanningLimit) -> Iterator[None]:
    """Within this block the first SIGINT ends planning; afterwards the old handler is restored."""
    before = signal.getsignal(signal.SIGINT)

    def strike(number: int, frame: FrameType | None) -> None:
        del number, frame
        signal.signal(signal.SIGINT, before)
        limit.strike()
        print(STOPPING, file=sys.stderr, flush=True)

    signal.signal(signal.SIGINT, strike)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def _shown(*, quiet: bool) -> Iterator[tuple[Show, float]]:
    if quiet:
        yield _nothing, LINE_EACH_S
        return
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _line, LINE_EACH_S
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[hours]:.1f} h so far   " + HINT))
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(Stage.GROUND.value, total=1.0, hours=0.0)
        yield (
            lambda stage, hours, share: bar.update(task, description=stage.value, completed=share, hours=hours),
            BAR_EACH_S,
        )


def _nothing(stage: Stage, hours: float, share: float) -> None:
    del stage, hours, share


def _line(stage: Stage, hours: float, share: float) -> None:
    print(f"{stage.value}: {hours:.1f} h so far, {share:.0%} of the time limit", file=sys.stderr, flush=True)
