"""The controller twin: real frames in and out, its own lease watchdog, a state machine that starts safe.

Firmware as the stack meets it on the serial line. Two timers stop it independently: the lease of the last command
(`valid_for_ms`), and a watchdog on silence. After silence, a boot or an emergency stop a neutral command comes first.
A lease that lapses between two ticks needs none: the host never stopped driving, and judges the operator itself.
"""

import msgspec

from firmware_bridge.mavlink import adapters
from firmware_bridge.ports import BytePort
from firmware_bridge.types import (
    ControllerFault,
    ControllerHello,
    ControllerState,
    EngineMode,
    GnssFix,
    ImuSample,
    ReceivedCommand,
)
from sim.controller_outputs import OutputParams, OutputStage
from sim.controller_status import PROTOCOL_VERSION, Counters, compose, dead_encoders, greeting
from sim.engine_plant import EnginePlant
from sim.flail_plant import FlailPlant
from sim.sensors import ToolSensors
from vehicle.config import MachineConfig
from vehicle.units import NS_PER_MS, NS_PER_S

STOPPING_FAULTS = int(
    ControllerFault.TRACK_STUCK | ControllerFault.BRAKE | ControllerFault.OUTPUT | ControllerFault.CONFIG
)
NEVER_NS = 1 << 62


class ControllerParams(msgspec.Struct, frozen=True, kw_only=True):
    """Firmware constants. `lease_max_ms` is announced in the handshake; `hardware_watchdog_s` restarts a hung one."""

    lease_max_ms: int = 150
    frame_watchdog_ms: int = 200
    boot_s: float = 0.3
    hardware_watchdog_s: float = 0.1
    status_period_ms: int = 100
    hello_period_ms: int = 1000
    outputs: OutputParams = OutputParams()


