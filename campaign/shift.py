"""The team of a scenario: its bay is stored when the shift opens, and at the end it makes every check of the rules.

After the work: a rover on a control point, a count of hammers, and a mean of five depths at each of five places over
all ground that the record claims (`campaign/rod.py`). The next morning, before anything is credited: the daily check in
the bay. The way back there is left out: the machine is set down where it stood, as exactly as people park, and its
program determines its position again, as after a night.
"""

from collections.abc import Callable

import msgspec

from campaign.fault_scenario import FaultScenario
from campaign.rod import MEAN_M, Rod
from campaign.sim_operator import Goal
from firmware_bridge.mavlink import adapters
from firmware_bridge.types import Observation, ObservationVerdict, OperatorEdge
from sim.checker import Place, base_check, depth_reading, hammer_count, note, timed
from sim.noise import generator
from sim.plant import Pose
from vehicle.contracts.ledger_types import Revoke
from vehicle.control.checks import machine_check
from vehicle.control.checks.room import MEASURED
from vehicle.control.checks_state import MachineCheck, Stand
from vehicle.control.estimate_state import EstimateState

BAY_S = 31.0
PARKED_M, PARKED_RAD = 0.01, 0.001
"""1-sigma with which a machine is parked in its marked bay again."""
BAY_M, BAY_HEADING_RAD, BAY_TILT_RAD = 0.012, 0.001, 0.0006
"""1-sigma that an average over half a minute leaves in place, heading and tilt on the day when the bay was stored."""
TRIES = 20


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """A check that was made: whether it withdrew credit, and the vehicle's words if it refused the check."""

    check: str
    withdrew: str
    refused: str


class Shift:
    """Call `step` once a tick while the machine works, then `close`. `tick`: runs one tick of the scenario."""

    def __init__(self, drill: FaultScenario, seed: int, tick: Callable[[], None] | None = None) -> None:
        self._drill, self._tick = drill, tick if tick is not None else drill.step
        self._draw = generator(seed, "shift")
        self._rod = Rod()
        self._sequence = self._acts = 0
        tracks = drill.world.tracks
        self._bay = Pose(tracks.east_m, tracks.north_m, tracks.yaw_rad)
        self.withdrawn: list[str] = []
        self._store_bay()

    def _store_bay(self) -> None:
        """Store the bay as after a full check on another day that found nothing."""
        drill, draw = self._drill, self._draw
        tracks, mount = drill.world.tracks, drill.parts.config.machine.gnss
        east_m, north_m, _ = tracks.point_m(mount.antenna_x_m, mount.antenna_y_m, mount.antenna_z_m)
        noise = draw.standard_normal(5).tolist()
        stand = Stand(
            fixes=machine_check.DAILY_FIXES,
            east_m=east_m + BAY_M * noise[0],
            north_m=north_m + BAY_M * noise[1],
            yaw_rad=tracks.yaw_rad + BAY_HEADING_RAD * noise[2],
            roll_rad=tracks.roll_rad + BAY_TILT_RAD * noise[3],
            pitch_rad=tracks.pitch_rad + BAY_TILT_RAD * noise[4],
        )
        checks = msgspec.structs.replace(drill.state.checks, calibration=machine_check.stored(MEASURED, stand))
        drill.process.loop.state = msgspec.structs.replace(drill.state, checks=checks)

    def step(self) -> None:
        """Run one tick and note what the team sees: place and depth of the tool, and withdrawn credit."""
        drill = self._drill
        self._tick()
        ledger = drill.state.ledger
        if ledger.act_count != self._acts:
            self._acts = ledger.act_count
            self.withdrawn += [act.reason for act in ledger.acts if isinstance(act, Revoke)]
        self._rod.see(drill.now_ns, drill.world.truth())

    def run(self, seconds: float) -> None:
        """Run for this time [s]; the team looks on."""
        for _ in range(round(seconds * 50.0)):
            self.step()

    def stop(self) -> None:
        """The operator presses STOP and lets go of the controls; the rotor runs down."""
        hands = self._drill.hands
        hands.pressed = OperatorEdge.STOP
        hands.goal = Goal.REST
        self.run(0.4)
        hands.pressed = OperatorEdge.NONE
        self.run(5.0)

    def close(self) -> tuple[Finding, ...]:
        """Make every check that the rules ask for, in the order of the day; return the results."""
        drill = self._drill
        world, count = drill.world, drill.parts.config.machine.tool.hammer_count
        found = [self._made("base", base_check(world)), self._made("hammers", hammer_count(world, count))]
        found += [self._made("depth", reading) for reading in self._readings()]
        found.append(self._morning())
        while drill.state.ledger.pending:
            self.run(0.02)
        return tuple(found)

    def places(self) -> tuple[Place, ...]:
        """Return the places of the depth readings at the end, with the true depths."""
        return self._rod.chosen(self._drill.state.ledger, self._drill.parts.config.mission.cell_m)

    def _readings(self) -> list[Observation]:
        places = self.places()
        errors_m = (MEAN_M * self._draw.standard_normal(len(places))).tolist()
        return [
            depth_reading(place, max(0.0, place.depth_m + error_m), self._drill.state.datum, MEAN_M)
            for place, error_m in zip(places, errors_m, strict=True)
        ]

    def _morning(self) -> Finding:
        """Make the daily check."""
        drill = self._drill
        east, north, turned = self._draw.standard_normal(3).tolist()
        bay = self._bay
        drill.world.tracks.put(
            Pose(bay.east_m + PARKED_M * east, bay.north_m + PARKED_M * north, bay.yaw_rad + PARKED_RAD * turned)
        )
        state = drill.state
        checks = msgspec.structs.replace(state.checks, machine=MachineCheck())
        wire = msgspec.structs.replace(state.wire, gnss=None, gnss_fresh=False)
        drill.process.loop.state = msgspec.structs.replace(state, wire=wire, estimate=EstimateState(), checks=checks)
        self.run(BAY_S)
        found = self._made("daily", note("daily check"))
        for _ in range(4):
            if not found.refused:
                break
            self.run(BAY_S)  # if the receiver fixes anew in the bay, its half minute begins again
            found = self._made("daily", note("daily check"))
        return found

    def _made(self, check: str, observation: Observation) -> Finding:
        """Send an observation by radio until it is answered; return the result."""
        drill, before = self._drill, len(self.withdrawn)
        self._sequence += 1
        station_id = observation.station_id
        told = timed(observation, drill.world, drill.now_ns)
        told = msgspec.structs.replace(told, session_id=drill.state.session_id, sequence=self._sequence)
        frame = adapters.encode_observation(told)
        for _ in range(TRIES):
            drill.radio.station.write(frame)
            self.run(0.2)
            for answer in drill.state.checks.answers:
                if (answer.station_id, answer.sequence) == (station_id, self._sequence):
                    refused = answer.text if answer.result is ObservationVerdict.REFUSED else ""
                    return Finding(check=check, withdrew="; ".join(self.withdrawn[before:]), refused=refused)
        return Finding(check=check, withdrew="", refused="no answer")
