"""No two modules need each other: not at run time, not in a function, not for a type alone."""

import graphlib
from collections.abc import Mapping

import grimp
import pytest

from tests.architecture.test_walls import PACKAGES


def circle_in(imports: Mapping[str, set[str]]) -> list[str]:
    """Modules of one circle, the first named again at its end; [] if there is none."""
    try:
        graphlib.TopologicalSorter(imports).prepare()
    except graphlib.CycleError as error:
        return [str(name) for name in error.args[1]]
    return []


@pytest.mark.long
def test_no_module_is_part_of_a_circle() -> None:
    """Every import counts, those in functions and under TYPE_CHECKING too."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    assert circle_in({name: set(graph.find_modules_directly_imported_by(name)) for name in graph.modules}) == []


def test_a_circle_is_found() -> None:
    assert circle_in({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) in (
        ["a", "c", "b", "a"],
        ["b", "a", "c", "b"],
        ["c", "b", "a", "c"],
    )
    assert circle_in({"a": {"b"}, "b": {"c"}, "d": {"a"}}) == []
