"""`flailpilot keys create --stop-only`: what is made and listed, and what earlier programs make of it."""

import json
from pathlib import Path

import msgspec
import pytest
from typer.testing import CliRunner

from flailpilot import cli
from flailpilot.keys import ConsoleFile
from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.operator_link.keystore import KeyStore, signing_keys, station_names, stop_only_keys

RUN = CliRunner()


def made(folder: Path, *more: str) -> Path:
    """A key file, made with the command."""
    store, out = folder / "keys.json", folder / "sentry.json"
    told = RUN.invoke(
        cli.app,
        ["keys", "create", "sentry", "--system-id", "9", "--store", str(store), "--out", str(out), *more],
    )
    assert told.exit_code == 0, told.output
    return out


def test_a_stop_only_key_is_made_listed_rotated_and_revoked(tmp_path: Path) -> None:
    out, store = made(tmp_path, "--stop-only"), KeyStore(tmp_path / "keys.json")
    store.create("console", 250)
    held = store.load()
    assert [key.name for key in held.keys] == ["console"]
    assert [key.name for key in held.stop_only] == ["sentry"]
    assert set(signing_keys(held)) == {250}
    assert set(stop_only_keys(held)) == {9}
    assert station_names(held) == {250: "console", 9: "sentry"}
    assert json.loads(out.read_bytes())["stop_only"] is True
    listed = RUN.invoke(cli.app, ["keys", "list", "--json", "--store", str(store.path)])
    assert {row["name"]: row["stop_only"] for row in json.loads(listed.output)} == {"console": False, "sentry": True}
    assert "STOP only" in RUN.invoke(cli.app, ["keys", "list", "--store", str(store.path)]).output
    newer = store.rotate("sentry")
    held = store.load()
    assert newer in held.stop_only
    assert len(stop_only_keys(held)[9]) == 2
    store.revoke("sentry", only_old=True)
    assert len(stop_only_keys(store.load())[9]) == 1
    store.revoke("sentry")
    held = store.load()
    assert stop_only_keys(held) == {}
    assert all(not key.secret and key.revoked for key in held.stop_only)
    assert set(signing_keys(held)) == {250}


def test_names_and_numbers_are_unique_over_both_kinds(tmp_path: Path) -> None:
    made(tmp_path, "--stop-only")
    store = KeyStore(tmp_path / "keys.json")
    with pytest.raises(InputError, match="has a key already"):
        store.create("sentry", 10)
    with pytest.raises(InputError, match="belongs to console 'sentry'"):
        store.create("console", 9)
    store.create("console", 250)
    with pytest.raises(InputError, match="belongs to console 'console'"):
        store.create("medic", 250, stop_only=True)


class OlderKey(msgspec.Struct, frozen=True, kw_only=True):
    """As programs had it that know no stop-only keys."""

    name: str
    system_id: int
    key_id: str
    secret: str
    created: str
    revoked: str = ""


class OlderFile(msgspec.Struct, frozen=True, kw_only=True):
    """As programs had it that know no stop-only keys."""

    machine_id: str
    keys: tuple[OlderKey, ...] = ()
    format: int = 1


def test_an_older_program_never_takes_it_for_a_key_with_all_rights(tmp_path: Path) -> None:
    """It reads the file, and hears nobody by this key."""
    made(tmp_path, "--stop-only")
    store = KeyStore(tmp_path / "keys.json")
    store.create("console", 250)
    read = msgspec.json.decode(store.path.read_bytes(), type=OlderFile)
    assert read.format <= Kept.KEYS.number
    assert [key.name for key in read.keys] == ["console"]
    store.path.write_bytes(msgspec.json.encode(read))  # and where it wrote the file, the key is gone
    assert stop_only_keys(store.load()) == {}


def test_a_full_key_file_is_as_it_was(tmp_path: Path) -> None:
    held = json.loads(made(tmp_path).read_bytes())
    assert set(held) == {"machine_id", "name", "system_id", "secret"}
    assert msgspec.json.decode(json.dumps(held), type=ConsoleFile).stop_only is False
