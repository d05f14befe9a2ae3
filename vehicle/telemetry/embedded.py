"""An MQTT 5 broker for first trials, on 127.0.0.1 and a free port; use mosquitto in the field (`configs/broker/`).

Without a configuration file, iotcore's broker listens on every interface and speaks MQTT 3. So a file is always
written. The broker runs in a child process, which ends with this one.
"""

import socket
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

from iotcore import Broker

LOOPBACK = "127.0.0.1"
_ATTEMPTS = 5
_CONFIG = """\
id = 0

[router]
id = 0
max_connections = 64
max_outgoing_packet_count = 200
max_segment_size = 1048576
max_segment_count = 10

[v5.1]
name = "mqtt5"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 5000
max_payload_size = 262144
max_inflight_count = 100
dynamic_filters = true
"""


class EmbeddedBroker:
    """A broker that runs as long as the `with` block, on `host` and `port`. A restart keeps the port.

    `port` 0: any free port.
    """

    def __init__(self, port: int = 0) -> None:
        self.host, self.port = LOOPBACK, port
        self._any_port = port == 0
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._broker: Broker | None = None

    def start(self) -> None:
        """Start the broker; return when it accepts connections.

        Raises:
            OSError: The port is taken.
            RuntimeError: The broker did not start.
        """
        for attempt in range(_ATTEMPTS):
            port = _free_port() if self._any_port else self.port
            try:
                self._start_on(port)
            except OSError:  # another program took the port after it was found free
                self.stop()
                if not self._any_port or attempt == _ATTEMPTS - 1:
                    raise
            else:
                self.port, self._any_port = port, False
                return

    def stop(self) -> None:
        """End the broker's process and release its port; a second call does nothing."""
        if self._broker is not None:
            self._broker.stop()
            self._broker = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _start_on(self, port: int) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="flailpilot-broker-")
        config_path = Path(self._folder.name) / "broker.toml"
        config_path.write_text(_CONFIG.format(host=LOOPBACK, port=port))
        broker = Broker(config_path=str(config_path))
        if broker.listeners != [f"{LOOPBACK}:{port}"]:
            raise RuntimeError(f"embedded broker would listen on {broker.listeners}, not on {LOOPBACK} alone")
        broker.start()
        self._broker = broker


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
