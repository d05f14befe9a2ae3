"""An option that is given twice is refused by every command, so that the last does not win unnoticed."""

from collections.abc import Iterator

import pytest
import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from flailpilot.cli import app
from flailpilot.repeats import OnceCommand
from tests.flailpilot.test_bad_sites import flailpilot


def commands(command: object, names: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], TyperCommand]]:
    if isinstance(command, TyperGroup):
        for name, one in command.commands.items():
            yield from commands(one, (*names, name))
    else:
        assert isinstance(command, TyperCommand)
        yield names, command


EVERY = list(commands(typer.main.get_command(app)))
OPTIONS = [
    (names, option.opts[0])
    for names, command in EVERY
    for option in command.params
    if isinstance(option, TyperOption) and not (option.multiple or option.is_flag or option.hidden)
]


def test_every_command_looks_for_repeats() -> None:
    assert len(EVERY) >= 20
    assert all(isinstance(command, OnceCommand) for _, command in EVERY)


@pytest.mark.parametrize(("names", "option"), OPTIONS, ids=lambda one: one if isinstance(one, str) else "-".join(one))
def test_an_option_given_twice_is_one_line(monkeypatch, capsys, names, option) -> None:
    status, said, told = flailpilot(monkeypatch, capsys, *names, option, "1", f"{option}=2")
    assert (status, said) == (2, "")
    assert told == f"flailpilot: {option} is given twice; keep one\n"


def test_an_option_of_several_values_and_help_may_be_repeated(monkeypatch, capsys) -> None:
    words = ("plan", "none.geojson", "--machine", "memat", "--resume", "a", "--resume", "b")
    assert "twice" not in flailpilot(monkeypatch, capsys, *words)[2]
    assert flailpilot(monkeypatch, capsys, "plan", "--help", "--help")[0] == 0


def test_a_switch_and_its_contrary_are_refused(monkeypatch, capsys) -> None:
    told = flailpilot(monkeypatch, capsys, "demo", "--browser", "--no-browser")[2]
    assert told == "flailpilot: --browser/--no-browser is given twice; keep one\n"
