"""The vehicle's process around its loop: it can end, hang and be started again like a real one."""

from collections.abc import Callable

from sim.controller import ControllerTwin
from vehicle.contracts.units import TICK_NS
from vehicle.control.plan_assignment import assign_plan
from vehicle.control.state import GateState, VehicleState
from vehicle.records.journal import Journal
from vehicle.records.ledger_news import Followed
from vehicle.records.records import Record
from vehicle.runtime import kept_checks, kept_place, latches
from vehicle.runtime.kept_ledger import header_of, restored
from vehicle.runtime.loop import VehicleLoop

CHAIN_TICKS = 10
PLACE_TICKS = kept_place.PERIOD_NS // TICK_NS
KEEP_TICKS = latches.PERIOD_MS // 20
"""Ticks after which a stop is saved, as on a slow disk: a tenth of a second."""


class VehicleProcess:
    """For faults: `dead` (killed; `restart` starts a new one), `stalled` (blocked; later it continues where it was)."""

    def __init__(self, loop: VehicleLoop, make: Callable[[VehicleState], VehicleLoop]) -> None:
        self.loop, self._make = loop, make
        self.dead = self.stalled = False
        self.restarts = 0
        self._chain_left = self._ticks = 0
        self._disk: bytes | None = None
        self._place: bytes | None = None
        state = loop.state
        self._now_ns = 0
        self._rows: list[Record] = [header_of(state, None)]
        self._followed = Followed.of(state)

    @property
    def runs(self) -> bool:
        """Whether the process ticks."""
        return not (self.dead or self.stalled)

    def step(self, now_ns: int) -> None:
        """Run one tick, if the process runs."""
        if not self.runs:
            return
        self._ticks += 1
        if self._ticks % KEEP_TICKS == 0:
            self._disk = latches.encode(self.loop.state.gate)
        if self._ticks % PLACE_TICKS == 0 and (kept := kept_place.kept_of(self.loop.state)) is not None:
            self._place = kept_place.encode(kept)
        self.loop.step(now_ns)
        self._now_ns = now_ns
        rows, self._followed = self._followed.after(self.loop.state, now_ns)
        self._rows += rows

    def restart(self) -> None:
        """Start a new process with a new session: configuration, plan, journal and latches are read from files."""
        self.restarts += 1
        old = self.loop.state
        session = old.session_id ^ (self.restarts << 32)
        # a run is shorter than the five minutes in which program starts are counted
        gate = GateState(
            session_id=session,
            config_hash=old.gate.config_hash,
            boots_recent=self.restarts + 1,
            ring_m=old.gate.ring_m,
        )
        state = VehicleState(
            config=old.config,
            datum=old.datum,
            session_id=session,
            gate=latches.restored(gate, self._disk),
            checks=kept_checks.restored(kept_checks.encode(old.checks)),
            estimate=kept_place.restored(self._place, old.datum),
            taken_over=old.taken_over,
        )
        found = Journal(records=tuple(self._rows), valid_bytes=0, dropped_bytes=0, check=0)
        state = restored(assign_plan(state, old.mission.plan), found, self._now_ns)
        self.loop, self._followed = self._make(state), Followed.of(state)
        self.dead = False

    def press_chain(self) -> None:
        """Somebody presses the E-stop on the machine and releases it."""
        self._chain_left = CHAIN_TICKS

    def hold_chain(self, controller: ControllerTwin) -> None:
        """Apply the press over the next ticks."""
        if self._chain_left == 0:
            return
        self._chain_left -= 1
        controller.estop_chain_open = self._chain_left > 0
        if self._chain_left == 0:
            controller.reset_at_machine()
