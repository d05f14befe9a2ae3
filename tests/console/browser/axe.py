"""axe-core in the page: what it finds that keeps people out."""

from pathlib import Path
from typing import Any

import pytest

from tests.console.page.browser import Page

AXE = Path(__file__).resolve().parents[3] / ".venv/node/node_modules/axe-core/axe.min.js"
RUN = """
const where = (node) => node.target.join(' ');
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then(
  (found) => done(found.violations.map((one) => `${one.id}: ${one.nodes.slice(0, 4).map(where).join(' | ')}`)),
  (error) => done([String(error)]));
"""


def violations(page: Page) -> list[str]:
    """Rules that are broken, with where; skips where `make node-clients` was not run."""
    if not AXE.is_file():
        pytest.skip("`make node-clients` for axe-core")
    if not page.js("return typeof axe === 'object'"):
        page.js(f"{AXE.read_text(encoding='utf-8')}; window.axe = axe;")
    found: Any = page.driver.execute_async_script(RUN)
    return [str(one) for one in found]
