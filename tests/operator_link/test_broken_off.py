"""A station that goes in the middle of an upload holds nothing up: neither planning nor other stations."""

from collections.abc import Callable

import pytest

from tests.operator_link.exchange import Exchange
from tests.operator_link.test_transfer import FENCE, SQUARE, TO, result, upload

HERE = ("127.0.0.1", 14551)
S_NS = 1_000_000_000


@pytest.fixture
def link() -> Exchange:
    """A station has sent half of a fence."""
    made = Exchange()
    made.say("HEARTBEAT", type=6)
    made.say("MISSION_COUNT", count=4, mission_type=FENCE, **TO)
    made.say("MISSION_ITEM_INT", seq=0, mission_type=FENCE, **TO, **SQUARE[0])
    made.hear()
    assert made.link.lists.uploading
    return made


def invited(link: Exchange) -> None:
    link.link.invite(link.channel, HERE, 255, link.now_ns)
    link.link.present.drop(link.channel, HERE)


GOES: dict[str, Callable[[Exchange], None]] = {
    "its connection closes": lambda link: link.link.present.drop(link.channel, HERE),
    "the connection of one that is called closes": invited,
    "its key is withdrawn": lambda link: link.link.revoke(255),
    "it is forgotten": lambda link: link.link.present.forget(link.now_ns + 40 * S_NS),
}


@pytest.mark.parametrize("how", GOES)
def test_nobody_waits_for_who_is_gone(link: Exchange, how: str) -> None:
    GOES[how](link)
    assert not link.link.lists.uploading
    assert not link.link.lists.held(FENCE)
    link.say("HEARTBEAT", type=6)
    link.hear()
    assert result(upload(link, FENCE, SQUARE)) == 0


def test_another_stations_key_is_no_matter(link: Exchange) -> None:
    link.link.revoke(254)
    assert link.link.lists.uploading


def test_one_that_is_given_up_takes_nothing_from_who_came_after_it(link: Exchange) -> None:
    link.now_ns += 9 * S_NS
    link.say("HEARTBEAT", type=6, system_id=254, port=14660)
    link.say("MISSION_COUNT", count=4, mission_type=FENCE, system_id=254, port=14660, **TO)
    link.hear()
    assert link.link.lists.uploading
