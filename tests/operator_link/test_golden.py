"""Whole sessions of QGroundControl and Mission Planner as text, answered word for word."""

import fnmatch
from pathlib import Path
from typing import Any

import pytest

from firmware_bridge.types import OperatorEdge, OperatorFrame
from tests.operator_link.exchange import Exchange
from vehicle.contracts.messages import Mode

FOLDER = Path(__file__).with_name("golden")
SESSIONS = ("qgroundcontrol", "missionplanner")
STICKS = ("MANUAL_CONTROL", "RC_CHANNELS_OVERRIDE")


def value(word: str) -> Any:
    try:
        return int(word)
    except ValueError:
        pass
    try:
        return float(word)
    except ValueError:
        return word


def fields(words: list[str]) -> dict[str, Any]:
    return {name: value(word) for name, _, word in (pair.partition("=") for pair in words)}


def alike(said: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return fnmatch.fnmatchcase(str(said), wanted)
    return bool(said == pytest.approx(wanted, abs=1e-6))


def whole(messages: list[tuple[str, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """Lines that came in numbered pieces, put together again."""
    joined: list[tuple[str, dict[str, Any]]] = []
    for name, said in messages:
        if name == "STATUSTEXT" and said["chunk_seq"]:
            before = joined[-1][1]
            assert before["id"] == said["id"]
            joined[-1] = (name, {**before, "text": before["text"] + said["text"]})
        else:
            joined.append((name, said))
    return joined


class Play:
    """One session; `heard` are answers not yet read in the text, `sticks` what the station repeats at 25 Hz."""

    def __init__(self) -> None:
        self.link = Exchange()
        self.heard: list[tuple[str, dict[str, Any]]] = []
        self.sticks: list[str] = []

    def line(self, words: list[str]) -> None:
        sign, *rest = words
        if sign == "<":
            assert self.heard, f"{rest[0]} did not come"
            name, said = self.heard.pop(0)
            assert name == rest[0], f"{name} {said} instead of {rest}"
            wrong = {key: said[key] for key, wanted in fields(rest[1:]).items() if not alike(said[key], wanted)}
            assert not wrong, f"{rest[0]}: {wrong}"
            return
        assert not self.heard, f"not in the text: {self.heard}"
        if sign == ">":
            self.link.say(rest[0], **fields(rest[1:]))
            self.sticks = rest if rest[0] in STICKS else self.sticks
            self.heard = whole(self.link.hear())
        elif sign == "vehicle":
            self.link.vehicle(Mode[rest[0]], tuple(rest[2:]), int(rest[1]))
        else:
            assert sign == "ticks", sign
            self.ticks(int(rest[0]), rest[1])
            self.heard = whole(self.link.hear())

    def ticks(self, count: int, wanted: str) -> None:
        frames: list[OperatorFrame] = []
        for number in range(count):
            if self.sticks and number % 2 == 0:
                self.link.say(self.sticks[0], **fields(self.sticks[1:]))
            frames += self.link.ticks()
        driven = [frame for frame in frames if frame.hold_to_run and (frame.drive or frame.turn)]
        edges = [frame.edges for frame in frames if frame.edges]
        assert not any(frame.rotor_request for frame in frames)
        if wanted == "drives":
            assert driven
            assert all(abs(frame.drive) < 0.3 for frame in driven)
            return
        assert not driven
        if wanted == "still":
            assert not edges
        else:
            assert OperatorEdge[wanted] in edges


def lines(name: str) -> list[list[str]]:
    text = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    return [line.split() for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("name", SESSIONS)
def test_a_whole_session_is_answered_word_for_word(name: str) -> None:
    play = Play()
    for number, words in enumerate(lines(name), 1):
        try:
            play.line(words)
        except AssertionError as error:
            raise AssertionError(f"{name}, line {number} {' '.join(words)}: {error}") from error
    assert not play.heard


@pytest.mark.parametrize("name", SESSIONS)
def test_a_wrong_answer_would_be_seen(name: str) -> None:
    text = lines(name)
    first = next(number for number, words in enumerate(text) if words[:2] == ["<", "COMMAND_ACK"])
    play = Play()
    for words in text[:first]:
        play.line(words)
    with pytest.raises(AssertionError):
        play.line(["<", "COMMAND_ACK", "result=4"])
    with pytest.raises(AssertionError, match="not in the text"):
        play.line(["vehicle", "READY", "255"])
