"""Pure modules of the page, by node's own test runner."""

import os
import subprocess
from pathlib import Path

from tests import needs


def passes(path: Path, **environment: str) -> str:
    """Run one file of tests in a process of its own and assert that it finds nothing wrong; what it printed.

    `environment` comes over the present one, of which node's own variables are taken away.
    """
    plain = {name: value for name, value in os.environ.items() if not name.startswith("NODE_")}
    done = subprocess.run(
        [needs.program("node"), "--test", str(path)],
        env={**plain, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout
