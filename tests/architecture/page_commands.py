"""Commands of this program that pages and example configurations name, and what is wrong with them as written."""

import re
from collections.abc import Iterator
from typing import Any, Final

import typer
from typer.exceptions import TyperException

from flailpilot import cli

NAMED: Final = re.compile(r"`(?:[\w./-]*/)?flailpilot ([a-z][^`]*)`")
"""In the running text."""
TYPED: Final = re.compile(r"^ {4,}(?:.* -- )?(?:[\w./-]*/)?flailpilot ([a-z].*(?:\n {8,}\[.*)*)$", re.MULTILINE)
"""Alone on its line, perhaps as another user (`runuser -u USER -- ...`); lines that begin with a bracket go on."""
REMARK: Final = re.compile(r"[^\S\n]{3,}(?=\w)| # ")
CHOSEN: Final = re.compile(r"[A-Z]+\d?")
"""A word that the reader replaces, such as RUN2; 7 is a file, a name and a number."""
MAKES: Final = {"create", "rotate", "revoke", "reset"}
"""They write a key file; without `--store` one that the vehicle does not read."""
MISSING: Final = "Missing "


def commands(text: str) -> Iterator[str]:
    """Every command that a text names, without the word `flailpilot` and without a remark behind it."""
    for found in NAMED.findall(text):
        yield " ".join(found.split())
    for found in TYPED.findall(text):
        yield " ".join(REMARK.split(found)[0].split())


def words_of(command: str) -> list[str]:
    """The words as a reader would type them, with every option that stands in brackets; of choices the first."""
    words: list[str] = []
    for word in re.findall(r'"[^"]*"|[^\s\[\]]+', command):
        if word == "..." and not (words and words[-1].startswith("--")):
            continue
        first = word.strip('"').split("|")[0]
        words.append("7" if CHOSEN.fullmatch(first) else first)
    return words


def fault(command: str) -> str:
    """What is wrong with a command as written; "" if nothing is.

    A command with nothing but options only mentions them: `keys create --out`. One with `...` leaves options out.
    """
    words = words_of(command)
    found: Any = typer.main.get_command(cli.app)
    while hasattr(found, "commands"):
        if not words:
            return ""
        name = words.pop(0)
        if name not in found.commands:
            return f"there is no command {name}"
        found = found.commands[name]
    known = {
        "--help",
        *(option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)),
    }
    unknown = [word for word in words if word.startswith("--") and word not in known]
    if unknown:
        return f"there is no option {unknown[0]}"
    mention = all(word.startswith("--") for word in words)
    if found.name in MAKES and "--store" not in words and (not mention or "--yes" in words):
        return "without --store the vehicle does not read it"
    if mention:
        return ""
    try:
        found.make_context("flailpilot", words)
    except TyperException as refusal:
        told = str(refusal)
        return "" if told.startswith(MISSING) and "..." in command else told
    return ""
