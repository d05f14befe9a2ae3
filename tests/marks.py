"""Marks for a share of a test's cases."""

from collections.abc import Iterable
from typing import Any

import pytest


def some(cases: Iterable[Any], count: int) -> list[Any]:
    """The first `count` cases as they are, the rest `slow`: they prove the same again, in `make test-full`."""
    told = list(cases)
    return told[:count] + [pytest.param(case, marks=pytest.mark.slow) for case in told[count:]]
