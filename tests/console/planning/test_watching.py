"""Hours, way and events are what this console saw, and nothing more."""

import pytest

from console.client.view import ConsoleView, LinkState
from console.server.planning.watching import STEP_MAX_S, WAY_MAX, Watch
from tests.console.server.support import frame
from vehicle.contracts.messages import Mode


def view(mode: Mode | None = Mode.AUTO_WORK, state: LinkState = LinkState.OPEN) -> ConsoleView:
    return ConsoleView(state=state, vehicle=None if mode is None else frame(mode=int(mode)))


def looked(*looks: tuple[float, ConsoleView], place: tuple[float, float] | None = (0.0, 0.0)) -> Watch:
    watch = Watch()
    for now_s, seen in looks:
        watch.look(seen, "plan", place, now_s)
    return watch


def test_time_counts_for_what_the_vehicle_does() -> None:
    watch = looked(
        (100.0, view()),
        (101.0, view()),
        (102.0, view(Mode.AUTO_MOVE)),
        (103.0, view(Mode.HOLD)),
        (104.0, view(Mode.DISARMED)),
        (105.0, view(state=LinkState.LOST)),
        (106.0, view(None)),
    )
    assert watch.seen()["hours"] == {"work": 1.0, "move": 1.0, "stopped": 1.0, "waiting": 1.0, "link_down": 2.0}
    assert watch.seen()["time_s"] == 6.0


def test_a_computer_that_slept_worked_nothing() -> None:
    assert looked((0.0, view()), (3600.0, view())).seen()["hours"]["work"] == STEP_MAX_S


def test_another_plan_is_another_task() -> None:
    watch = looked((0.0, view()), (1.0, view()))
    watch.look(view(), "another", (0.0, 0.0), 2.0)
    assert watch.seen()["time_s"] == 0.0
    watch.look(view(), "", None, 3.0)  # not known for a moment
    assert watch.plan_hash == "another"


def test_changes_of_mode_are_events_at_their_place_and_the_first_is_none() -> None:
    watch = Watch()
    watch.look(view(Mode.AUTO_WORK), "plan", (1.0, 2.0), 0.0)
    watch.look(view(Mode.STOPPING), "plan", (1.5, 2.0), 1.0)
    watch.look(view(Mode.STOPPING), "plan", (1.6, 2.0), 1.1)  # no change, no event
    (event,) = watch.seen()["events"]
    assert (event["text"], event["e"], event["n"], event["t_s"]) == ("AUTO_WORK -> STOPPING", 1.5, 2.0, 1.0)
    watch.look(view(Mode.HOLD, LinkState.LOST), "plan", None, 2.0)  # old: nobody knows the mode now
    assert len(watch.seen()["events"]) == 1


def test_the_way_is_kept_and_bounded() -> None:
    watch = Watch()
    for n in range(3 * WAY_MAX):
        watch.look(view(), "plan", (0.6 * n, 0.0), float(n))
    way = watch.seen()["trail_m"]
    assert WAY_MAX // 2 <= len(way) <= WAY_MAX
    assert way[0] == (0.0, 0.0)
    assert way[-1] == pytest.approx((0.6 * (3 * WAY_MAX - 1), 0.0), abs=3.0)


def test_standing_adds_no_way_and_notes_are_events() -> None:
    watch = looked((0.0, view()), (1.0, view()), (2.0, view()))
    assert watch.seen()["trail_m"] == [(0.0, 0.0)]
    watch.note("detonation: at", (3.0, 4.0), kind="detonation")
    assert watch.seen()["events"][-1]["kind"] == "detonation"
