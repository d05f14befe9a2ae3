"""Texts of the report by key, in the language that was asked for.

English where a text is missing, marked as English. A warning stands in English first, with the translation small below
it, until a named person reviewed the translation: its catalogue then says who (`reviewed_by.KEY`). The operator's page
keeps the same rule.
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
"""Between groups of digits, in every language: a comma is a decimal sign in three of them, and a report has texts of
two languages on one page."""


class Words:
    """The catalogue of a language over the English one. Texts are HTML; values that are filled in are so already."""

    def __init__(self, language: str, own: Catalogue, english: Catalogue) -> None:
        self.language, self._own, self._english = language, own, english

    def __call__(self, key: str, **values: object) -> str:
        """For the page. What stands in English on a page of another language is marked (`lang`)."""
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
        """Whether there is such a text."""
        return key in self._english

    def text(self, key: str, **values: object) -> str:
        """The same where nothing can be marked: in a picture, a title, a style."""
        own = self.own(key, **values)
        if own is None or self.language == ENGLISH:
            return self.english(key, **values)
        if key.startswith(WARNS) and f"{REVIEWED}{key}" not in self._own:
            return f"{self.english(key, **values)} ({own})"
        return own

    def english(self, key: str, **values: object) -> str:
        """The English text; every key has one."""
        return _filled(self._english[key], values)

    def own(self, key: str, **values: object) -> str | None:
        """The text of the language itself, None where there is none yet."""
        found = self._own.get(key)
        return None if found is None else _filled(found, values)

    def counts(self) -> tuple[int, int, int]:
        """(translated texts, all texts, translated texts that no named person reviewed)."""
        own = [key for key in self._own if not key.startswith(REVIEWED)]
        return len(own), len(self._english), sum(f"{REVIEWED}{key}" not in self._own for key in own)


def words_of(language: str) -> Words:
    """The texts of a language.

    Raises:
        InputError: There is no catalogue of it.
    """
    if language not in LANGUAGES:
        raise InputError(f"--language {language}: write {', '.join(LANGUAGES[:-1])} or {LANGUAGES[-1]}")
    return _loaded(language)


def catalogue(language: str) -> Catalogue:
    """Key to text, as the file has it."""
    content = (files("vehicle.reports") / "text" / f"{language}.json").read_bytes()
    return msgspec.json.decode(content, type=Catalogue)


@functools.cache
def _loaded(language: str) -> Words:
    english = catalogue(ENGLISH)
    return Words(language, english if language == ENGLISH else catalogue(language), english)


def placeholders(text: str) -> set[str]:
    """Names of what is filled in."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def _filled(text: str, values: dict[str, object]) -> str:
    return text.format_map(values) if values else text


def grouped(value: float, digits: int = 0) -> str:
    """A number with its digits in groups of three, a point before the decimals: 12 345.6."""
    return f"{value:,.{digits}f}".replace(",", THIN)


def percent(share: float, digits: int = 0) -> str:
    """A share of one in per cent: 98.8 %."""
    return f"{100.0 * share:.{digits}f} %"


def area(value_m2: float) -> str:
    """Square metres with two decimals; what is there and less than that is never rounded to nothing."""
    return missed_text(value_m2).replace(",", THIN)
