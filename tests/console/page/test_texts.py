"""Texts of the page: every key that is asked for is there, and a translation fits the English it stands for."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from console.server import next_step
from firmware_bridge.console_types import ActWhy
from sim.exercises import EXERCISES
from vehicle.contracts.messages import Mode

PAGE = Path(__file__).parents[3] / "console" / "page"
TEXT = PAGE / "text"
OTHERS = sorted(path.name for path in TEXT.iterdir() if path.is_dir() and path.name != "en")
FORMS = {"az": {"one", "other"}, "tr": {"one", "other"}, "uk": {"one", "few", "many", "other"}}
"""Plural forms of each language (CLDR), of whole numbers."""


def texts(language: str) -> dict[str, Any]:
    """All texts of one language."""
    found: dict[str, Any] = {}
    for path in sorted((TEXT / language).glob("*.json")):
        for key, text in json.loads(path.read_text(encoding="utf-8")).items():
            assert key not in found, f"{language}: {key} twice"
            found[key] = text
    return found


def places(text: Any) -> set[str]:
    """What is filled in."""
    whole = text if isinstance(text, str) else " ".join(text.values())
    return set(re.findall(r"\{([\w.]+)\}", whole))


ENGLISH = texts("en")


CONSOLE = PAGE.parent
SOURCES = [
    path
    for folder in (PAGE / "js", CONSOLE / "server", CONSOLE / "client", PAGE)
    for path in sorted(folder.glob("*.html") if folder is PAGE else folder.rglob("*.*"))
    if path.suffix in (".js", ".py", ".html")
]
NEXT = {*next_step.AFTER.values(), *next_step.FIRST.values(), "back_off", "done"}
"""Those that follow within a swath, those that a segment begins with, and the end."""


def test_every_key_that_the_page_names_has_a_text() -> None:
    """Keys made of two parts have at least one text that begins so."""
    for path in sorted((PAGE / "js").rglob("*.js")):
        source = path.read_text(encoding="utf-8")
        for key in re.findall(r'\b(?:t|said|led|WHY)\("([^"]+)"', source) + re.findall(r'key: "(\w+\.[\w.]+)"', source):
            assert key in ENGLISH, f"{path.name}: {key}"
        for start in re.findall(r"\b(?:t|said|led)\(`([\w.]+)\$\{", source):
            assert start == "reason." or any(key.startswith(start) for key in ENGLISH), f"{path.name}: {start}..."


def test_every_text_is_used() -> None:
    """By its whole key, or by a key that is put together of a beginning, a name and an end."""
    whole: set[str] = set()
    made: set[tuple[str, str]] = set()
    for path in SOURCES:
        source = path.read_text(encoding="utf-8")
        whole.update(re.findall(r"""["'`]([\w-]+(?:\.[\w-]+)*)["'`]""", source))
        parts = re.findall(r"""(?=[`"]([\w.]*)\$?\{[^}]*\}([\w.]*))""", source)
        made.update(part for part in parts if "." in part[0] or (part[0] == "" and part[1].startswith("_")))
    found = [key for key in ENGLISH if key not in whole and not any(_fits(key, *part) for part in made)]
    assert found == []
    assert {key for key in ENGLISH if key.startswith("next.")} == {f"next.{name}" for name in {*NEXT, "m"}}


def _fits(key: str, start: str, end: str) -> bool:
    return key.startswith(start) and key.endswith(end) and len(key) > len(start) + len(end)


def test_every_mode_and_every_refusal_has_words() -> None:
    """The names are the vehicle's, never the page's guess."""
    assert {f"mode.{mode.name}" for mode in Mode} <= set(ENGLISH)
    assert {f"act.why.{why.key}" for why in ActWhy if why is not ActWhy.NONE} <= set(ENGLISH)


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_fits_its_english(language: str) -> None:
    """No key of its own, the same values filled in, the plural forms of the language."""
    for key, text in texts(language).items():
        assert key.startswith("reviewed_by.") or key in ENGLISH, key
        if key.startswith("reviewed_by."):
            continue
        assert places(text) == places(ENGLISH[key]), key
        assert isinstance(text, str) == isinstance(ENGLISH[key], str), key
        if not isinstance(text, str):
            assert set(text) == FORMS[language], key


def test_no_text_promises_what_nobody_can() -> None:
    """Treated ground is neither called safe nor cleared; "safe ground" is what bears the tracks from the start."""
    for key, text in ENGLISH.items():
        # the word of the site file for untreated ground that bears the tracks
        words = str(text).lower().replace("safe ground", "").replace("safe, bears the tracks", "")
        assert not re.search(r"\bcleared\b|\bsafe\b", words), key


def test_every_exercise_has_a_name() -> None:
    assert {f"training.{name.replace('-', '_')}" for name in EXERCISES} <= set(ENGLISH)
