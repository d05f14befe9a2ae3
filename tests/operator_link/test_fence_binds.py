"""A fence that binds is taken away or replaced only while it stands disarmed: nothing changes under way."""

import pytest

from tests.operator_link.exchange import Exchange, texts
from tests.operator_link.test_one_site import AROUND
from tests.operator_link.test_transfer import FENCE, MISSION, RALLY, SQUARE, SURVEY, TO, result, upload
from vehicle.contracts.messages import Mode

DENIED, ACCEPTED, ALL = 14, 0, 255
STOPPED = [Mode.STOPPING, Mode.HOLD, Mode.ESTOP, Mode.FAULT]


@pytest.fixture
def link() -> Exchange:
    made = Exchange()
    made.say("HEARTBEAT", type=6)
    made.hear()
    return made


@pytest.mark.parametrize("mode", STOPPED)
@pytest.mark.parametrize("kind", [FENCE, ALL])
def test_a_fence_is_cleared_disarmed_only(link: Exchange, mode: Mode, kind: int) -> None:
    assert result(upload(link, FENCE, AROUND)) == ACCEPTED
    held, proposals = link.link.lists.held(FENCE), len(link.proposals)
    link.vehicle(mode, ("operator_stop",), holder=255)
    link.say("MISSION_CLEAR_ALL", mission_type=kind, **TO)
    heard = link.hear()
    assert result(heard) == DENIED
    assert texts(heard) == ["not cleared: fence binds until disarmed"]
    link.now_ns += 11_000_000_000
    link.say("MISSION_COUNT", count=0, mission_type=FENCE, **TO)
    heard = link.hear()
    assert result(heard) == DENIED
    assert [words for words in texts(heard) if "fence" in words] == ["fence refused: fence binds until disarmed"]
    assert all(len(words) <= 50 for words in texts(heard))
    assert result(upload(link, FENCE, SQUARE)) == DENIED
    assert (link.link.lists.held(FENCE), len(link.proposals)) == (held, proposals)
    link.vehicle()
    link.say("MISSION_CLEAR_ALL", mission_type=kind, **TO)
    assert result(link.hear()) == ACCEPTED
    assert link.link.lists.held(FENCE) == ()


@pytest.mark.parametrize("mode", STOPPED)
def test_where_no_fence_binds_one_may_come_after_a_stop(link: Exchange, mode: Mode) -> None:
    link.vehicle(mode, ("operator_stop",), holder=255)
    link.say("MISSION_CLEAR_ALL", mission_type=FENCE, **TO)
    assert result(link.hear()) == ACCEPTED
    assert result(upload(link, FENCE, AROUND)) == ACCEPTED
    link.say("MISSION_CLEAR_ALL", mission_type=RALLY, **TO)
    assert result(link.hear()) == ACCEPTED
    assert result(upload(link, MISSION, SURVEY)) in (ACCEPTED, 1)  # a matter of the fence alone


@pytest.mark.parametrize("mode", STOPPED)
def test_a_fence_begun_disarmed_does_not_replace_another_after_a_stop(link: Exchange, mode: Mode) -> None:
    assert result(upload(link, FENCE, AROUND)) == ACCEPTED
    held = link.link.lists.held(FENCE)
    link.say("MISSION_COUNT", count=len(SQUARE), mission_type=FENCE, **TO)
    for number, row in enumerate(SQUARE):
        if number == len(SQUARE) - 1:
            link.hear()
            link.vehicle(mode, ("operator_stop",), holder=255)
        link.say("MISSION_ITEM_INT", seq=number, mission_type=FENCE, **TO, **row)
    assert result(link.hear()) == DENIED
    assert link.link.lists.held(FENCE) == held