class ControllerTwin:
    """Reads and writes one end of a port. Doors for faults, each holds until it is set back.

    Contacts: `estop_chain_open`, `fire`, `shock`, `oil_pressure_low`. Failures: `faults_present` (of `ControllerFault`;
    `fault_bits` latches them), `hang` (outputs freeze and the last status repeats until the hardware watchdog restarts
    it), `reboot`, `lease_timer_dead`, `mute` (it hears and obeys, but its answers are lost). `reset_at_machine` is the
    key at the machine: it alone releases what its e-stop chain latched.
    """

    def __init__(
        self,
        port: BytePort,
        machine: MachineConfig,
        sensors: ToolSensors,
        flail: FlailPlant,
        engine: EnginePlant,
        *,
        config_hash: bytes,
        params: ControllerParams | None = None,
    ) -> None:
        self._port, self._sensors, self._flail, self._engine = port, sensors, flail, engine
        self._params = params = params or ControllerParams()
        self._config_hash = config_hash
        self.outputs = OutputStage(machine, params.outputs, sensors, flail, engine)
        self.estop_chain_open = self.fire = self.shock = self.oil_pressure_low = False
        # a plain int: an IntFlag operation costs 1 us, and this is asked three times a step
        self.fault_bits = self.faults_present = 0
        self.lease_timer_dead = self.mute = False
        self.boot_count = 0
        self._frame_number = self._status_count = 0
        self._last_status = b""
        self._now_ns = 0
        self.reboot(0)

    def reboot(self, now_ns: int) -> None:
        """Power up: outputs off, nothing remembered but the boot counter and the suppression that was released."""
        self.outputs.cut()
        self.boot_count += 1
        self._reader = adapters.MessageReader(adapters.CONTROLLER_DECODERS)
        self._refused = 0
        self._boot_ns = now_ns
        self._awake_ns = now_ns + round(self._params.boot_s * NS_PER_S)
        self._hung_since_ns = NEVER_NS
        self._live = self._expired = False
        self._command: ReceivedCommand | None = None
        self._sequence = self._command_ns = self._lease_end_ns = self._watchdog_end_ns = 0
        self._heard = self._agreed = self._killed = False
        self._chain_latched = self.estop_chain_open
        self._neutral_needed = True
        self._next_status_ns = self._next_hello_ns = self._awake_ns
        self._status_count = 0

    def hang(self, now_ns: int) -> None:
        """The firmware stops running; its outputs stay as they are until the hardware watchdog bites."""
        self._hung_since_ns = now_ns

    @property
    def lease_expired(self) -> bool:
        """The last command outlived its life."""
        return self._expired

    def reset_at_machine(self) -> None:
        """Release what the e-stop chain latched, if it is closed; starts nothing."""
        self._chain_latched = self.estop_chain_open

    @property
    def gnss_restart(self) -> bool:
        """The newest command asks the receiver to fix anew."""
        return self._command is not None and self._command.gnss_restart

    @property
    def setpoint_mps(self) -> tuple[float, float]:
        """Belt speeds that it is told to drive at this instant: zero from the moment in which no lease is live."""
        command = self._command
        if command is None or not self._live:
            return 0.0, 0.0
        return command.track_left_mps, command.track_right_mps

    @property
    def awake(self) -> bool:
        """It runs: neither booting nor hung, as of the last interval."""
        return self._now_ns >= self._awake_ns and self._now_ns < self._hung_since_ns

    @property
    def killed(self) -> bool:
        """The kill line was pulled by a command, and no reset followed."""
        return self._killed

    @property
    def state(self) -> ControllerState:
        """As the status reports it."""
        if self._killed or self._chain_latched:
            return ControllerState.ESTOP
        if self.fault_bits & STOPPING_FAULTS:
            return ControllerState.FAULT
        if not self._heard:
            return ControllerState.BOOT
        return ControllerState.RUN if self._live else ControllerState.SAFE

    def receive(self, now_ns: int) -> None:
        """Take what arrived by `now_ns` and answer each command at once."""
        data = self._port.read()
        if now_ns >= self._hung_since_ns:
            self._repeat_or_restart(now_ns)
            return
        if now_ns < self._awake_ns:
            return
        self._forget(now_ns)
        for message in self._reader.feed(data):
            if isinstance(message, ReceivedCommand):
                self._obey(message, now_ns)
                self._answer(now_ns)
            elif isinstance(message, ControllerHello):
                self._open_session(message, now_ns)
        if self._reader.refused > self._refused:
            self._refused = self._reader.refused
            self.fault_bits |= ControllerFault.COMMAND
        if now_ns >= self._next_status_ns:
            self._answer(now_ns)
        if now_ns >= self._next_hello_ns:
            self._greet(now_ns)

    def control(self, from_ns: int, to_ns: int) -> None:
        """Drive the outputs over an interval; a lease that ends inside it stops the machine from that instant on."""
        self._now_ns = to_ns
        if from_ns >= self._hung_since_ns:
            return
        self.fault_bits |= self.faults_present | dead_encoders(self._sensors)
        self._chain_latched = self._chain_latched or self.estop_chain_open
        stopped = self._killed or self._chain_latched
        if stopped:
            self._engine.command(EngineMode.SHUTDOWN)
            self._neutral_needed = True
        if stopped or from_ns < self._awake_ns:
            self._live = False
            self.outputs.cut()
            return
        end_ns = min(max(self._end_ns(), from_ns), to_ns)
        if end_ns > from_ns:
            self.outputs.advance(self._command, (end_ns - from_ns) / NS_PER_S)
        if end_ns < to_ns:
            self._expired = self._expired or self._command is not None
            self._live = False
            self.outputs.advance(None, (to_ns - end_ns) / NS_PER_S)
        self._forget(to_ns)

    def send(self, imu: ImuSample | None, gnss: GnssFix | None, now_ns: int) -> None:
        """Pass the sensors' samples on."""
        if now_ns < self._awake_ns or self.mute or now_ns >= self._hung_since_ns:
            return
        if imu is not None:
            self._port.write(adapters.encode_imu(imu, self._next_frame()))
        if gnss is not None:
            self._port.write(adapters.encode_gnss(gnss, self._next_frame()))

    def time_ms(self, now_ns: int) -> int:
        """The controller's clock: milliseconds since its boot."""
        return (now_ns - self._boot_ns) // NS_PER_MS

    def _obey(self, command: ReceivedCommand, now_ns: int) -> None:
        """Take a command over; one that is not newer renews nothing, unless the line was silent before it."""
        advance = (command.sequence - self._command.sequence) & 0xFFFF_FFFF if self._command is not None else 1
        if not 0 < advance < 0x8000_0000:
            return
        self._heard = True
        self._killed = self._killed or command.kill
        if command.track_left_mps == 0.0 == command.track_right_mps and command.rotor_speed_radps == 0.0:
            if command.reset and not command.kill:
                self._killed = False
                self.fault_bits = self.faults_present
            self._neutral_needed = self._killed or self._chain_latched
        self._command, self._command_ns, self._sequence, self._expired = command, now_ns, command.sequence, False
        life_ms = min(command.valid_for_ms, self._params.lease_max_ms)
        self._lease_end_ns = now_ns + life_ms * NS_PER_MS
        self._watchdog_end_ns = now_ns + self._params.frame_watchdog_ms * NS_PER_MS
        self._live = self._end_ns() > now_ns

    def _open_session(self, hello: ControllerHello, now_ns: int) -> None:
        """A host that introduces itself starts anew: no old sequence, no lease, neutral first."""
        self._agreed = hello.config_hash == self._config_hash and hello.protocol_version == PROTOCOL_VERSION
        self._heard = self._neutral_needed = True
        self._command, self._live = None, False
        self._next_hello_ns = now_ns

    def _end_ns(self) -> int:
        """When what drives now will have ended: the earlier of the two timers."""
        if self._command is None or self._neutral_needed or self.fault_bits & STOPPING_FAULTS:
            return 0
        return self._watchdog_end_ns if self.lease_timer_dead else min(self._lease_end_ns, self._watchdog_end_ns)

    def _forget(self, now_ns: int) -> None:
        """Silence beyond the watchdog: any sequence may follow it, but neutral comes first."""
        if self._command is not None and now_ns >= self._watchdog_end_ns:
            self._command = None
            self._live = False
            self._neutral_needed = True

    def _repeat_or_restart(self, now_ns: int) -> None:
        """A hung controller's serial peripheral repeats its last frame; then the hardware watchdog restarts it."""
        if now_ns - self._hung_since_ns < self._params.hardware_watchdog_s * NS_PER_S:
            if self._last_status and not self.mute:
                self._port.write(self._last_status)
            return
        self.reboot(now_ns)
        self.fault_bits |= ControllerFault.WATCHDOG_RESET

    def _answer(self, now_ns: int) -> None:
        self._next_status_ns = now_ns + self._params.status_period_ms * NS_PER_MS
        self._status_count = (self._status_count + 1) & 0xFFFF
        age_ms = (now_ns - self._command_ns) // NS_PER_MS if self._heard else 0xFFFF
        counters = Counters(
            self.time_ms(now_ns), self.boot_count, self._sequence, min(age_ms, 0xFFFF), self._status_count
        )
        status = compose(self, counters, self.outputs, self._sensors, self._flail, self._engine)
        self._last_status = adapters.encode_status(status, self._next_frame())
        if not self.mute:
            self._port.write(self._last_status)

    def _next_frame(self) -> int:
        self._frame_number = (self._frame_number + 1) & 0xFF
        return self._frame_number

    def _greet(self, now_ns: int) -> None:
        self._next_hello_ns = NEVER_NS if self._agreed else now_ns + self._params.hello_period_ms * NS_PER_MS
        hello = greeting(self._config_hash, self._params.lease_max_ms, self.boot_count)
        if not self.mute:
            self._port.write(adapters.encode_hello(hello, self._next_frame()))
