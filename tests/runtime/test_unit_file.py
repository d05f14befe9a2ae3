"""The systemd unit: what the program relies on stands in it."""

import tomllib
from pathlib import Path

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
    assert f"for run in {folder}/*/" in report
    assert "Nice=19" in report
