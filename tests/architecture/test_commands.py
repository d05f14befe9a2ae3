"""Every command on a page is understood as it stands there, and a count of hammers says what its page means."""

import re
import subprocess
from pathlib import Path

import pytest

from flailpilot import observe
from tests import builders
from tests.architecture.page_commands import commands, fault, words_of
from vehicle.control.checks.judge import judged
from vehicle.control.checks.seen import Seen
from vehicle.control.checks_state import ChecksState

ROOT = Path(__file__).parents[2]
EARLIER = ("CHANGELOG.md", "docs/adr/")
"""They name commands as they were."""
FORMS = ("*.md", "configs/*.toml", "configs/*.service")
MACHINE = "MEMATT"


def pages() -> list[str]:
    names = subprocess.run(["git", "ls-files", *FORMS], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [name for name in names.split() if not name.startswith(EARLIER) and (ROOT / name).exists()]


PAGES = {name: (ROOT / name).read_text(encoding="utf-8") for name in pages()}


@pytest.mark.parametrize("page", PAGES)
def test_a_command_is_understood_as_it_stands_there(page: str) -> None:
    assert {command: fault(command) for command in commands(PAGES[page]) if fault(command)} == {}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("`flailpilot plan SITE --resume RUN`", "machine"),
        ("    flailpilot sim SCENARIO [--site F]\n        [--colour C]   draws it\n", "--colour"),
        ("`flailpilot survey SITE`", "no command survey"),
        ("    runuser -u flailpilot -- /opt/bin/flailpilot keys create NAME --system-id N\n", "--store"),
        ("`flailpilot keys reset --yes`", "--store"),
        ("`flailpilot observe hammers --missing`", "--missing"),
    ],
)
def test_what_cannot_be_typed_is_found(text: str, told: str) -> None:
    (command,) = commands(text)
    assert told in fault(command)


def test_what_is_only_mentioned_or_left_out_is_no_fault() -> None:
    text = "`flailpilot keys create --out`, `flailpilot incident RUN ...`, `.venv/bin/flailpilot demo`"
    assert [fault(command) for command in commands(text)] == ["", "", ""]


def counts(text: str) -> list[tuple[float, str]]:
    """Number and `--missing` of every count of hammers that a page lets people report."""
    found = []
    for command in commands(text):
        words = words_of(command)
        if words[:2] == ["observe", "hammers"]:
            missing = words[words.index("--missing") + 1] if "--missing" in words else ""
            found.append((float(words[2]), missing))
    return found


def loses(value: float, missing: str) -> str:
    """What a count withdraws over the whole width, or why it is refused; "" if neither. For a MEMATT."""
    asked = observe.Asked(
        kind="hammers", value=value, sigma=None, height=0.0, at=None, where=None, missing=missing,
        who="leader", text="", key=Path(), vehicle="",
    )  # fmt: skip
    seen = Seen(config=builders.config(), claim=None, swept_m2=0.0, utc_us=None)
    _, orders, refusal = judged(ChecksState(), observe.observation_of(asked), seen)
    return refusal or next((order.reason for order in orders if not order.good and order.across_m is None), "")


@pytest.mark.parametrize("page", [name for name, text in PAGES.items() if counts(text)])
def test_a_count_of_hammers_withdraws_no_whole_width(page: str) -> None:
    assert builders.config().machine.name == MACHINE
    assert re.search(rf"\d+ [^.]*{MACHINE}|{MACHINE}[^.]* \d+", PAGES[page]), (
        "the page names the machine of its figures"
    )
    assert {count: loses(*count) for count in counts(PAGES[page]) if loses(*count)} == {}


def test_a_count_that_nobody_explains_is_found() -> None:
    assert loses(39.0, "") == "1 of 40 hammers missing, nobody says which"
    assert counts("`flailpilot observe hammers 41`") == [(41.0, "")]
    assert loses(41.0, "") == "the profile has 40 hammers"
