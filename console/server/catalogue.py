"""The page's texts of a language, and the vehicle's own table of stop reasons merged into them."""

import json
from pathlib import Path
from typing import Any, Final

from vehicle.contracts.stop_codes import StopReason
from vehicle.contracts.stop_reasons import RULES

ENGLISH: Final = "en"
NAME: Final = "language.name"
"""Key of what a language calls itself."""
Catalogue = dict[str, Any]


def languages(folder: Path) -> tuple[str, ...]:
    """Languages of which there are texts; English is always among them, and first."""
    found = {path.stem for path in folder.glob("*.json")} | {path.name for path in folder.glob("*") if path.is_dir()}
    return (ENGLISH, *sorted(found - {ENGLISH}))


def language_names(folder: Path) -> list[dict[str, str]]:
    """Code and own name of each language; the code again where its texts do not say what it is called."""
    return [{"code": code, "name": str(catalogue(folder, code).get(NAME, code))} for code in languages(folder)]


def catalogue(folder: Path, language: str) -> Catalogue:
    """All texts of a language in one flat table, over those of the table of reasons, which are English.

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
    """`reason.NAME.cause` is the first sentence of the vehicle's own text, `reason.NAME.steps` the rest."""
    found: Catalogue = {}
    for rule in RULES:
        found[f"reason.{rule.name}.cause"], found[f"reason.{rule.name}.steps"] = cause_and_steps(rule.text)
    return found


def cause_and_steps(text: str) -> tuple[str, str]:
    """The first sentence, and what comes after it. A point within a number ends none."""
    head, point, tail = text.partition(". ")
    return (head + point.strip(), tail) if point else (text, "")


def reason_rows() -> list[dict[str, Any]]:
    """The table of reasons for the page."""
    return [
        {
            "code": int(code),
            "name": rule.name,
            "level": int(rule.level),
            "auto_level": int(rule.auto_level),
            "recovery": rule.recovery.value,
            "retreat": rule.retreat,
            "by_hand_only": rule.by_hand_only,
            "text": rule.text,
        }
        for code, rule in zip(StopReason, RULES, strict=True)
    ]
