"""docs/TELEMETRY.md is what the streams and their bodies say."""

from tests.telemetry import page
from vehicle.telemetry.schemas import BODIES
from vehicle.telemetry.streams import STREAMS


def test_the_page_is_up_to_date() -> None:
    assert page.PAGE.read_text(encoding="utf-8") == page.page(), "python -m tests.telemetry.page"


def test_every_stream_has_a_body_and_a_place_on_the_page() -> None:
    assert set(BODIES) == set(STREAMS)
    assert all(f"\n## {name}\n" in page.page() for name in STREAMS)


def test_a_type_is_told_in_words_of_json() -> None:
    assert page.name_of(float | None) == "number or null"
    assert page.name_of(tuple[str, ...]) == "list of text"
