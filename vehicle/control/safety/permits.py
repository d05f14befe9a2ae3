"""What the gate may let through in a mode: part of the discrete machine, enumerated with it."""

import msgspec

from vehicle.contracts.messages import Mode
from vehicle.control.safety.modes import SafetyState, Situation, Want


class Permit(msgspec.Struct, frozen=True, gc=False):
    """What may pass: tracks at all, only backward, rotor power, the tool upward, the tool into the ground."""

    drive: bool = False
    reverse_only: bool = False
    rotor: bool = False
    tool: bool = False
    tool_down: bool = False


NOTHING = Permit()
ROTOR_WANTS = (Want.SPIN, Want.MOVE, Want.LOWER, Want.WORK)
"""In AUTO_MOVE the rotor may spin up, also on the last metres of a move; tracks move only with the tool up."""


def permits(m: SafetyState, s: Situation, *, tool_up: bool, rotor_asked: bool) -> Permit:
    """What may pass after `step`. By stick, nothing moves without hold-to-run of the frame in force."""
    if m.mode is Mode.AUTO_WORK:
        return Permit(drive=s.want is Want.WORK and s.at_speed, rotor=True, tool=True, tool_down=s.at_speed)
    if m.mode is Mode.AUTO_MOVE:
        back_off = s.want is Want.BACK_OFF
        drive = back_off or (s.want is Want.MOVE and tool_up)
        return Permit(drive=drive, reverse_only=back_off, rotor=s.want in ROTOR_WANTS, tool=True)
    if m.mode is Mode.WAIT:
        return Permit(rotor=s.want in ROTOR_WANTS)
    if not (s.hold and m.neutral_seen):
        return NOTHING
    if m.mode is Mode.MANUAL:
        return Permit(drive=True, rotor=rotor_asked, tool=True, tool_down=True)
    if m.mode is Mode.RECOVERY:
        return Permit(drive=True, tool=True)
    return NOTHING
