"""The loops of tests: a missing program skips with one line that names its package, and CI refuses that."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests import needs
from tests.marks import reads_shared

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = """
import pytest
from tests.needs import program

@pytest.mark.needs("cppcheck", "openssl")
def test_marked():
    raise AssertionError("it was run")

@pytest.fixture
def broker():
    return program("mosquitto")

def test_asks_in_a_fixture(broker):
    raise AssertionError("it was run")

def test_needs_nothing(record_property):
    record_property("worst", "7 ms")

@pytest.mark.slow
def test_slow():
    raise AssertionError("it was run")
"""


def run(folder: Path, sample: str, *arguments: str, **world: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_sample.py").write_text(sample)
    common = (
        "-p",
        "tests.conftest",
        "-p",
        "no:cacheprovider",
        "-c",
        str(ROOT / "pyproject.toml"),
        "--rootdir",
        str(folder),
    )
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("FLAIL_", "PYTEST_"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *common, *arguments, str(folder / "test_sample.py")],
        cwd=ROOT,
        env=clean | world,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.long
@pytest.mark.parametrize("jobs", ["0", "2"])
def test_what_lacks_a_program_is_skipped_with_one_line(jobs: str, tmp_path: Path) -> None:
    done = run(tmp_path, SAMPLE, "-n", jobs, FLAIL_WITHOUT="mosquitto openssl cppcheck")
    assert done.returncode == 0, done.stdout
    assert "skipped: 2; install cppcheck mosquitto openssl to run them\n" in done.stdout
    assert re.search(r"1 passed, 2 skipped(, 1 deselected)? in", done.stdout.splitlines()[-1])
    assert "test_needs_nothing: worst: 7 ms" in done.stdout
    assert "SKIPPED" not in done.stdout, "one line, not one a test"


@pytest.mark.long
def test_where_skips_are_refused_each_is_a_failure(tmp_path: Path) -> None:
    done = run(tmp_path, SAMPLE, FLAIL_WITHOUT="mosquitto cppcheck openssl", FLAIL_NO_SKIPS="1")
    assert done.returncode == 1
    assert "1 passed" in done.stdout.splitlines()[-1]
    assert "skipped" not in done.stdout.splitlines()[-1]
    assert "skipped (needs mosquitto), and FLAIL_NO_SKIPS refuses that" in done.stdout
    whole = run(tmp_path, 'import pytest\npytest.importorskip("no_such_module")\n', FLAIL_NO_SKIPS="1")
    assert whole.returncode != 0, "a module that skips itself is refused too"


def test_a_program_that_nobody_named_is_refused() -> None:
    with pytest.raises(pytest.UsageError, match="does not know 'ffmpeg'"):
        needs.found("ffmpeg")


def test_the_last_line_names_packages_and_other_reasons() -> None:
    said = needs.last_line(["needs mosquitto", "needs cppcheck", "needs mosquitto", "no terminal here"])
    assert said == "skipped: 4; install cppcheck mosquitto to run them; no terminal here"
    said = needs.last_line(["needs ../shared", "needs openssl"])
    assert said == "skipped: 2; install openssl to run them; some read recordings in ../shared, which is not here"


def test_a_test_that_reads_recordings_of_others_is_skipped_without_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(needs.WITHOUT, needs.SHARED)
    with pytest.raises(pytest.skip.Exception, match=re.escape("needs ../shared")):
        needs.require(*reads_shared.args)


def test_every_test_file_that_names_the_recordings_says_that_it_reads_them() -> None:
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        text = path.read_text(encoding="utf-8")
        if re.search(r"\"shared\"|shared/data|shared/cases", text) and path.name != "test_loops.py":
            assert "reads_shared" in text, path


def test_ci_installs_what_the_tests_need_and_ends_with_the_readmes_command() -> None:
    asked = re.compile(r"(?:needs|program)\(((?:\"\w+\"(?:, )?)+)\)")
    used = {
        name
        for path in (ROOT / "tests").rglob("*.py")
        if path.name not in ("test_loops.py", "needs.py")
        for names in asked.findall(path.read_text(encoding="utf-8"))
        for name in re.findall(r"\w+", names)
    }
    script = (ROOT / ".ci/run").read_text(encoding="utf-8")
    (installed,) = re.findall(r"for program in (.*); do", script)
    assert set(installed.split()) == used <= set(needs.PACKAGES)
    assert f"{needs.NO_SKIPS}=1" in script
    commands = [line for line in script.splitlines() if line.startswith("make ")]
    assert commands == ["make test-full", "make test"]
    assert "    make test " in (ROOT / "README.md").read_text(encoding="utf-8")
