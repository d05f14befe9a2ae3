"""A task as this console observed it: seconds by activity, the vehicle's path, stops and messages. Pure.

It counts only while it is connected; the vehicle's own record holds everything.
"""

from typing import Any, Final

from console.client.view import ConsoleView, LinkState
from vehicle.contracts.messages import Mode

WAY_STEP_M: Final = 0.5
WAY_MAX: Final = 20_000
EVENTS_MAX: Final = 500
STEP_MAX_S: Final = 5.0
"""A longer pause between two calls is not counted: the computer was asleep."""
KINDS: Final = {
    Mode.AUTO_WORK: "work",
    Mode.AUTO_MOVE: "move",
    Mode.MANUAL: "by_stick",
    Mode.RECOVERY: "by_stick",
    Mode.WAIT: "wait",
    Mode.STOPPING: "stopped",
    Mode.HOLD: "stopped",
    Mode.FAULT: "stopped",
    Mode.ESTOP: "stopped",
}
"""Modes and their activities; every other mode counts as waiting."""
LINK_DOWN, WAITING = "link_down", "waiting"


class Watch:
    """One task of one vehicle, identified by its plan; another plan begins another task."""

    def __init__(self) -> None:
        self.plan_hash = ""
        self._begin("", 0.0)

    def _begin(self, plan_hash: str, now_s: float) -> None:
        self.plan_hash, self._start_s, self._now_s = plan_hash, now_s, now_s
        self._hours: dict[str, float] = {}
        self._way: list[tuple[float, float]] = []
        self._events: list[dict[str, Any]] = []
        self._mode: Mode | None = None

    def look(self, view: ConsoleView, plan_hash: str, place_m: tuple[float, float] | None, now_s: float) -> None:
        """Note the vehicle's state, about twice a second; `place_m` is its position, None if unknown."""
        if plan_hash and plan_hash != self.plan_hash:
            self._begin(plan_hash, now_s)
        kind = self._kind(view)
        self._hours[kind] = self._hours.get(kind, 0.0) + min(max(now_s - self._now_s, 0.0), STEP_MAX_S)
        self._now_s = now_s
        if view.vehicle is not None and view.state is LinkState.OPEN:
            self._event_of(Mode(view.vehicle.mode), view.vehicle.tick, place_m)
            self._go(place_m)

    def resume(self, now_s: float) -> None:
        """Continue after a pause: its time is not counted, and the mode before it makes no event."""
        self._now_s, self._mode = now_s, None

    def _kind(self, view: ConsoleView) -> str:
        if view.state is not LinkState.OPEN or view.vehicle is None:
            return LINK_DOWN
        return KINDS.get(Mode(view.vehicle.mode), WAITING)

    def _event_of(self, mode: Mode, tick: int, place_m: tuple[float, float] | None) -> None:
        if mode is self._mode:
            return
        if self._mode is not None:
            e, n = place_m if place_m is not None else (None, None)
            text = f"{self._mode.name} -> {mode.name}"
            row = {"t_s": self._now_s - self._start_s, "tick": tick, "kind": "mode", "text": text, "e": e, "n": n}
            self._events = [*self._events, row][-EVENTS_MAX:]
        self._mode = mode

    def _go(self, place_m: tuple[float, float] | None) -> None:
        if place_m is None:
            return
        if self._way:
            (x0, y0), (x1, y1) = self._way[-1], place_m
            if (x1 - x0) ** 2 + (y1 - y0) ** 2 < WAY_STEP_M**2:
                return
        self._way.append(place_m)
        if len(self._way) > WAY_MAX:
            self._way = self._way[::2]

    def note(self, text: str, place_m: tuple[float, float] | None = None, *, kind: str = "note") -> None:
        """Note an observation that was recorded through this console."""
        e, n = place_m if place_m is not None else (None, None)
        row = {"t_s": self._now_s - self._start_s, "tick": 0, "kind": kind, "text": text, "e": e, "n": n}
        self._events = [*self._events, row][-EVENTS_MAX:]

    def seen(self) -> dict[str, Any]:
        """Return for the record: seconds by activity, their sum, path and events."""
        return {
            "hours": {kind: round(value, 1) for kind, value in self._hours.items()},
            "time_s": round(sum(self._hours.values()), 1),
            "trail_m": list(self._way),
            "events": list(self._events),
        }
