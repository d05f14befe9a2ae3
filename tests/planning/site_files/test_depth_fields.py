"""Which fields of a site state the required depth: none does by accident, and a depth in another language is told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vehicle.contracts.errors import InputError
from vehicle.planning.site.depth_fields import BARE_KEYS, DEPTH_WORDS, KEYS, UNITS_M, declared_m, not_understood

VALUES = st.one_of(
    st.floats(0.01, 1.0), st.integers(1, 400), st.sampled_from(["0.2 m", "15 cm", "150 mm", "Radna", "x"])
)


WORDS_OF_DEPTH = (*KEYS, *BARE_KEYS)


@settings(max_examples=40)
@given(st.text(max_size=12), VALUES)
def test_a_field_without_a_word_for_depth_states_none(key: str, value: object) -> None:
    letters = "".join(letter for letter in key.casefold() if letter.isalpha())
    if not any(word in letters for word in WORDS_OF_DEPTH):
        assert declared_m("here", {key: value}) is None


@pytest.mark.parametrize(
    "key", ["m", "M", "cm", "mm", "1", "2026", "", "_", "назва", "Назва", "№", "地", "ad", "naziv"]
)
@pytest.mark.parametrize("value", [0.3, 25, "0.2 m", "Робоча ділянка"])
def test_a_bare_unit_a_number_and_a_name_in_another_script_are_no_depth(key: str, value: object) -> None:
    assert declared_m("here", {key: value}) is None
    assert not_understood({key: value}) == ()


@given(st.sampled_from(BARE_KEYS), st.sampled_from(sorted(UNITS_M)), st.floats(0.05, 0.5), st.sampled_from("_- ."))
def test_a_known_field_with_its_unit_states_it(stem: str, unit: str, depth_m: float, between: str) -> None:
    key = f"{stem}{between}{unit}".title()
    assert declared_m("here", {key: depth_m / UNITS_M[unit]}) == pytest.approx(depth_m)


WORDS = [
    "dubina_m", "Radna dubina", "дубина", "глибина", "Глубина, м", "derinlik", "İş dərinliyi", "dərinlik_sm",
    "thellësia", "Tiefe", "Arbeitstiefe", "profondeur", "profundidad", "adancime_depth", "дълбочина", "длабочина",
]  # fmt: skip


@pytest.mark.parametrize("key", WORDS)
def test_a_depth_in_another_language_is_told_and_never_taken(key: str) -> None:
    assert declared_m("here", {key: "0.2 m"}) is None
    assert not_understood({key: "0.2 m"}) == (key,)


@pytest.mark.parametrize("key", ["water_depth", "max_depth", "depth_to_water", "soil depth"])
def test_other_depths_are_not_told(key: str) -> None:
    assert not_understood({key: 3}) == ()


def test_a_known_field_of_another_unit_is_refused() -> None:
    with pytest.raises(InputError, match="names no unit"):
        declared_m("here", {"required_depth_ft": 1})
    assert DEPTH_WORDS.search("depth")


@pytest.mark.parametrize(("key", "value"), [("required_depth_mm", 0.15), ("required_depth_cm", 0.2), ("depth", "2 mm")])
def test_a_depth_in_the_wrong_unit_is_refused(key: str, value: object) -> None:
    with pytest.raises(InputError, match="check its unit"):
        declared_m("here", {key: value})
    assert declared_m("here", {"required_depth_cm": 1}) == pytest.approx(0.01)
