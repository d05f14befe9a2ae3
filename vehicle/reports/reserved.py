"""Words that only a document of the authority may say of land, such as *cleared*, in the languages of the reports.

In files of others they are refused. In texts that are on record already they cannot be: the report then says whose
words they are.
"""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Final

import msgspec

from vehicle.config.task import rows as task_rows
from vehicle.contracts.ledger_types import Observed
from vehicle.reports.facts import JobFacts

_WORDS: Final = msgspec.json.decode(
    (files("vehicle.reports") / "reserved.json").read_bytes(), type=dict[str, tuple[str, ...]]
)
"""Language -> patterns. The names of the work itself, such as the Turkish *temizleme*, are free."""
_RESERVED: Final = re.compile(rf"\b(?:{'|'.join(word for row in _WORDS.values() for word in row)})\b", re.IGNORECASE)


def reserved_word(text: str) -> str:
    """Return the first word of a text that only a document of the authority may say of land; "" if there is none."""
    found = _RESERVED.search(text)
    return found[0] if found else ""


def people_said(facts: JobFacts) -> list[tuple[str, str]]:
    """Return (word, where) for each text of people on record that says such a word; the text itself stays as it is."""
    return [(word, where) for where, text in _texts(facts) if (word := reserved_word(text))]


def _texts(facts: JobFacts) -> Iterator[tuple[str, str]]:
    for key, text in task_rows(facts.task) if facts.task is not None else ():
        yield f"task file, {key}", text
    for row in facts.acts:
        if isinstance(row.act, Observed):
            yield f"{row.act.kind.replace('_', ' ')} of {row.act.by}", row.act.text
    for visit in facts.visits:
        for fault in visit.nonconformity:
            yield f"nonconformity {fault.number}", f"{fault.text}\n{fault.measures}"
