"""`flailpilot keys`: create, list, rotate and revoke console keys, at the machine. Keys never travel by radio."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from flailpilot.numbers import whole
from vehicle.contracts.errors import InputError
from vehicle.operator_link.keystore import ConsoleKey, KeyStore

DEFAULT_STORE = Path.home() / ".config" / "flailpilot" / "keys.json"

app = typer.Typer(help="Create, list, rotate and revoke console keys; at the machine, never by radio.")
Store = Annotated[Path, typer.Option("--store", help="Key file of this machine.")]
Name = Annotated[str, typer.Argument(help="Name of the console.")]


class ConsoleFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The key file for a console of this project: its key, and the machine for which the key is.

    `stop_only`: the key may do nothing but STOP; it is the vehicle's key file that decides this.
    """

    machine_id: str
    name: str
    system_id: int
    secret: str
    stop_only: bool = False


@app.command()
def create(
    name: Name,
    system_id: Annotated[
        int,
        typer.Option(
            "--system-id",
            parser=whole("--system-id", "a whole number, 2 to 255", "7"),
            metavar="N",
            help="MAVLink system id of the console, 2 to 255.",
        ),
    ],
    store: Store = DEFAULT_STORE,
    out: Annotated[Path | None, typer.Option("--out", help="Also write a key file for our own console.")] = None,
    *,
    stop_only: Annotated[
        bool, typer.Option("--stop-only", help="It may do nothing but STOP: for sentry, medic and team leader.")
    ] = False,
) -> None:
    """Make a key for a new console and show it once."""
    _check_free(out)
    keys = KeyStore(store)
    _show(keys, keys.create(name, system_id, stop_only=stop_only), out)


@app.command()
def rotate(
    name: Name,
    store: Store = DEFAULT_STORE,
    out: Annotated[Path | None, typer.Option("--out", help="Also write a key file for our own console.")] = None,
) -> None:
    """Make a second key; both are valid until `revoke NAME --old`."""
    _check_free(out)
    keys = KeyStore(store)
    _show(keys, keys.rotate(name), out)
    print(f"When the console uses it: flailpilot keys revoke {name} --old --store {store}")


@app.command()
def revoke(
    name: Name,
    store: Store = DEFAULT_STORE,
    *,
    old: Annotated[bool, typer.Option("--old", help="Only the keys before the newest.")] = False,
) -> None:
    """End a console's keys; a running vehicle program notices within 5 s."""
    ended = KeyStore(store).revoke(name, only_old=old)
    print(f"revoked: {name}, system id {ended[0].system_id}, key {', '.join(key.key_id for key in ended)}")


@app.command(name="list")
def list_(
    store: Store = DEFAULT_STORE,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, and nothing else.")] = False,
) -> None:
    """Show all keys, never their secrets."""
    held = KeyStore(store).load()
    shown = ("name", "system_id", "key_id", "created", "revoked")
    rows = [{name: getattr(key, name) for name in shown} | {"stop_only": key in held.stop_only} for key in held.every]
    if as_json:
        print(msgspec.json.encode(rows).decode())
        return
    table = Table("console", "system id", "key", "created", "revoked", "may")
    for row in rows:
        *cells, only = row.values()
        table.add_row(*(str(cell) for cell in cells), "STOP only" if only else "all")
    Console().print(table)


@app.command()
def reset(
    store: Store = DEFAULT_STORE,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Forget every console of this machine.")] = False,
) -> None:
    """Forget all consoles and all stamps; for a person at the machine who is locked out."""
    if not yes:
        print("This forgets every console of this machine. Run it again with --yes.")
        raise typer.Exit(2)
    KeyStore(store).reset()
    store.with_suffix(".marks").unlink(missing_ok=True)
    print(
        f"{store}: no console has a key now; stop the vehicle program if it runs; `flailpilot keys create NAME "
        f"--system-id N --store {store}` makes one"
    )


def _check_free(out: Path | None) -> None:
    """Check the output file before a key is made: its secret is shown once, and no other key file is replaced."""
    if out is None:
        return
    if out.exists() or out.is_symlink():
        raise InputError(f"--out {out}: already exists and is not overwritten; name a new file")
    if not out.parent.is_dir():
        raise InputError(f"--out {out}: there is no folder {out.parent}; name a file that can be written")


def _show(keys: KeyStore, key: ConsoleKey, out: Path | None) -> None:
    held = keys.load()
    only = key in held.stop_only
    print(
        f"console {key.name}, system id {key.system_id}, key {key.key_id}{', may do nothing but STOP' if only else ''}"
    )
    print(f"secret (type it into the ground station's signing page; it is not shown again): {key.secret}")
    if out is not None:
        content = ConsoleFile(
            machine_id=held.machine_id, name=key.name, system_id=key.system_id, secret=key.secret, stop_only=only
        )
        out.touch(mode=0o600, exist_ok=False)
        out.write_bytes(msgspec.json.encode(content))
        print(f"written: {out}")
