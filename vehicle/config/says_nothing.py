"""Words that fill a field and state no fact: a fact that nobody knows is said to be unknown, never filled."""

from typing import Final

FILLERS: Final = frozenset(
    (
        "na", "nil", "null", "tbd", "tba", "tbc", "todo", "fixme", "xx", "xxx", "unknown", "notapplicable", "notknown",
        "notyetknown", "tobedecided", "tobedefined", "tobedetermined", "tobeannounced", "tobeconfirmed", "tobedone",
        "noidea", "placeholder", "loremipsum", "fillin",
    )
)  # fmt: skip
"""Without spaces and signs."""


def says_nothing(text: str) -> bool:
    """Whether this is a filler, such as TODO, n/a or ???, in any spelling, and no fact."""
    letters = "".join(filter(str.isalnum, text.casefold()))
    return not letters or letters in FILLERS
