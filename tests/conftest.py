"""What every run has in common: which test needs what, what a skip is worth, what a test costs (tests/README.md)."""

import gc
import os
import signal
from collections.abc import Generator, Iterable

import pytest
from hypothesis import HealthCheck, settings

from tests import needs, pictures

# How long an example takes says how busy the machine is, nothing else. The same code is tried with the same examples,
# so that a verdict repeats; `make explore` draws new ones. `make branches` asks which branches are taken, and no more.
settings.register_profile(
    "flailpilot", max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("branches", settings.get_profile("flailpilot"), max_examples=20)
settings.load_profile(os.environ.get("FLAIL_HYPOTHESIS", "flailpilot"))

BEGAN = pytest.StashKey[float]()
COST = "processor_s"
UNMARKED_MAX_S = 0.5
"""Processor time above which a test is marked `long`; told, not judged, from twice of it on."""
UNMARKED = {"real", "long", "slow", "trials"}
TOLD_MAX = 10
WHOLE_S = 300.0
"""Processor time from which a run is a whole one: it names what it spent most on."""
DEAREST = 30


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--costs", metavar="FILE", help="write the processor time of every test there, dearest first")


def pytest_configure() -> None:
    """Ctrl-C is heard by programs that tests start, also where a shell in the background had them ignore it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What was imported and collected stays to the end: no garbage collection looks through it again."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark in item.iter_markers("needs"):
        needs.require(*mark.args)
    pictures.begin(item)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """The cost rides on the last report, that of the teardown: of this process and of all that it waited for."""
    item.stash[BEGAN] = processor_s()
    return (yield)


def processor_s() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    """Why it was skipped."""
    said = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return said.removeprefix("Skipped: ")


def refuse(report: pytest.TestReport | pytest.CollectReport) -> None:
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get(needs.NO_SKIPS):
        report.longrepr = f"skipped ({reason(report)}), and {needs.NO_SKIPS} refuses that"
        report.outcome = "failed"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    refuse(report)
    if report.when == "teardown":
        marked = any(item.get_closest_marker(name) for name in UNMARKED)
        report.user_properties.append((COST, (processor_s() - item.stash[BEGAN], marked)))
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    refuse(report)
    return report


def cost(value: object) -> tuple[float, bool]:
    """Of a property COST of a test: processor seconds, whether a mark says so."""
    assert isinstance(value, tuple)
    seconds, marked = value
    return seconds, marked


def costs(reports: Iterable[pytest.TestReport]) -> list[tuple[float, bool, str]]:
    """Processor seconds, whether a mark says so, which test; dearest first."""
    found = (
        (*cost(value), report.nodeid)
        for report in reports
        if report.when == "teardown"
        for name, value in report.user_properties
        if name == COST
    )
    return sorted(found, reverse=True)


def spent_on(told: list[tuple[float, bool, str]]) -> list[str]:
    """Lines: folders and files by their processor time, then the dearest tests."""
    total = sum(seconds for seconds, *_ in told)
    rows: list[str] = []
    for parts in (-1, None):
        spent: dict[str, float] = {}
        for seconds, _, name in told:
            place = "/".join(name.split("::")[0].split("/")[:parts])
            spent[place] = spent.get(place, 0.0) + seconds
        dearest = sorted(spent.items(), key=lambda one: -one[1])
        rows.append(", ".join(f"{seconds:.0f} s {name}" for name, seconds in dearest if seconds > 0.005 * total))
    return ["dearest:", *rows, *(f"{seconds:.1f} s {name}" for seconds, _, name in told[:DEAREST])]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    reports = [one for group in terminalreporter.stats.values() for one in group if isinstance(one, pytest.TestReport)]
    told = costs(reports)
    if path := config.getoption("--costs"):
        with open(path, "w") as file:  # noqa: PTH123
            file.writelines(f"{seconds:.2f} {name}\n" for seconds, _, name in told)
    dear = [f"{seconds:.1f} s {name}" for seconds, marked, name in told if not marked and seconds > 2 * UNMARKED_MAX_S]
    if dear:
        terminalreporter.write_line("costs more than half a second and is not marked `long` (tests/README.md):")
        terminalreporter.write_line("\n".join(dear[:TOLD_MAX]))
    for report in reports:
        for name, value in report.user_properties if report.when == "call" else ():
            terminalreporter.write_line(f"{report.nodeid}: {name}: {value}")
    whole_s = sum(seconds for seconds, *_ in told)
    if whole_s > WHOLE_S:
        terminalreporter.write_line("\n".join(spent_on(told)))
    terminalreporter.write_line(f"processor time of the tests: {whole_s:.0f} s")
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.write_line(needs.last_line(map(reason, skipped)))
