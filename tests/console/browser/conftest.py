"""The real stack and a browser, started once for a module."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import needs
from tests.console.browser.operator import Operator
from tests.console.browser.stack import Server, Vehicle
from tests.console.page.browser import Page, browsing


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of keys, settings, logs."""
    return tmp_path_factory.mktemp("console")


@pytest.fixture(scope="module")
def vehicle(folder: Path) -> Iterator[Vehicle]:
    """Simulator and vehicle program."""
    needs.require("chromium", "chromedriver")
    with Vehicle(folder) as running:
        yield running


@pytest.fixture(scope="module")
def server(folder: Path, vehicle: Vehicle) -> Iterator[Server]:
    """The console's server."""
    with Server(folder / "server", vehicle) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    """One browser."""
    with browsing() as page:
        page.size("laptop")
        yield page


@pytest.fixture
def operator(browser: Page, server: Server, vehicle: Vehicle) -> Iterator[Operator]:
    """The page anew, nothing pressed; at the end the machine is stopped and disarmed."""
    operator = Operator(browser, server, vehicle)
    operator.open()
    yield operator
    operator.leave()
