"""A stop for a wrong reason sends people to mend what is not broken: silence of the link is not a frozen console."""

from tests.control.safety.rig import Rig


def test_lost_frames_are_link_loss_and_not_a_frozen_console() -> None:
    rig = Rig().to_work()
    seen: set[str] = set()
    for _ in range(60):
        rig.step()
        seen.update(rig.report.reasons)
    assert "link_lost" in seen
    assert "console_frozen" not in seen


def test_a_console_that_repeats_itself_is_frozen() -> None:
    rig = Rig().to_work()
    samples = rig.sequence
    seen: set[str] = set()
    for _ in range(60):
        rig.send(sample_count=samples)
        seen.update(rig.report.reasons)
    assert "console_frozen" in seen


def test_a_pivot_is_not_digging_in() -> None:
    rig = Rig().to_auto()
    seen: set[str] = set()
    for _ in range(250):
        rig.status = {"track_left_mps": -0.3, "track_right_mps": 0.3}
        rig.send()
        seen.update(rig.report.reasons)
    assert "track_slip" not in seen
