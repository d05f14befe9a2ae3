"""The page's texts in a language, merged with the vehicle's table of stop reasons."""

import json
from pathlib import Path
from typing import Any, Final

from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.stop_reasons import RULES
from vehicle.reports.words import ENGLISH

NAME: Final = "language.name"
"""Key of the language's own name."""
Catalogue = dict[str, Any]


def languages(folder: Path) -> tuple[str, ...]:
    """Return the languages with texts; English is always the first."""
    found = {path.stem for path in folder.glob("*.json")} | {path.name for path in folder.glob("*") if path.is_dir()}
    return (ENGLISH, *sorted(found - {ENGLISH}))


def language_names(folder: Path) -> list[dict[str, str]]:
    """Return code and own name of each language; the code again if its texts have no name."""
    return [{"code": code, "name": str(catalogue(folder, code).get(NAME, code))} for code in languages(folder)]


def catalogue(folder: Path, language: str) -> Catalogue:
    """Return all texts of a language in one flat table; they override the English texts of the stop reasons.

    Raises:
        KeyError: There is no such language.
    """
    if language not in languages(folder):
        raise KeyError(language)
    found = reason_texts()
    for path in [folder / f"{language}.json", *sorted((folder / language).glob("*.json"))]:
        if path.is_file():
            found.update(json.loads(path.read_text(encoding="utf-8")))
    return found


def reason_texts() -> Catalogue:
    """Return `reason.NAME.cause`, the first sentence of the vehicle's text, and `reason.NAME.steps`, the rest."""
    found: Catalogue = {}
    for rule in RULES:
        found[f"reason.{rule.name}.cause"], found[f"reason.{rule.name}.steps"] = cause_and_steps(rule.text)
    return found


def cause_and_steps(text: str) -> tuple[str, str]:
    """Split a text after its first sentence; a point inside a number does not end one."""
    head, point, tail = text.partition(". ")
    return (head + point.strip(), tail) if point else (text, "")


def reason_rows() -> list[dict[str, Any]]:
    """Return the table of stop reasons for the page."""
    return [
        {
            "code": int(code),
            "name": rule.name,
            "level": int(rule.level),
            "auto_level": int(rule.auto_level),
            "recovery": rule.recovery.value,
            "retreat": rule.retreat,
            "waits": rule.waits,
            "text": rule.text,
        }
        for code, rule in zip(StopReason, RULES, strict=True)
    ]
