"""Texts of the report by key, in the requested language; a missing text is shown in English and marked as English.

A warning is shown in English first, with the translation small below it, until a named person has reviewed the
translation; then the catalogue names this person (`reviewed_by.KEY`). The operator's page follows the same rule.
"""

import functools
import string
from importlib.resources import files
from typing import Final

import msgspec

from vehicle.contracts.errors import InputError
from vehicle.contracts.units import missed_text

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "az", "tr", "uk")
WARNS: Final = "warn."
REVIEWED: Final = "reviewed_by."
Catalogue = dict[str, str]
THIN: Final = "\u202f"
"""Separator of digit groups: no comma, which is the decimal sign in three languages, and a report mixes languages."""


class Words:
    """The catalogue of a language on top of the English one. Texts are HTML, and so are the values filled in."""

    def __init__(self, language: str, own: Catalogue, english: Catalogue) -> None:
        self.language, self._own, self._english = language, own, english

    def __call__(self, key: str, **values: object) -> str:
        """Return a text for the page; an English text on a page of another language is marked (`lang`)."""
        own = self.own(key, **values)
        if self.language == ENGLISH:
            return self.english(key, **values)
        if own is None:
            return f"<span lang='{ENGLISH}'>{self.english(key, **values)}</span>"
        if key.startswith(WARNS) and f"{REVIEWED}{key}" not in self._own:
            first = f"<span lang='{ENGLISH}'>{self.english(key, **values)}</span>"
            return f"{first} <small class='unreviewed'>{own}</small>"
        return own

    def __contains__(self, key: str) -> bool:
        """Whether there is a text with this key."""
        return key in self._english

    def text(self, key: str, **values: object) -> str:
        """Return a text without marking, for a picture, a title or a style."""
        own = self.own(key, **values)
        if own is None or self.language == ENGLISH:
            return self.english(key, **values)
        if key.startswith(WARNS) and f"{REVIEWED}{key}" not in self._own:
            return f"{self.english(key, **values)} ({own})"
        return own

    def english(self, key: str, **values: object) -> str:
        """Return the English text; every key has one."""
        return _filled(self._english[key], values)

    def own(self, key: str, **values: object) -> str | None:
        """Return the text in the language itself, None if there is none yet."""
        found = self._own.get(key)
        return None if found is None else _filled(found, values)

    def counts(self) -> tuple[int, int, int]:
        """Return (translated texts, all texts, translated texts that no named person has reviewed)."""
        own = [key for key in self._own if not key.startswith(REVIEWED)]
        return len(own), len(self._english), sum(f"{REVIEWED}{key}" not in self._own for key in own)


def words_of(language: str) -> Words:
    """Return the texts of a language.

    Raises:
        InputError: There is no catalogue of it.
    """
    if language not in LANGUAGES:
        raise InputError(f"--language {language}: write {', '.join(LANGUAGES[:-1])} or {LANGUAGES[-1]}")
    return _loaded(language)


def catalogue(language: str) -> Catalogue:
    """Return key -> text, as in the file."""
    content = (files("vehicle.reports") / "text" / f"{language}.json").read_bytes()
    return msgspec.json.decode(content, type=Catalogue)


@functools.cache
def _loaded(language: str) -> Words:
    english = catalogue(ENGLISH)
    return Words(language, english if language == ENGLISH else catalogue(language), english)


def placeholders(text: str) -> set[str]:
    """Return the names of a text's placeholders."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _filled(text: str, values: dict[str, object]) -> str:
    return text.format_map(values) if values else text


def grouped(value: float, digits: int = 0) -> str:
    """Return a number with digits in groups of three and a decimal point: 12 345.6."""
    return f"{value:,.{digits}f}".replace(",", THIN)


def percent(share: float, digits: int = 0) -> str:
    """Return a ratio as per cent: 98.8 %."""
    return f"{100.0 * share:.{digits}f} %"


def area(value_m2: float) -> str:
    """Return square metres with two decimals; a smaller area above 0 is never rounded to 0."""
    return missed_text(value_m2).replace(",", THIN)
