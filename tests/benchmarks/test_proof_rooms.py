"""What a long run says it never calls, it does not call; one unit of each such part is watched."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from benchmarks import ordinary_work, proof_belief, proof_parts
from benchmarks.proof import loaded_by
from benchmarks.proof_parts import OWN_PLAN, PARTS
from benchmarks.proof_types import ROOT

pytestmark = pytest.mark.slow

UNITS: dict[str, Callable[[], Any]] = {
    "campaign": lambda: proof_parts.campaigned("3"),
    "stops": lambda: proof_parts.stopped("40-41"),
    "envelope": lambda: proof_belief.envelope_flown("3"),
    "costs": lambda: ordinary_work.goes_on(1, moving=True),
}


def rooms_called(work: Callable[[], Any]) -> set[str]:
    """Packages, as `vehicle.control`, of every function that runs in `work`."""
    files = set[str]()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            files.add(frame.f_code.co_filename)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    inside = (file.removeprefix(f"{ROOT}/").split("/") for file in files if file.startswith(f"{ROOT}/"))
    return {".".join(parts[:2]) for parts in inside}


JUDGED = [part for part in PARTS if part.never_called]
LONG = ("envelope", "campaign")
"""Half a minute each under a profiler; before a release."""


@pytest.mark.parametrize(
    "part",
    [pytest.param(part, marks=pytest.mark.release if part.name in LONG else ()) for part in JUDGED],
    ids=[part.name for part in JUDGED],
)
def test_a_part_calls_nothing_of_what_it_leaves_out(part: proof_parts.Part) -> None:
    called = rooms_called(UNITS[part.name])
    assert "vehicle.control" in called
    assert not called.intersection(part.never_called)


def test_what_is_left_out_is_not_judged_and_all_else_is() -> None:
    whole, less = loaded_by(["campaign.campaign"]), loaded_by(["campaign.campaign"], OWN_PLAN)
    gone = {path.relative_to(ROOT).parts[:2] for path in whole - less}
    assert {("vehicle", "planning")} <= gone
    assert ROOT / "vehicle/control/tick.py" in less
    assert not [path for path in less if "planning" in path.relative_to(ROOT).parts[:2]]


def test_what_one_part_leaves_out_another_still_loads() -> None:
    before = loaded_by(["campaign.campaign"])
    assert loaded_by(["campaign.campaign"], OWN_PLAN) == loaded_by(["campaign.campaign"], OWN_PLAN)
    assert loaded_by(["campaign.campaign"]) == before
