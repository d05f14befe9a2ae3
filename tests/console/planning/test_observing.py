"""What somebody saw goes to the record in the vehicle's own terms; what became of it is told as it is."""

import asyncio
import re
from types import SimpleNamespace
from typing import Any, cast

import pytest

from console.client.link import ConsoleLink
from console.server.planning.observing import observation_of, observed
from console.server.settings import PAGE
from firmware_bridge.types import Observation, ObservationKind, ObservationResult, ObservationVerdict
from vehicle.contracts.errors import InputError
from vehicle.contracts.shift_table import ITEM_OF, RING, fault_of, said_of

SEEN = {
    "vehicle": "a", "number": 4_000_000_000,
    "kind": "detonation", "value": 4, "who": "Team 2", "note": "AT", "e": 12.0, "n": -3.0,
    "datum": {"lat_deg": 40.0, "lon_deg": 47.0},
}  # fmt: skip


class Link:
    """Answers an observation as it is told to."""

    def __init__(self, answer: ObservationVerdict | Exception | None, text: str = "") -> None:
        self.view = SimpleNamespace(vehicle=object() if answer is not None else None)
        self.heard: list[Observation] = []
        self.sequences: list[int | None] = []
        self._answer, self._text = answer, text

    async def observe(self, observation: Observation, *, sequence: int | None = None) -> ObservationResult:
        self.heard.append(observation)
        self.sequences.append(sequence)
        if isinstance(self._answer, Exception):
            raise self._answer
        assert self._answer is not None
        return ObservationResult(station_id=1, sequence=1, result=self._answer, text=self._text)


def answer(body: dict[str, Any], link: Link) -> dict[str, Any]:
    return asyncio.run(observed(body, cast("ConsoleLink", link), "a"))


def test_a_detonation_is_classified_at_its_place() -> None:
    link = Link(ObservationVerdict.RECORDED)
    assert answer(SEEN, link) == {"recorded": True, "text": ""}
    heard = link.heard[0]
    assert (heard.kind, heard.value, heard.who, heard.text) == (ObservationKind.DETONATION_CLASS, 4, "Team 2", "AT")
    assert heard.lat_deg == pytest.approx(40.0 - 3.0 / 111_035.0, abs=1e-7)
    assert heard.lon_deg == pytest.approx(47.0 + 12.0 / 85_394.0, abs=1e-6)


def test_an_act_of_the_shift_goes_out_in_the_words_of_the_table() -> None:
    link = Link(ObservationVerdict.RECORDED)
    told = {"vehicle": "a", "number": 7, "kind": "shift_done", "who": "Sentry 1", "note": "ring"}
    assert answer(told, link) == {"recorded": True, "text": ""}
    heard = link.heard[0]
    assert (heard.kind, heard.who, heard.text) == (ObservationKind.SHIFT_DONE, "Sentry 1", "ring")
    assert (said_of(heard.text) or (None,))[0] is ITEM_OF[RING]
    assert heard.time_utc_us is not None, "the vehicle refuses an act without a time"


def test_every_item_that_the_page_names_is_in_the_table() -> None:
    page = (PAGE / "js/checklist_acts.js").read_text(encoding="utf-8")
    line = re.search(r"ITEMS = \{(.*)\}", page)
    assert line is not None
    named = re.findall(r': "([^"]+)"', line[1])
    assert len(named) == 4
    assert [name for name in named if name not in ITEM_OF] == []
    told = re.search(r'note: "([^"]+)"', page)
    assert told is not None
    assert fault_of(told[1], "A", done=True) == ""


def test_a_refusal_is_no_record() -> None:
    assert answer(SEEN, Link(ObservationVerdict.REFUSED, "who?")) == {"recorded": False, "text": "who?"}


def test_without_an_answer_nobody_says_that_it_is_recorded() -> None:
    with pytest.raises(InputError, match="it is unknown whether it was recorded"):
        answer(SEEN, Link(TimeoutError()))
    with pytest.raises(InputError, match="No link"):
        answer(SEEN, Link(None))
    with pytest.raises(InputError, match="value is 9"):
        answer(SEEN, Link(ValueError("value is 9")))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"kind": "earthquake"}, "no known kind"),
        ({"who": "  "}, "who saw it"),
        ({"datum": None}, "has no datum"),
        ({"e": None}, "e or n alone"),
        ({"value": None}, "without a value"),
        ({"n": None}, "e or n alone"),
        ({"value": "four"}, "the observation"),
        ({"number": 2**32}, "the observation"),
        ({"number": None}, "the observation"),
        ({"vehicle": None}, "the observation"),
    ],
)
def test_what_is_no_observation_is_one_sentence(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(InputError, match=sentence):
        observation_of({**SEEN, **change})


def test_a_note_needs_no_place() -> None:
    note = observation_of(
        {"vehicle": "a", "number": 1, "kind": "note", "who": "Team 2", "note": "skipped swath 4: wet"}
    )
    assert (note.kind, note.lat_deg, note.lon_deg) == (ObservationKind.NOTE, None, None)


def test_what_is_said_of_another_vehicle_than_the_steered_one_is_not_sent() -> None:
    link = Link(ObservationVerdict.RECORDED)
    with pytest.raises(InputError, match="another vehicle"):
        answer({**SEEN, "vehicle": "b"}, link)
    assert link.heard == []


def test_each_try_has_the_number_of_the_page() -> None:
    link = Link(ObservationVerdict.RECORDED)
    answer(SEEN, link)
    answer(SEEN, link)
    assert link.sequences == [4_000_000_000, 4_000_000_000]
