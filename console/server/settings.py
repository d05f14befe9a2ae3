"""The server's settings: its vehicles, and the configuration of this console."""

import secrets
from pathlib import Path

import msgspec

from console.client.protocol import Credentials

PAGE = Path(__file__).resolve().parents[1] / "page"
"""Folder of the page's files: beside this package, both in a checkout and in a wheel."""


class VehicleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """A vehicle: `id` in the page's protocol, `name` for people, UDP `host` and `port`, and this console's key for it.

    `video_port` is the TCP port of its video service, None without one. `datum` (lat, lon, alt) may be given if known
    in advance; the vehicle's own datum has priority.
    """

    id: str
    name: str
    host: str
    port: int
    credentials: Credentials
    video_port: int | None = None
    datum: tuple[float, float, float] | None = None


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """This console. `token` is random and new at each start; `speed` is simulated seconds per second.

    `simulation`: always shown on the page. `by_sight`: the operator drives by sight without a picture; this choice is
    recorded.
    """

    console_name: str
    state_folder: Path
    token: str = msgspec.field(default_factory=lambda: secrets.token_urlsafe(24))
    simulation: bool = False
    speed: float = 1.0
    by_sight: bool = False
    language: str = "en"
    page: Path = PAGE
