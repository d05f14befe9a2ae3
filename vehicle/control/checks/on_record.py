"""Which of the words that people told in a tick are new on the record, as the record holds them."""

from firmware_bridge.types import Observation, ObservationVerdict
from vehicle.control.checks_state import ChecksState


def new_on_record(
    observations: tuple[Observation, ...], before: ChecksState, after: ChecksState
) -> tuple[Observation, ...]:
    """What people told and this tick's step recorded, word for word as it stands on the record.

    A repetition is not new. Of several with one station and number only the first was judged: the others, whatever they
    say, are on no record.
    """
    new = {
        (one.station_id, one.sequence)
        for one in after.results
        if one.result is ObservationVerdict.RECORDED and one not in before.answers
    }
    first: dict[tuple[int, int], Observation] = {}
    for one in observations:
        first.setdefault((one.station_id, one.sequence), one)
    return tuple(one for name, one in first.items() if name in new)
