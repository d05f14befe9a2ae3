"""The keys of the consoles on the vehicle: one for each console and system id, in a file that only its owner may read.

A secret is 32 random bytes written as text, never a password. Frames are signed with its SHA-256, which ground
stations also compute from a text that is typed into them. Revoked keys stay in the list, without their secret.

Keys that may do nothing but STOP stand in a list of their own. A program that knows no such keys knows none of them,
and hears none of their stations: it can never take one for a key with all rights.
"""

import os
import secrets
import stat
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from firmware_bridge.mavlink.signature import key_of
from firmware_bridge.mavlink.stamps import STAMPS_PER_S
from vehicle.contracts.errors import InputError
from vehicle.contracts.kept_formats import Kept
from vehicle.host.atomic_file import write_whole
from vehicle.host.clock import utc_now

NAME_LENGTH_MAX = 32
STAMP_EPOCH = datetime(2015, 1, 1, tzinfo=UTC)


class ConsoleKey(msgspec.Struct, frozen=True, kw_only=True):
    """One key. `secret` is empty after the key was revoked. `created` and `revoked` are UTC, for people."""

    name: str
    system_id: int
    key_id: str
    secret: str
    created: str
    revoked: str = ""

    @property
    def live(self) -> bool:
        """True until it is revoked."""
        return not self.revoked


class KeyFile(msgspec.Struct, frozen=True, kw_only=True):
    """The content of the file. `machine_id` is part of every session's proof: a console of another machine fails.

    `stop_only`: keys of stations that may do nothing but STOP.
    """

    machine_id: str
    keys: tuple[ConsoleKey, ...] = ()
    stop_only: tuple[ConsoleKey, ...] = ()
    format: int = 1

    @property
    def every(self) -> tuple[ConsoleKey, ...]:
        """The keys of all stations, whatever they may do."""
        return self.keys + self.stop_only


class _Format(msgspec.Struct, frozen=True):
    """Of any later file, whatever else it holds."""

    format: int = 1


