"""Processor time of `flailpilot sim`, end to end: `python benchmarks/sim_cost.py [SCENARIO] [--beside CHECKOUT]`.

Start, planning, drive, judging, files and pictures of a whole mission, as a user runs it, and every process that it
starts. With `--beside` another checkout, which has a `.venv` of its own, takes turns with this one on the same core:
`speed, x real time` above 1 as a ratio is the gain. No part of CI.
"""

import argparse
import json
import re
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.turns import Figures, in_turns, python_of, table

EXAMPLE = Path("configs/scenarios/example.toml")


def shortened(scenario: Path, limit_s: float, folder: Path) -> Path:
    """The scenario with a limit of simulated time, beside nothing else; its site is named as a whole path."""
    text = scenario.read_text()
    site = re.search(r'^site = "(.*)"$', text, re.MULTILINE)
    assert site is not None, scenario
    text = text.replace(site[0], f'site = "{(scenario.parent / site[1]).resolve()}"\nsim_max_s = {limit_s}')
    path = folder / scenario.name
    path.write_text(text)
    return path


def measured(checkout: Path, scenario: Path, limit_s: float | None) -> Figures:
    """One run in a folder of its own, which is removed."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        file = checkout / scenario
        if limit_s is not None:
            file = shortened(file, limit_s, folder)
        command = [python_of(checkout), "-m", "flailpilot", "sim", str(file), "--out", str(folder / "run")]
        run = subprocess.run(command, check=False, cwd=checkout, stdout=subprocess.DEVNULL)  # noqa: S603
        assert run.returncode in (0, 1), "it failed"  # 1: a shortened mission leaves ground
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent_s = used.ru_utime + used.ru_stime
        sim_s = json.loads((folder / "run/summary.json").read_text())["mission_time_s"]
    return {"processor s": spent_s, "simulated s": sim_s, "speed, x real time": sim_s / spent_s}


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", type=Path, nargs="?", default=EXAMPLE, help="as seen from the checkout")
    parser.add_argument("--beside", type=Path, help="another checkout")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--limit", type=float, default=None, help="seconds of simulated time; without it the whole job")
    parser.add_argument("--core", type=int, default=None, help="run all on this core")
    parser.add_argument("--checkout", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.checkout is not None:
        print(json.dumps(measured(options.checkout, options.scenario, options.limit)))
        return 0

    def command(checkout: Path) -> list[str]:
        limit = [] if options.limit is None else ["--limit", str(options.limit)]
        return [sys.executable, __file__, str(options.scenario), "--checkout", str(checkout), *limit]

    beside = options.beside.resolve() if options.beside is not None else None
    ours, theirs = in_turns(command, beside, options.rounds, options.core)
    print("\n".join(table(ours, theirs)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
