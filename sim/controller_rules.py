"""The controller's own rules, each as in the C reference (`firmware_bridge/controller/src/controller.c`).

Session, lease, state, latches. `tests/firmware_bridge/test_twin.py` compares the two on random histories.
"""

from firmware_bridge.types import ControllerFault, ControllerState, EngineMode, ReceivedCommand

STOP_SHOWN_MS = 500
"""A stop by the controller itself lasts this long, so that its host sees it."""
STOPPING_FAULTS = int(
    ControllerFault.TRACK_STUCK
    | ControllerFault.BRAKE
    | ControllerFault.ROTOR_STUCK
    | ControllerFault.OUTPUT
    | ControllerFault.SUPPLY
    | ControllerFault.WATCHDOG_RESET
    | ControllerFault.CONFIG
)
_CONFIG = int(ControllerFault.CONFIG)
_COMMAND = int(ControllerFault.COMMAND)
_RUN, _SAFE = ControllerState.RUN, ControllerState.SAFE  # see `sim.controller`
_START = EngineMode.START
_HALF, _WHOLE = 1 << 31, 1 << 32


class Rules:
    """The decisions of the firmware. Times are milliseconds of its clock, which does not wrap in a simulation.

    `handshake`: it obeys nobody before a FLAIL_HELLO that agrees. Without, the first command counts as a handshake, and
    silence beyond the watchdog as the end of a session: for a host without a link of its own.
    For faults: `lease_timer_dead`. `estop_command`: the kill line was pulled by a command; `estop_local`: latched by a
    switch of the machine.
    """

    def __init__(self, watchdog_ms: int, *, handshake: bool, fault_bits: int = 0) -> None:
        self._watchdog_ms, self._handshake = watchdog_ms, handshake
        self.fault_bits = fault_bits
        self.state = ControllerState.BOOT
        self.command: ReceivedCommand | None = None
        self.accepted_ms = self._ended_ms = 0
        self.greeted = self.commanded = self.lease_expired = False
        self.estop_local = self.estop_command = self.lease_timer_dead = False
        self.lease_over = True
        self._neutral_seen = self._stop_shown = self._reset_asked = self._button = self._spoken = False

    def hello(self, *, agrees: bool) -> None:
        """Process the host's handshake: a new session without sequence and lease; it needs neutral sticks first."""
        self.greeted, self._spoken = agrees, True
        self.commanded = self._neutral_seen = False

    def kill(self) -> None:
        """Obey a command with KILL from anybody, whatever its age and its other values."""
        self.estop_command = True
        self._reset_asked = False

    def refuse(self, *, kills: bool) -> None:
        """Refuse a well-formed command with a value out of range; only its KILL is obeyed."""
        if kills:
            self.kill()
        self.fault_bits |= _COMMAND

    def take(self, command: ReceivedCommand, now_ms: int) -> bool:
        """Process a command in range; return whether it was accepted, which needs a newer sequence."""
        if command.kill:
            self.kill()
        ahead = (command.sequence - self.command.sequence) % _WHOLE if self.command is not None else 1
        if self.commanded and not 0 < ahead < _HALF:
            return False
        self.command, self.accepted_ms, self.commanded = command, now_ms, True
        self.greeted = self.greeted or not (self._handshake or self._spoken)
        still = command.track_left_mps == 0.0 == command.track_right_mps and command.rotor_speed_radps == 0.0
        if still and command.engine is not _START:
            if self.state is ControllerState.SAFE and not self._stop_shown:
                self._neutral_seen = True
            if command.reset and not command.kill:
                self._reset_asked = True
        return True

    def press_reset(self) -> None:
        """Press the button at the machine; it acts in the next step."""
        self._button = True

    @property
    def ends_ms(self) -> int:
        """When the lease in force ends by this clock; a stamp ahead of the clock is not from this controller."""
        command = self.command
        if command is None or not self.commanded:
            return 0
        silence_ms = self.accepted_ms + self._watchdog_ms
        if self.lease_timer_dead:
            return silence_ms
        if command.controller_time_ms > self.accepted_ms:
            return 0
        return min(silence_ms, command.controller_time_ms + command.valid_for_ms)

    @property
    def asks_starter(self) -> bool:
        """Whether a live command asks for the starter."""
        return self.state is _RUN and self.command is not None and self.command.engine is _START

    @property
    def drives(self) -> bool:
        """Whether a lease is live and its command may move the tracks."""
        return self.state is ControllerState.RUN and self.command is not None and not self.command.brake

    def step(self, now_ms: int, present: int, *, chain_open: bool, fire: bool) -> None:
        """Run one step; `present`: faults whose cause is there now."""
        ran = self.state is _RUN
        self.lease_over = now_ms >= self.ends_ms
        self._stop_shown = self._stop_shown and now_ms - self._ended_ms < STOP_SHOWN_MS
        self._watch(present, local=chain_open or fire)
        self.state = self._next_state()
        if self.state is _RUN:
            self.lease_expired = False
        elif ran:
            self.lease_expired = self.lease_over
            self._neutral_seen, self._stop_shown, self._ended_ms = False, True, now_ms
        if not self._handshake and self.commanded and now_ms - self.accepted_ms >= self._watchdog_ms:
            self.commanded = False

    def _watch(self, present: int, *, local: bool) -> None:
        if self._reset_asked or self._button:
            self.fault_bits &= _CONFIG
            self.estop_command = not self.lease_over and self.command is not None and self.command.kill
            self.lease_expired = self._neutral_seen = False
            self.estop_local = self.estop_local and not self._button
        self._reset_asked = self._button = False
        self.estop_local = self.estop_local or local
        self.fault_bits |= present

    def _next_state(self) -> ControllerState:
        if self.estop_local or self.estop_command:
            return ControllerState.ESTOP
        if self.fault_bits & STOPPING_FAULTS:
            return ControllerState.FAULT
        if not self.greeted:
            return ControllerState.BOOT
        return _RUN if self._neutral_seen and not self.lease_over else _SAFE
