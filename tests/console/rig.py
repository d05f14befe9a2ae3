"""A simulated vehicle with its whole operator link, our console on the air: signed, in virtual time, step by step.

The page is played by `controls`: a look at them each tick, with the tick that the console had heard one look before.
"""

from benchmarks.trials.linked_scenario import SECRET, STATION_ID, LinkedFaultScenario
from campaign.fault_scenario import FaultScenarioSettings
from campaign.sim_operator import SimOperator
from console.client.acts import ActAnswer
from console.client.protocol import Credentials, LinkProtocol
from console.client.station import NEUTRAL, Controls
from firmware_bridge.ports import BytePort
from firmware_bridge.types import OperatorEdge
from tests.console.hands import reading_of
from vehicle.contracts.messages import Mode
from vehicle.contracts.sockets import Sink
from vehicle.runtime.console_facts import TickFacts


class Page(SimOperator):
    """Hands of a page and its console; `live` False: the page is frozen or closed. `answers`: of its acts."""

    def __init__(self, port: BytePort, station_id: int, secret: str) -> None:
        super().__init__(port, station_id)
        self.protocol = LinkProtocol(Credentials(system_id=station_id, secret=secret))
        self.air = port
        self.controls, self.live, self.repeats = NEUTRAL, True, False
        self.answers: list[ActAnswer] = []
        self.sent: list[bytes] = []
        self.heard_bytes = 0
        self._number = self._shown = 0

    def step(self, now_ns: int) -> None:
        """A look at the hands, and what the console does in a tick."""
        protocol, data = self.protocol, self.air.read()
        self.heard_bytes += len(data)
        protocol.receive(data, now_ns)
        self.seen = protocol.vehicle
        if self.live:
            self._number += not self.repeats
            protocol.feed(reading_of(self.controls, self._number, self._shown), now_ns)
        self._shown = protocol.tick
        for frame in protocol.send(now_ns):
            self.sent.append(frame)
            self.air.write(frame)
        self.answers += protocol.answers()


class ConsoleRig(LinkedFaultScenario):
    """`page`: what sits before the console."""

    def __init__(self, settings: FaultScenarioSettings | None = None, sinks: tuple[Sink, ...] = ()) -> None:
        super().__init__(
            settings if settings is not None else FaultScenarioSettings(delay_ms=5.0, jitter_ms=1.0), sinks
        )
        self.page = Page(self.radio.station, STATION_ID, SECRET)
        self.hands = self.page
        self.link.reports._facts = TickFacts()

    def act(self, edge: OperatorEdge, limit_s: float = 4.0) -> ActAnswer:
        """Press, and wait for the answer."""
        number = self.page.protocol.act(edge, self.now_ns)
        for _ in range(round(limit_s / 0.02)):
            self.step()
            found = [answer for answer in self.page.answers if answer.number == number]
            if found:
                return found[0]
        raise AssertionError(f"{edge!r} was never answered")

    def taken(self, *edges: OperatorEdge) -> None:
        """Each of these acts, until it is taken."""
        for edge in edges:
            for _ in range(20):
                answer = self.act(edge)
                if not answer.why:
                    break
            assert not answer.why, answer
            self.run(0.6)

    def manual(self) -> "ConsoleRig":
        """Armed, by this console."""
        self.run(3.0)
        self.taken(OperatorEdge.TAKE, OperatorEdge.ARM, OperatorEdge.ARM)
        assert self.mode is Mode.MANUAL
        return self

    def hold(self, drive: float = 0.0, turn: float = 0.0) -> None:
        """Hold-to-run, and the stick."""
        self.page.controls = Controls(hold_to_run=True, drive=drive, turn=turn)

    def let_go(self) -> None:
        """Hands off."""
        self.page.controls = NEUTRAL
