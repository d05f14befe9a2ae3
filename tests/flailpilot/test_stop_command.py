"""`flailpilot stop`: what is refused in one line, and what a script is told."""

import asyncio
from pathlib import Path

import pytest
from typer.testing import CliRunner

from console.client.stop_station import StopLink, StopState, StopView
from console.server.config import credentials
from console.server.stop_page import Place
from flailpilot import cli, stop
from flailpilot.exit_status import DONE, FAILED
from tests.flailpilot.test_stop_only_keys import made
from vehicle.contracts.errors import InputError

RUN = CliRunner()
PLACE = Place(name="MEMATT", address="192.0.2.10:14555")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["KEY"], "start it in a terminal, or with --once or --serve"),
        (["KEY", "--vehicle", "192.0.2.10"], "--vehicle 192.0.2.10: write HOST:PORT"),
        (["KEY", "--serve", "8090"], "--serve 8090: write HOST:PORT"),
        (["KEY", "--serve", "0.0.0.0:8090"], "write the address of this computer that the phone reaches"),
        (["KEY", "--once", "--serve", "127.0.0.1:8090"], "one of them"),
        (["nothing.json"], "no such file or directory"),
        (["KEY", "--once", "--at", "40.0,47.0"], "--at and --ring: both or neither"),
        (["KEY", "--once", "--ring", "5"], "--at and --ring: both or neither"),
        (["KEY", "--once", "--at", "40.0", "--ring", "5"], "write LAT,LON in degrees"),
        (["KEY", "--once", "--at", "47.0,190.0", "--ring", "5"], "no place on earth"),
        (["KEY", "--once", "--at", "nan,nan", "--ring", "5"], "write LAT,LON in degrees"),
        (["KEY", "--once", "--at", "4_0.0,47.0", "--ring", "5"], "write LAT,LON in degrees"),
        (["KEY", "--once", "--at", "40.0,47.0", "--ring", "0"], "metres above 0"),
    ],
)
def test_a_mistake_is_one_line(
    tmp_path: Path, arguments: list[str], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    key = str(made(tmp_path, "--stop-only"))
    told = RUN.invoke(cli.app, ["stop", *(key if one == "KEY" else one for one in arguments)])
    assert isinstance(told.exception, InputError), told.output
    assert says in str(told.exception)


def test_a_key_with_more_rights_is_refused_and_the_console_refuses_this_one(tmp_path: Path) -> None:
    full = made(tmp_path)
    told = RUN.invoke(cli.app, ["stop", str(full), "--once"])
    assert "may do more than STOP" in str(told.exception)
    (tmp_path / "only").mkdir()
    only = made(tmp_path / "only", "--stop-only")
    with pytest.raises(InputError, match="may do nothing but STOP"):
        credentials(only, "console.toml: keys")


class Station:
    """In place of a `StopStation`: the vehicle acknowledges after so many looks, -1: never."""

    def __init__(self, after: int) -> None:
        self.presses, self._after, self.problem = 0, after, "connection refused"

    def press(self) -> None:
        self.presses += 1

    @property
    def view(self) -> StopView:
        if self._after == 0:
            return StopView(link=StopLink.CONNECTED, age_ms=20.0, stop=StopState.TAKEN, stop_ms=60.0)
        self._after -= 1
        return StopView(why="nobody", stop=StopState.SENDING, stop_ms=1.0)


@pytest.mark.parametrize(("after", "status"), [(0, DONE), (3, DONE), (-1, FAILED)])
def test_once_tells_a_script_whether_the_vehicle_acknowledged(
    after: int, status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    station = Station(after)
    assert asyncio.run(stop.once(station, PLACE, 0.1)) == status  # type: ignore[arg-type]
    assert station.presses == 1
    told = capsys.readouterr()
    if status == DONE:
        assert told.out == "MEMATT: The vehicle acknowledged STOP after 0.06 s. Mode unknown\n"
    else:
        assert told.err.startswith("MEMATT: STOP was NOT acknowledged within 0.1 s. NOT CONNECTED Use the radio e-stop")
        assert told.err.endswith("connection refused\n")
