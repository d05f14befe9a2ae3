"""What a page is told: what changed, whole; and never more than it has handled."""

from console.server.outgoing import AHEAD_MAX, Outgoing


def test_first_all_of_it_then_what_changed() -> None:
    page = Outgoing()
    assert page.message({"a": {"x": 1}, "b": None}) == {"type": "snapshot", "seq": 1, "a": {"x": 1}, "b": None}
    assert page.message({"a": {"x": 1}, "b": None}) is None
    assert page.message({"a": {"x": 1}, "b": {"y": 2}}) == {"type": "delta", "seq": 2, "b": {"y": 2}}


def test_a_slow_page_gets_the_newest_and_no_queue() -> None:
    page = Outgoing()
    sent = [page.message({"a": value}) for value in range(100)]
    assert [one is None for one in sent] == [False] * AHEAD_MAX + [True] * (100 - AHEAD_MAX)
    page.handled(AHEAD_MAX)
    told = page.message({"a": 99})
    assert told == {"type": "delta", "seq": AHEAD_MAX + 1, "a": 99}


def test_what_went_back_to_what_the_page_knows_is_no_news() -> None:
    page = Outgoing()
    page.message({"a": 1})
    page.message({"a": 2})
    assert page.message({"a": 3}) is None
    page.handled(1)
    assert page.message({"a": 2}) is None


def test_an_acknowledgement_of_what_was_never_sent_opens_nothing() -> None:
    page = Outgoing()
    page.message({"a": 1})
    page.handled(1_000)
    assert page.acknowledged == 0
    page.handled(1)
    page.handled(0)
    assert page.acknowledged == 1
