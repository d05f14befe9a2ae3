"""The key file and the reserved stamps: what a crash, a torn write or a curious user can do to them."""

import os
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from firmware_bridge.mavlink.signature import key_of
from flailpilot import cli
from vehicle.contracts.errors import InputError
from vehicle.operator_link.keystore import KeyStore, signing_keys
from vehicle.operator_link.stamp_store import SLOT_SIZE, StampStore, decode_slot, encode_slot


def test_a_key_is_long_random_bound_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "etc" / "keys.json")
    first, second = store.create("team leader", 250), store.create("spare", 251)
    assert len(first.secret) == 43
    assert first.secret != second.secret
    assert store.path.stat().st_mode & 0o777 == 0o600
    assert signing_keys(store.load()) == {250: (key_of(first.secret),), 251: (key_of(second.secret),)}
    assert len(store.load().machine_id) == 16


@pytest.mark.parametrize(("name", "system_id"), [("a", 250), ("b", 255), ("c", 1), ("c", 0), ("c", 256), ("", 9)])
def test_names_and_system_ids_are_unique_and_in_range(tmp_path: Path, name: str, system_id: int) -> None:
    store = KeyStore(tmp_path / "keys.json")
    store.create("a", 255)
    before = store.path.read_bytes()
    with pytest.raises(InputError):
        store.create(name, system_id)
    assert store.path.read_bytes() == before


def test_rotation_and_revocation(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys.json")
    old = store.create("a", 250)
    new = store.rotate("a")
    assert signing_keys(store.load())[250] == (key_of(new.secret), key_of(old.secret))
    with pytest.raises(InputError, match="two keys"):
        store.rotate("a")
    assert [key.key_id for key in store.revoke("a", only_old=True)] == [old.key_id]
    assert signing_keys(store.load())[250] == (key_of(new.secret),)
    store.revoke("a")
    assert signing_keys(store.load()) == {}
    text = store.path.read_text(encoding="utf-8")
    assert old.secret not in text
    assert new.secret not in text
    store.create("a", 250)


def test_root_takes_no_key_file_away_from_the_user_of_the_vehicle_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file would belong to root then: the vehicle would not read it, and a revoked console would drive on."""
    store = KeyStore(tmp_path / "keys.json")
    store.create("a", 250)
    before = store.path.read_bytes()
    monkeypatch.setattr(Path, "owner", lambda _path: "flailpilot")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    for act in (lambda: store.create("b", 251), lambda: store.revoke("a"), store.reset):
        with pytest.raises(InputError, match="runuser -u flailpilot --"):
            act()
    with pytest.raises(InputError, match="belongs to flailpilot"):
        KeyStore(tmp_path / "new" / "keys.json").create("c", 252)
    assert store.path.read_bytes() == before
    assert not (tmp_path / "new").exists()
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    store.revoke("a")


def test_a_key_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "keys.json")
    store.create("a", 250)
    store.path.chmod(0o640)
    with pytest.raises(InputError, match="chmod 600"):
        store.load()


@pytest.mark.parametrize("content", [b"", b"{}", b"[1]", b'{"machine_id": 4}', b"\xff\xfe"])
def test_a_broken_key_file_is_refused_and_not_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "keys.json"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(InputError, match="not a key file"):
        KeyStore(path).create("a", 250)
    assert path.read_bytes() == content


def test_the_command_line_shows_a_secret_once(tmp_path: Path) -> None:
    store, out = tmp_path / "keys.json", tmp_path / "console.key"
    run = CliRunner().invoke
    made = run(cli.app, ["keys", "create", "qgc", "--system-id", "255", "--store", str(store), "--out", str(out)])
    assert made.exit_code == 0
    secret = re.search(r": (\S{43})$", made.stdout, re.MULTILINE)
    assert secret is not None
    assert out.stat().st_mode & 0o777 == 0o600
    listed = run(cli.app, ["keys", "list", "--store", str(store), "--json"])
    assert '"name":"qgc"' in listed.stdout
    assert secret[1] not in listed.stdout
    assert run(cli.app, ["keys", "rotate", "qgc", "--store", str(store)]).exit_code == 0
    assert run(cli.app, ["keys", "revoke", "qgc", "--old", "--store", str(store)]).exit_code == 0
    assert run(cli.app, ["keys", "reset", "--store", str(store)]).exit_code == 2
    assert len(KeyStore(store).load().keys) == 2
    assert run(cli.app, ["keys", "reset", "--store", str(store), "--yes"]).exit_code == 0
    assert KeyStore(store).load().keys == ()


# --- reserved stamps -------------------------------------------------------------------------------------------------
def test_marks_survive_and_never_fall(tmp_path: Path) -> None:
    marks = StampStore(tmp_path / "keys.marks")
    marks.write({250: 1000, 251: 5})
    marks.write({250: 900, 252: 7})
    assert StampStore(marks.path).reserved == {250: 1000, 251: 5, 252: 7}


@pytest.mark.parametrize("cut", [0, 1, 17, 100, SLOT_SIZE - 33, SLOT_SIZE - 1])
def test_a_torn_write_loses_that_write_and_nothing_older(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "keys.marks"
    marks = StampStore(path)
    marks.write({250: 1000})
    before = bytearray(path.read_bytes())
    marks.write({250: 2000})
    after = path.read_bytes()
    slot = 0 if after[:SLOT_SIZE] != before[:SLOT_SIZE] else 1
    torn = bytearray(before)
    torn[slot * SLOT_SIZE : slot * SLOT_SIZE + cut] = after[slot * SLOT_SIZE : slot * SLOT_SIZE + cut]
    path.write_bytes(torn)
    kept = StampStore(path)
    assert kept.reserved == {250: 1000}
    kept.write({250: 3000})
    assert StampStore(path).reserved == {250: 3000}


@pytest.mark.parametrize("dies_in", ["write", "fsync"])
def test_a_first_start_that_the_power_ends_leaves_no_half_file(
    dies_in: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a file is one whose copies are damaged: no start was possible before every console had a new key."""

    def dies(*_: object) -> int:
        raise OSError(5, "the power fails")

    monkeypatch.setattr(os, "fsync", dies)
    if dies_in == "write":
        monkeypatch.setattr(os, "write", dies)
    with pytest.raises(OSError, match="power"):
        StampStore(tmp_path / "keys.marks")
    assert not (tmp_path / "keys.marks").exists()
    monkeypatch.undo()
    StampStore(tmp_path / "keys.marks").write({250: 1000})
    assert StampStore(tmp_path / "keys.marks").reserved == {250: 1000}
    assert (tmp_path / "keys.marks").stat().st_mode & 0o777 == 0o600


def test_two_damaged_copies_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys.marks"
    StampStore(path).write({250: 1000})
    path.write_bytes(b"\0" * (2 * SLOT_SIZE))
    with pytest.raises(InputError, match="keys reset"):
        StampStore(path)


def test_a_slot_holds_every_station_and_every_stamp() -> None:
    full = {system_id: (1 << 48) - system_id for system_id in range(1, 255)}
    assert decode_slot(encode_slot(41, full)) == (41, full)