class KeyStore:
    """Reads and writes the key file. Each change goes to a new file, which then takes the place of the old one.

    Args:
        path: The file; it is made with the first key.
        token: Makes a secret; the tests hand in their own function.
    """

    def __init__(self, path: Path, token: Callable[[], str] = lambda: secrets.token_urlsafe(32)) -> None:
        self.path, self._token = path, token

    def load(self) -> KeyFile:
        """The file as it is; an empty store where there is none.

        Raises:
            InputError: readable by others, or not a key file.
        """
        try:
            mode = stat.S_IMODE(self.path.stat().st_mode)
        except FileNotFoundError:
            return KeyFile(machine_id="")
        if mode & 0o077:
            raise InputError(f"{self.path}: others may read it (mode {mode:04o}); run: chmod 600 {self.path}")
        try:
            content = self.path.read_bytes()
            Kept.KEYS.check(self.path, msgspec.json.decode(content, type=_Format).format)
            return msgspec.json.decode(content, type=KeyFile)
        except (OSError, msgspec.MsgspecError) as refusal:
            raise InputError(f"{self.path}: not a key file ({refusal}); restore it or make a new one") from refusal

    def create(self, name: str, system_id: int, *, stop_only: bool = False) -> ConsoleKey:
        """A key for a new console; `stop_only`: of a station that may do nothing but STOP.

        Raises:
            InputError: the name or the number is taken, or is none.
        """
        held = self.load()
        if not 1 <= len(name) <= NAME_LENGTH_MAX or not name.isprintable():
            raise InputError(f"console name {name!r}: give 1 to {NAME_LENGTH_MAX} printable characters")
        if not 1 < system_id <= 255:
            raise InputError(f"system id {system_id}: a console takes one of 2 to 255 (the vehicle is 1)")
        for key in held.every:
            if key.live and name == key.name:
                raise InputError(f"console {name!r} has a key already; `keys rotate {name}` makes a new one")
            if key.live and system_id == key.system_id:
                raise InputError(f"system id {system_id} belongs to console {key.name!r}; take another")
        return self._add(held, name, system_id, stop_only=stop_only)

    def rotate(self, name: str) -> ConsoleKey:
        """A second key beside the console's old one, with the same rights; both hold until the old one is revoked.

        Raises:
            InputError: the console has no key, or two already.
        """
        held = self.load()
        live = self._live(held, name)
        if len(live) > 1:
            raise InputError(f"console {name!r} has two keys already; revoke the old one: keys revoke {name} --old")
        return self._add(held, name, live[0].system_id, stop_only=live[0] in held.stop_only)

    def revoke(self, name: str, *, only_old: bool = False) -> tuple[ConsoleKey, ...]:
        """End a console's keys, or all but its newest; what was ended.

        Raises:
            InputError: there is nothing to end.
        """
        held = self.load()
        live = self._live(held, name)
        ended = live[:-1] if only_old else live
        if not ended:
            raise InputError(f"console {name!r} has no older key; `keys rotate {name}` makes a newer one first")
        when = utc_now().isoformat(timespec="seconds")

        def kept(keys: tuple[ConsoleKey, ...]) -> tuple[ConsoleKey, ...]:
            return tuple(msgspec.structs.replace(key, secret="", revoked=when) if key in ended else key for key in keys)

        self._write(msgspec.structs.replace(held, keys=kept(held.keys), stop_only=kept(held.stop_only)))
        return ended

    def reset(self) -> None:
        """Forget every console; for whoever stands at the machine and is locked out."""
        self._write(KeyFile(machine_id=self.load().machine_id or secrets.token_hex(8)))

    def _live(self, held: KeyFile, name: str) -> tuple[ConsoleKey, ...]:
        live = tuple(key for key in held.every if key.live and key.name == name)
        if not live:
            known = ", ".join(sorted({key.name for key in held.every if key.live})) or "none"
            raise InputError(f"no console {name!r} in {self.path}; it knows: {known}")
        return live

    def _add(self, held: KeyFile, name: str, system_id: int, *, stop_only: bool) -> ConsoleKey:
        key = ConsoleKey(
            name=name,
            system_id=system_id,
            key_id=secrets.token_hex(4),
            secret=self._token(),
            created=utc_now().isoformat(timespec="seconds"),
        )
        keys = held.keys if stop_only else (*held.keys, key)
        only = (*held.stop_only, key) if stop_only else held.stop_only
        machine_id = held.machine_id or secrets.token_hex(8)
        self._write(msgspec.structs.replace(held, machine_id=machine_id, keys=keys, stop_only=only))
        return key

    def _owner(self) -> str:
        """Name of the user to whom the file belongs, or the folder in which it will lie."""
        place = next(place for place in (self.path, *self.path.absolute().parents) if place.exists())
        try:
            return place.owner()
        except KeyError:  # a user without a name
            return str(place.stat().st_uid)
        except NotImplementedError:  # a system without owners
            return ""

    def _write(self, content: KeyFile) -> None:
        """Whole and durable, or not at all.

        Raises:
            InputError: root would take the file away from the user for whom the vehicle program runs.
        """
        owner = self._owner()
        if os.name == "posix" and os.geteuid() == 0 and owner != "root":
            raise InputError(
                f"{self.path}: belongs to {owner}; written by root it could not be read by the vehicle program, and no "
                f"key would change there: put `runuser -u {owner} --` before the command"
            )
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        content = msgspec.structs.replace(content, format=Kept.KEYS.number)
        write_whole(self.path, msgspec.json.format(msgspec.json.encode(content), indent=2), 0o600)


def signing_keys(content: KeyFile) -> dict[int, tuple[bytes, ...]]:
    """System id -> keys, the newest first: what the verifier takes. Without those that may do nothing but STOP."""
    return _by_station(content.keys)


def stop_only_keys(content: KeyFile) -> dict[int, tuple[bytes, ...]]:
    """System id -> keys, the newest first, of the stations that may do nothing but STOP."""
    return _by_station(content.stop_only)


def _by_station(keys: tuple[ConsoleKey, ...]) -> dict[int, tuple[bytes, ...]]:
    found: dict[int, tuple[bytes, ...]] = {}
    for key in keys:
        if key.live:
            found[key.system_id] = (key_of(key.secret), *found.get(key.system_id, ()))
    return found


def station_names(content: KeyFile) -> dict[int, str]:
    """System id -> name of whoever has a key in force: what other consoles call that one."""
    return {key.system_id: key.name for key in content.every if key.live}


def stamp_of(when: datetime) -> int:
    """A time as a stamp of signatures: 10 us since 2015-01-01 UTC."""
    return max(0, round((when - STAMP_EPOCH).total_seconds() * STAMPS_PER_S))


def clock_stamp(content: KeyFile) -> int:
    """Where stamps may begin: the wall clock, or the newest key's birth where the clock is behind that."""
    births = [datetime.fromisoformat(key.created) for key in content.every if key.live]
    return max([stamp_of(utc_now()), *(stamp_of(birth) for birth in births)])
