"""What is set up on the page is kept, and what cannot be meant changes nothing."""

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from console.server.setup import Asked, Checklist, Item, SetupStore, asked_of, host_port
from vehicle.contracts.errors import InputError

LIST = Checklist(operator="A", items=(Item(name="radio_estop", done=True), Item(name="camera", done=False, reason="x")))


def test_what_is_left_out_is_not_asked_for() -> None:
    assert asked_of(b"{}") == Asked()


def test_a_choice_is_kept_with_its_time_and_the_rest_stays(tmp_path: Path) -> None:
    store = SetupStore(tmp_path / "new")
    store.keep(Asked(by_sight=True), "2026-05-04T08:00:00+00:00")
    store.keep(Asked(console_name="Awning"), "2026-05-04T09:00:00+00:00")
    again = SetupStore(tmp_path / "new").kept
    assert (again.by_sight, again.console_name) == (True, "Awning")
    assert again.by_sight_since_utc == "2026-05-04T08:00:00+00:00"
    store.keep(Asked(by_sight=False), "2026-05-04T10:00:00+00:00")
    assert SetupStore(tmp_path / "new").kept.by_sight_since_utc == ""


def test_the_checklist_is_of_this_start_and_all_are_kept(tmp_path: Path) -> None:
    store = SetupStore(tmp_path)
    assert store.checklist("a") is None
    store.keep(Asked(checklist=LIST, vehicle="a"), "t1")
    store.keep(Asked(checklist=LIST, vehicle="a"), "t2")
    assert store.checklist("a") == LIST
    rows = [json.loads(line) for line in (tmp_path / "checklists.jsonl").read_text().splitlines()]
    assert [(row["utc"], row["vehicle"], row["checklist"]["operator"]) for row in rows] == [
        ("t1", "a", "A"),
        ("t2", "a", "A"),
    ]
    assert SetupStore(tmp_path).checklist("a") is None


def test_the_checklist_of_one_vehicle_or_operator_is_no_other_ones(tmp_path: Path) -> None:
    """The radio e-stop was tried with that machine, by whoever drives it now; a record cuts long names."""
    store = SetupStore(tmp_path)
    assert store.checklist_due("a", None)
    store.keep(Asked(checklist=replace(LIST, operator=" First Person of the team "), vehicle="a"), "t")
    assert not store.checklist_due("a", None)
    assert not store.checklist_due("a", "First Person of the")
    assert not store.checklist_due("a", "first person")
    assert store.checklist_due("a", "Second Person")
    assert store.checklist_due("b", "First Person of the")


def test_a_file_that_is_damaged_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "setup.json").write_text('{"by_sight": 3')
    store = SetupStore(tmp_path)
    assert store.kept.by_sight is None
    store.keep(Asked(by_sight=True), "t")
    assert SetupStore(tmp_path).kept.by_sight is True


def test_what_is_not_kept_does_not_count(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = SetupStore(tmp_path / "file/below")
    with pytest.raises(InputError, match="file"):
        store.keep(Asked(by_sight=True, checklist=LIST, vehicle="a"), "t")
    assert store.kept.by_sight is None
    assert store.checklist("a") is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b'{"by_sight": "yes"}',
        b'{"bysight": true}',
        b'{"console_name": ""}',
        b'{"checklist": {"operator": "", "items": []}}',
        b'{"checklist": {"operator": "A", "items": []}}',
        b'{"camera": 256}',
        b"\xff",
        b'{"checklist": {"operator": "A", "items": ' + b"[" * 100_000,
        b'{"x": ' + b"[" * 100_000,
    ],
)
def test_what_cannot_be_meant_is_refused(body: bytes) -> None:
    assert asked_of(body) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("192.0.2.10:14555", ("192.0.2.10", 14555)),
        (" rover.local:1 ", ("rover.local", 1)),
        ("[::1]:14555", ("::1", 14555)),
        ("192.0.2.10", None),
        (":14555", None),
        ("192.0.2.10:0", None),
        ("192.0.2.10:65536", None),
        ("192.0.2.10:1x", None),
        ("192.0.2.10:²", None),
        ("192.0.2.10:٨٠", None),
    ],
)
def test_an_address(text: str, place: tuple[str, int] | None) -> None:
    assert host_port(text) == place


@pytest.mark.parametrize(
    "content", [b"", b"\xff", b'{"console_name": "\xff"}', b"[" * 100_000, b'{"a": ' * 100_000, b"[]"]
)
def test_a_file_and_a_request_that_cannot_be_read_end_nothing(tmp_path: Path, content: bytes) -> None:
    assert asked_of(content) is None
    (tmp_path / "setup.json").write_bytes(content)
    assert SetupStore(tmp_path).kept.console_name == ""
