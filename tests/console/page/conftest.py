"""A browser of the size of a laptop for the tests of the page."""

from collections.abc import Iterator

import pytest

from tests.console.page.browser import Page, browsing


@pytest.fixture(scope="module")
def browser() -> Iterator[Page]:
    """One browser for the module; each test loads the page anew."""
    with browsing() as page:
        page.size("laptop")
        yield page
