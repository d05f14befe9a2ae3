"""What the server is given: the vehicles that it may speak to, and how this console is set up."""

import secrets
from pathlib import Path

import msgspec

from console.client.protocol import Credentials

PAGE = Path(__file__).resolve().parents[1] / "page"
"""The page's files lie beside this room, in a checkout and in a wheel alike."""


class VehicleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle: `id` on the page's wire, `name` for people, UDP `host` and `port`, and this console's key for it.

    `video_port` is the TCP port of its video service, None where it has none. `datum` (lat, lon, alt) may be given
    where it is known beforehand; the vehicle's own takes precedence.
    """

    id: str
    name: str
    host: str
    port: int
    credentials: Credentials
    video_port: int | None = None
    datum: tuple[float, float, float] | None = None


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """This console. `token` is drawn anew for each start; `speed` is simulated seconds a second.

    `simulation`: said on the page at all times. `training`: name of the exercise, "" for none. `by_sight`: the
    operator drives by sight and has no picture, a recorded choice.
    """

    console_name: str
    state_folder: Path
    token: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(24))
    simulation: bool = False
    speed: float = 1.0
    training: str = ""
    by_sight: bool = False
    language: str = "en"
    page: Path = PAGE
