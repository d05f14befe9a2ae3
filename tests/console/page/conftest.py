"""A browser of the size of a laptop, and a server in name only, for the tests of the page."""

from collections.abc import Iterator

import pytest

from tests.console.page.browser import Page, browsing
from tests.console.page.fake_server import FakeServer, serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    """One browser for the module; each test loads the page anew."""
    with browsing() as page:
        page.size("laptop")
        yield page


@pytest.fixture(scope="module")
def served() -> Iterator[FakeServer]:
    """One server for the module."""
    with serving(FakeServer()) as server:
        yield server


@pytest.fixture
def server(served: FakeServer) -> FakeServer:
    """The server, as if nothing had been told."""
    served.forget()
    served.quiet, served.refuse_drive = False, 0
    return served
