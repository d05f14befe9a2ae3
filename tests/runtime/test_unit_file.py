"""The systemd unit: what the program relies on stands in it."""

import os
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "configs/systemd/flailpilot.service"
RECORDINGS = UNIT.parents[1] / "vehicle/vehicle.toml"


def test_what_the_program_relies_on() -> None:
    rows = [row for row in UNIT.read_text().splitlines() if "=" in row and not row.startswith("#")]
    values = dict(row.split("=", 1) for row in rows)
    assert (values["Type"], values["Restart"], values["NotifyAccess"]) == ("notify", "always", "main")
    assert 0 < int(values["WatchdogSec"]) <= 5
    assert int(values["LimitRTPRIO"]) >= 50
    assert int(values["LimitNOFILE"]) <= 1024  # select() knows no more
    assert values["RestartPreventExitStatus"] == "2"
    assert "RestrictRealtime" not in values
    assert values["ExecStart"].endswith("flailpilot drive /etc/flailpilot/drive.toml")


def test_a_run_that_was_ended_in_order_leaves_its_report_and_a_crash_waits_for_none() -> None:
    assert "OnSuccess=flailpilot-report.service" in UNIT.read_text().splitlines()
    assert "ExecStopPost" not in UNIT.read_text()
    report = UNIT.with_name("flailpilot-report.service").read_text()
    folder = tomllib.loads(RECORDINGS.read_text())["recorder"]["folder"]
    assert f"in {folder}/*/run.json;" in report
    assert "Nice=19" in report


def test_the_cameras_have_a_unit_that_may_open_them_and_comes_again() -> None:
    rows = UNIT.with_name("flailpilot-video.service").read_text().splitlines()
    assert "ExecStart=/opt/flailpilot/bin/flailpilot video /etc/flailpilot/drive.toml" in rows
    assert {"SupplementaryGroups=video", "DeviceAllow=char-video4linux rw", "User=flailpilot"} <= set(rows)
    assert "Restart=always" in rows
    assert not any(row.startswith(("RestartPrevent", "PrivateDevices", "OOMScoreAdjust")) for row in rows)


def reported(recordings: Path) -> subprocess.CompletedProcess[str]:
    """What the unit would report on, by its own line of shell."""
    text = UNIT.with_name("flailpilot-report.service").read_text().replace("\\\n", " ")
    line = next(row for row in text.splitlines() if row.startswith("ExecStart="))
    assert "${" not in line  # systemd would put its own variables there
    assert "%" not in line
    words = shlex.split(line.removeprefix("ExecStart="))
    script = words[2].replace("/var/lib/flailpilot/recordings", str(recordings))
    script = script.replace("/opt/flailpilot/bin/flailpilot", "echo")
    return subprocess.run([*words[:2], script], capture_output=True, text=True, check=False)


@pytest.mark.real
def test_the_report_is_of_the_run_that_was_written_last_and_never_of_sealed_evidence(tmp_path: Path) -> None:
    assert (reported(tmp_path).returncode, reported(tmp_path).stdout) == (2, "")
    names = ["20261129T120000Z-aaaaaa", "undated-77", "20261130T080000Z-bbbbbb", "20261130T070000Z-late"]
    for place, name in enumerate([*names, "incident-20261130T090000Z"]):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.json").write_text("{}")
        os.utime(tmp_path / name / "run.json", (1000 + place, 1000 + place))
    (tmp_path / "zz-no-run").mkdir()
    assert reported(tmp_path).stdout == f"report {tmp_path / names[-1]}\n"
