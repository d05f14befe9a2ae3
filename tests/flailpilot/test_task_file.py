"""`--task FILE`: the task's facts are in the folder of the run, in its recording and in what people read of it."""

import json
from pathlib import Path

import pytest
from mcap.reader import make_reader

from tests.config.test_task import STATED
from tests.flailpilot.test_bad_input import refused
from tests.flailpilot.test_run_folder import simulated
from tests.runtime.support import config_text, write
from vehicle.config.drive import load_drive
from vehicle.config.task import TASK_FILE, Task, task_of_json
from vehicle.contracts.errors import InputError
from vehicle.runtime import app
from vehicle.runtime.run_book import RunBook
from vehicle.runtime.run_manifest import MANIFEST

RECORDER = '\n[recorder]\nfolder = "runs"\n'


class Still:
    """A clock that stands."""

    def now_ns(self) -> int:
        return 0

    async def sleep_until_ns(self, deadline_ns: int) -> None:
        raise NotImplementedError


def held(folder: Path) -> tuple[dict[str, str], Task, bytes]:
    with (folder / "run.mcap").open("rb") as stream:
        metadata = {row.name: row.metadata for row in make_reader(stream).iter_metadata()}["run"]
    facts = task_of_json(metadata["task_facts"])
    return json.loads((folder / MANIFEST).read_text()), facts, (folder / TASK_FILE).read_bytes()


@pytest.mark.long
def test_a_simulated_run_keeps_its_task(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(STATED)
    assert simulated(tmp_path, tmp_path / "run", "--task", path)[0] == 1  # broken off
    manifest, facts, content = held(tmp_path / "run")
    assert manifest["task"] == facts.task_order == "TO-7"
    assert content == STATED.encode()
    page = (tmp_path / "run" / "report.html").read_text()
    assert all(word in page for word in ("An Organisation", "Operator A", "TO-7"))


def test_drive_keeps_its_task_and_the_option_goes_before_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(STATED)
    (tmp_path / "other.toml").write_text(STATED.replace("TO-7", "TO-8"))
    config = write(tmp_path, 'task = "mine.toml"\n' + config_text(tmp_path) + RECORDER)
    for option, order in ((None, "TO-7"), (tmp_path / "other.toml", "TO-8")):
        file = load_drive(config, option)
        book = RunBook(file, app.start_state(file), None, Still())
        recorder = book.recorder()
        assert recorder is not None
        assert book.folder is not None
        recorder.close()
        manifest, facts, content = held(book.folder)
        assert manifest["task"] == facts.task_order == order
        assert order.encode() in content


def test_a_depth_that_others_do_not_say_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(STATED.replace("required_depth_m = 0.15", "required_depth_m = 0.2"))
    config = write(tmp_path, 'task = "mine.toml"\n' + config_text(tmp_path))
    with pytest.raises(InputError, match=r"mine.toml says 0.2 m; make them one value"):
        load_drive(config)
    line = refused("sim", "configs/scenarios/small.toml", "--task", tmp_path / "mine.toml", "--out", tmp_path / "out")
    assert "mine.toml says 0.2 m" in line
    assert not (tmp_path / "out").exists()


def test_a_bad_task_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(STATED.replace('soil = "loam"\n', ""))
    line = refused("sim", "configs/scenarios/small.toml", "--task", tmp_path / "mine.toml", "--out", tmp_path / "out")
    assert line.endswith('missing: task.soil; write them, or "not stated" where nobody knows')
    assert "nowhere.toml: no such file" in refused("drive", "configs/vehicle/bench.toml", "--task", "nowhere.toml")
