"""The thin shell around the tick: gather inputs, tick, send, then tell the sinks. No event acts outside a tick."""

from firmware_bridge.controller_adapter import ControllerWire
from vehicle.contracts.messages import Event
from vehicle.contracts.sockets import Keeper, Sink, Source, SourceBatch, TickRecord
from vehicle.contracts.units import TICK_NS
from vehicle.control.state import VehicleState
from vehicle.control.tick import tick
from vehicle.host.clock import Clock
from vehicle.runtime.recorded_inputs import inputs_of

OVERRUN_NS = 3 * TICK_NS // 2
"""Time between two steps: up to half a period late is jitter, more means that a tick was missed."""


class VehicleLoop:
    """Owns the state between ticks. `step` is synchronous, so the same code runs in real and in virtual time.

    `failures`: sinks that failed, with the number of failures. All other sinks are told once about a failure. A failed
    sink is still called, but a keeper that has failed once has a gap in its record and counts as broken from then on.
    """

    def __init__(
        self,
        state: VehicleState,
        controller: ControllerWire,
        sources: tuple[Source, ...],
        sinks: tuple[Sink, ...] = (),
    ) -> None:
        self.state = state
        self.failures: dict[str, int] = {}
        self._controller, self._sources, self._sinks = controller, sources, sinks
        self._keepers = tuple(sink for sink in sinks if isinstance(sink, Keeper))
        self._last_ns: int | None = None
        self._notices: tuple[Event, ...] = ()
        for keeper in self._keepers:
            keeper.begin(state, controller.adapter)

    def step(self, now_ns: int) -> None:
        """One tick, at 50 Hz."""
        wire = self._controller
        controller_in, heard = wire.receive(now_ns)
        batches = self._gathered(now_ns)
        # Judged here and not by the caller: whatever delayed this tick, the inputs that waited meanwhile are old.
        overrun = self._last_ns is not None and now_ns - self._last_ns > OVERRUN_NS
        self._last_ns = now_ns
        recording = self._kept()
        inputs = inputs_of(heard, batches, overrun=overrun, recording=recording)
        self.state, outputs = tick(self.state, inputs, now_ns)
        frames = wire.adapter.encode(outputs.command, now_ns)
        wire.send(frames)
        notices, self._notices = self._notices, ()
        self._tell(
            TickRecord(
                tick=self.state.tick,
                t_ns=now_ns,
                controller_in=controller_in,
                batches=batches,
                overrun=overrun,
                recording=recording,
                controller_out=b"".join(frames),
                outputs=outputs,
                state=self.state,
                notices=notices,
            )
        )

    def _gathered(self, now_ns: int) -> tuple[SourceBatch, ...]:
        """Return the batches of all sources that have new data, in the order of the sources."""
        return tuple([batch for source in self._sources if (batch := source.drain(now_ns)).data])

    def _kept(self) -> bool:
        """Whether every keeper has kept everything it was given."""
        for keeper in self._keepers:  # noqa: SIM110  # a generator costs a third of a microsecond in every tick
            if not keeper.healthy or keeper.name in self.failures:
                return False
        return True

    def _tell(self, record: TickRecord) -> None:
        """Tell the sinks; the command is already sent, so no sink can change this tick."""
        for sink in self._sinks:
            try:
                sink.accept(record)
            except Exception as error:  # noqa: BLE001  # a failing sink ends no tick and stops no other sink
                self._failed(sink.name, error)

    def notice(self, kind: str, text: str) -> None:
        """Hand an event that came of no tick to all sinks, with the next tick."""
        event = Event(t_ns=self._last_ns or 0, tick=self.state.tick, kind=kind, text=text)
        self._notices += (event,)

    def _failed(self, name: str, error: Exception) -> None:
        count = self.failures[name] = self.failures.get(name, 0) + 1
        if count == 1:
            words = f"{name} failed: {type(error).__name__}: {error}"
            self.notice("sink", words)

    async def run(self, clock: Clock) -> None:
        """Tick on the clock's 20 ms grid until cancelled; a late tick is reported to the next tick."""
        deadline_ns = -(-clock.now_ns() // TICK_NS) * TICK_NS
        while True:
            await clock.sleep_until_ns(deadline_ns)
            self.step(clock.now_ns())
            deadline_ns += TICK_NS
            late_ns = clock.now_ns() - deadline_ns
            if late_ns > 0:
                deadline_ns += (late_ns // TICK_NS + 1) * TICK_NS
