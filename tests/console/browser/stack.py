"""The real stack below a browser: vehicle with simulator, and console server, processes that a test may end."""

import base64
import contextlib
import json
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import msgspec
import numpy as np
import numpy.typing as npt

from benchmarks.ports import free_port
from flailpilot.options import DemoConsole

ROOT = Path(__file__).resolve().parents[3]


class _Child:
    """A process that ends with its stdin."""

    def __init__(self, folder: Path, name: str, *arguments: str) -> None:
        self._log = (folder / f"{name}.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=os.environ | {"PYTHONFAULTHANDLER": "1"},
        )

    def line(self) -> str:
        """Its next line; "" at its end."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def first(self) -> Any:
        """What it says once it runs; one that does not is ended."""
        line = self.line().strip()
        if not line:
            self.close()
            raise AssertionError(f"{self._log.name}: it did not start")
        return json.loads(line) if line.startswith("{") else line

    def kill(self) -> None:
        """At once, as a crash does it."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """Let it end by itself; a dead one is no error."""
        with contextlib.suppress(OSError):
            if self.process.stdin is not None:
                self.process.stdin.close()
        try:
            self.process.wait(20.0)
        except subprocess.TimeoutExpired:
            self.kill()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Vehicle(_Child):
    """Simulator and vehicle program; `told` is where and by which keys consoles reach it."""

    def __init__(self, folder: Path, speed: float = 1.0, *more: str) -> None:
        super().__init__(folder, "vehicle", "tests.console.browser.vehicle", str(folder), str(speed), *more)
        self.speed = speed
        self.told = self.first()

    def _json(self) -> dict[str, Any]:
        line = self.line()
        if not line:
            raise AssertionError("the vehicle's process ended; see vehicle.log")
        found: dict[str, Any] = json.loads(line)
        return found

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        """One question, one answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"do": do, **more}) + "\n")
        self.process.stdin.flush()
        return self._json()

    def look(self) -> dict[str, Any]:
        """Mode, true pose, set-point, time of the computer [ns]."""
        return self.ask("look")

    def driven(self) -> bool:
        """The controller is told to move a track."""
        return self.look()["setpoint"] != [0.0, 0.0]

    def setpoints(self, from_ns: int) -> list[tuple[int, float, float]]:
        """Changes of the set-point since then: time [ns], left, right [m/s]."""
        return [
            (int(t), float(left), float(right)) for t, left, right in self.ask("setpoints", from_ns=from_ns)["changes"]
        ]

    def ground(self) -> tuple[int, dict[tuple[int, int], npt.NDArray[np.uint8]]]:
        """Number of the newest stroke, and the classes of each tile of the vehicle's own record."""
        told = self.ask("ground")
        found = {}
        for name, cells in told["tiles"].items():
            x, y = map(int, name.split(","))
            flat = np.frombuffer(base64.b64decode(cells), np.uint8)
            found[x, y] = flat.reshape(int(len(flat) ** 0.5), -1)
        return int(told["stroke"]), found

    @contextlib.contextmanager
    def stopped(self) -> Iterator[None]:
        """Nothing of it runs meanwhile: as if vehicle and radio were gone at once."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)


class Server(_Child):
    """The console's server as `flailpilot demo` starts it. `url` opens its page."""

    def __init__(self, folder: Path, vehicle: Vehicle, system_id: int | None = None, **changes: Any) -> None:
        told = vehicle.told
        number = told["first_id"] if system_id is None else system_id
        folder.mkdir(exist_ok=True)
        settings = {
            "state_folder": str(folder),
            "name": told["name"],
            "host": "127.0.0.1",
            "port": told["port"],
            "system_id": number,
            "secret": told["keys"][str(number)],
            "machine_id": told["machine_id"],
            "page_port": free_port(),
            "token": secrets.token_urlsafe(24),
            "speed": vehicle.speed,
            "video_port": told["video_port"],
            **changes,
        }
        self.token = str(settings["token"])
        self.port = int(settings["page_port"])
        path = folder / "console.json"
        path.write_bytes(msgspec.json.encode(msgspec.convert(settings, DemoConsole)))
        self._settings, self._folder, self._vehicle = settings, folder, vehicle
        super().__init__(folder, "server", "flailpilot", "demo-console", str(path))
        self.url = str(self.first())

    def sockets(self) -> int:
        """How many sockets its process holds open now."""
        found = Path(f"/proc/{self.process.pid}/fd").iterdir()
        return sum(str(one.readlink()).startswith("socket:") for one in found)

    def again(self) -> "Server":
        """Another one in its place, at the same address with the same token."""
        return Server(self._folder, self._vehicle, **self._settings)
