"""Marks: for a share of a test's cases, and for tests that read recordings of others."""

import os
from collections.abc import Iterable
from typing import Any

import pytest

from tests import needs

reads_shared = pytest.mark.needs(needs.SHARED)
"""Skipped in a clone that has no folder `../shared` beside it."""


def some(cases: Iterable[Any], count: int, mark: pytest.MarkDecorator = pytest.mark.slow) -> list[Any]:
    """The first `count` cases as they are, the rest with a mark: they prove the same again, in a longer loop.

    A case for several arguments is a tuple.
    """
    told = list(cases)
    rest = [case if isinstance(case, tuple) else (case,) for case in told[count:]]
    return told[:count] + [pytest.param(*values, marks=mark) for values in rest]


def every(step: int, cases: Iterable[Any], mark: pytest.MarkDecorator = pytest.mark.release) -> list[Any]:
    """The first of each `step` cases as it is, the others with a mark. A case for several arguments is a tuple."""
    told = [case if type(case) is tuple else (case,) for case in cases]
    return [pytest.param(*case, marks=mark if number % step else ()) for number, case in enumerate(told)]


def examples(count: int) -> int:
    """How many random examples: all of them with `make explore`, in CI a third."""
    return count if os.environ.get("FLAIL_HYPOTHESIS") == "explore" else count // 3
