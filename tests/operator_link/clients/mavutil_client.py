"""A script on pymavlink's mavutil as users write one: helpers of the connection, a mission by mavwp, RC overrides."""

import sys
import threading
from typing import Any

from pymavlink import mavutil, mavwp
from steps import Hand, serve

PATIENCE_S = 60.0
KEEP_US = 65535


class Script:
    """One connection; `heartbeats` go out once a second beside everything else."""

    def __init__(self, address: str) -> None:
        self.link = mavutil.mavlink_connection(address, source_system=255)
        threading.Thread(target=self._heartbeats, daemon=True).start()
        self.link.wait_heartbeat(timeout=PATIENCE_S)
        self.hand = Hand(self._send)

    def _heartbeats(self) -> None:
        while True:
            self.link.mav.heartbeat_send(6, 8, 0, 0, 0)
            threading.Event().wait(1.0)

    def _send(self, steer_us: int, throttle_us: int, button_us: int) -> None:
        pulses = (steer_us, KEEP_US, throttle_us, KEEP_US, KEEP_US, KEEP_US, KEEP_US, button_us)
        self.link.mav.rc_channels_override_send(self.link.target_system, self.link.target_component, *pulses)

    def _hear(self, *names: str) -> Any:
        heard = self.link.recv_match(type=list(names), blocking=True, timeout=PATIENCE_S)
        if heard is None:
            raise TimeoutError(f"no {names} within {PATIENCE_S} s")
        return heard

    def connect(self) -> list[object]:
        """The first heartbeat told the ids; the mode's name comes from the library's own table."""
        return [self.link.target_system, self.link.flightmode]

    def upload(self) -> int:
        """Read with waypoint_request_*, send back with MISSION_ITEM_INT."""
        self.link.waypoint_request_list_send()
        held = []
        for number in range(self._hear("MISSION_COUNT").count):
            self.link.mav.mission_request_int_send(self.link.target_system, self.link.target_component, number)
            held.append(self._hear("MISSION_ITEM_INT"))
        self.link.mav.mission_ack_send(self.link.target_system, self.link.target_component, 0)
        loader = mavwp.MAVWPLoader(target_system=self.link.target_system)
        for item in held:
            item.target_system, item.target_component = self.link.target_system, self.link.target_component
            loader.add(item)
        self.link.waypoint_count_send(loader.count())
        while True:
            heard = self._hear("MISSION_REQUEST", "MISSION_REQUEST_INT", "MISSION_ACK")
            if heard.get_type() == "MISSION_ACK":
                break
            self.link.mav.send(loader.wp(heard.seq))
        if heard.type != mavutil.mavlink.MAV_MISSION_ACCEPTED:
            raise ValueError(f"MISSION_ACK {heard.type}")
        return loader.count()

    def arm(self) -> None:
        """The two lines of every example."""
        self.link.arducopter_arm()
        self._armed(armed=True)

    def disarm(self) -> None:
        self.link.arducopter_disarm()
        self._armed(armed=False)

    def _armed(self, *, armed: bool) -> None:
        """`motors_armed_wait` and its twin, which have no bound."""
        for _ in range(round(PATIENCE_S)):
            self.link.recv_match(type="HEARTBEAT", blocking=True, timeout=1.0)
            if bool(self.link.motors_armed()) is armed:
                return
        raise TimeoutError("the heartbeat did not change")

    def stop(self) -> None:
        self.link.set_mode("HOLD")


def main(address: str) -> None:
    script = Script(address)
    serve(
        {
            "connect": script.connect,
            "upload": script.upload,
            "arm": script.arm,
            "neutral": script.hand.neutral,
            "button": script.hand.button,
            "push": script.hand.push,
            "start": script.link.set_mode_auto,
            "stop": script.stop,
            "disarm": script.disarm,
        }
    )


main(sys.argv[1])
