"""A controller's link on a port, for whoever measures or tests it without the loop."""

from collections.abc import Callable

from firmware_bridge.command import ActuatorCommand
from firmware_bridge.controller_adapter import ControllerWire
from firmware_bridge.link import ControllerLink, LinkReport
from firmware_bridge.ports import BytePort
from firmware_bridge.types import ControllerHello


class LinkOnPort:
    """Greets as it reads, and sends commands one by one."""

    def __init__(self, port: BytePort, ours: ControllerHello, now_ns: Callable[[], int]) -> None:
        self.adapter, self._now_ns = ControllerLink(ours), now_ns
        self._wire = ControllerWire(port, self.adapter)

    @property
    def agreed(self) -> bool:
        """Both sides speak the same protocol about the same machine."""
        return self.adapter.agreed

    @property
    def withheld_commands(self) -> int:
        """Commands that nobody would have read."""
        return self.adapter.withheld_commands

    def read(self) -> bytes:
        """What the controller said; says hello where it is due."""
        data, _ = self._wire.receive(self._now_ns())
        self._wire.send(self.adapter.due(self._now_ns()))
        return data

    def send(self, command: ActuatorCommand) -> None:
        """One command, and what is due beside it."""
        self._wire.send(self.adapter.encode(command, self._now_ns()))

    def report(self) -> LinkReport:
        """How the wire is now."""
        return self.adapter.report(self._now_ns())

    def close(self) -> None:
        """Give the port up."""
        self._wire.port.close()
