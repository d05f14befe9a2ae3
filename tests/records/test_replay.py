"""A recording runs again with the same outcome, and whatever was changed since is named: tick, field, both values."""

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaign.fault_scenario import FaultScenario, FaultScenarioSettings, swath_plan
from campaign.faults import FAULTS
from campaign.sim_operator import Goal
from tests.flailpilot.test_bad_sites import flailpilot
from tests.records.recordings import recorded, rewritten
from vehicle.contracts.errors import InputError
from vehicle.contracts.messages import Mode
from vehicle.contracts.plan import Plan
from vehicle.control.drive import follower
from vehicle.records import outcomes, recorded_tick, start
from vehicle.records.parts import MAGIC, Attachment, Message, parts
from vehicle.records.recorded_tick import TICK, RecordedTick
from vehicle.records.state_parts import StateHash
from vehicle.runtime.replay import Difference, Replayed, replay

pytestmark = pytest.mark.long

OLD = Path(__file__).resolve().parents[1] / "kept/format1/run"
MISSION_S = 30.0


def mission(drill: FaultScenario) -> None:
    """From the start into the swath, which is not driven to its end."""
    drill.drive(Goal.MISSION)
    assert drill.until((Mode.AUTO_WORK,), 25.0)
    drill.run(MISSION_S - drill.time_s)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first half minute of a mission."""
    path = tmp_path_factory.mktemp("run") / "run.mcap"
    recorded(path, mission, FaultScenarioSettings(seed=4, soil_mjpm3=1.5, detonation_wait_s=60.0))
    return path


def different(path: Path) -> Difference:
    found = replay(path).difference
    assert found is not None
    return found


def ticks(change: Callable[[RecordedTick], RecordedTick | None]) -> Callable[[Message], Iterator[Message]]:
    """A change of ticks; None leaves one out."""

    def changed(message: Message) -> Iterator[Message]:
        if message.topic != TICK:
            yield message
            return
        row = change(recorded_tick.decoded(message.data))
        if row is not None:
            yield Message(TICK, message.t_ns, msgspec.msgpack.encode(row))

    return changed


# --- the same --------------------------------------------------------------------------------------------------------
def test_it_comes_out_the_same(run: Path) -> None:
    found = replay(run)
    counts = {"ticks": 1500, "reports": 150, "states": 30, "difference": None, "torn": None}
    assert counts.items() <= msgspec.structs.asdict(found).items()
    assert found.time_s == pytest.approx(MISSION_S - 0.02)
    assert found.strokes > 20
    assert found.events > 3


def test_a_plan_and_a_boundary_that_came_in_mid_run_come_again(tmp_path: Path) -> None:
    def uploaded(drill: FaultScenario) -> None:
        drill.run(3.0)
        plan = swath_plan(drill.state.config.machine)
        other = msgspec.structs.replace(plan, plan_hash="other", area_m2=7.0)
        assert not drill.plans.assign(drill.state, other, (((-90.0, -90.0), (90.0, -90.0), (0.0, 90.0)),))
        mission(drill)
        assert drill.state.mission.plan == other
        assert drill.state.gate.fence is not None

    path = tmp_path / "run.mcap"
    recorded(path, uploaded, FaultScenarioSettings(seed=5, detonation_wait_s=60.0))
    assert replay(path).difference is None
    without = rewritten(path, tmp_path / "without.mcap", ticks(lambda row: msgspec.structs.replace(
        row, batches=tuple(batch for batch in row.batches if batch[0] != "plan")
    )))  # fmt: skip
    found = different(without)
    assert (found.field, found.replayed) == ("event", "nothing")
    assert found.time_s == pytest.approx(3.0, abs=0.1)


def test_a_program_that_came_up_again_with_a_latch_is_a_new_start(tmp_path: Path) -> None:
    latched: list[int] = []

    def struck(drill: FaultScenario) -> None:
        mission(drill)
        FAULTS["fire"].inject(drill, 1.0)
        drill.run(2.0)
        drill.process.dead = True
        drill.run(0.4)
        drill.process.restart()
        latched.append(drill.state.gate.latched | drill.state.gate.shown)
        drill.run(3.0)

    path = tmp_path / "run.mcap"
    recorded(path, struck, FaultScenarioSettings(seed=6, detonation_wait_s=60.0))
    assert latched[0] != 0
    found = replay(path)
    assert found.difference is None
    assert found.ticks == round((MISSION_S + 2.0 + 3.0) * 50)


def test_a_torn_recording_is_replayed_up_to_its_last_whole_record(run: Path, tmp_path: Path) -> None:
    content, path = run.read_bytes(), tmp_path / "torn.mcap"
    path.write_bytes(content[: len(content) * 3 // 5])
    found = replay(path)
    assert found.difference is None
    assert found.torn is not None
    assert found.torn.read_bytes < found.torn.total_bytes == path.stat().st_size
    assert 400 < found.ticks < 1200


# --- different -------------------------------------------------------------------------------------------------------
def test_a_gain_changed_by_one_percent_is_named_at_its_first_tick(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(follower, "LAMBDA_PER_S", follower.LAMBDA_PER_S * 1.01)
    found = different(run)
    assert found.field.startswith("command.track_")
    assert float(found.recorded) == pytest.approx(float(found.replayed), rel=0.02, abs=0.01)
    assert found.recorded != found.replayed
    before = rewritten(run, tmp_path / "b.mcap", until(found.tick - 1))
    assert replay(before).difference is None


def until(tick: int) -> Callable[[Message], Iterator[Message]]:
    """Without what comes after a tick."""
    newest = 0

    def change(message: Message) -> Iterator[Message]:
        nonlocal newest
        if message.topic == TICK:
            newest = recorded_tick.decoded(message.data).tick
        if newest <= tick:
            yield message

    return change


def attached(run: Path, name: str) -> bytes:
    return next(part.content for part in parts(run) if isinstance(part, Attachment) and part.name == name)


def test_a_figure_of_the_machine_changed_by_one_percent_is_named(run: Path, tmp_path: Path) -> None:
    config = msgspec.json.decode(attached(run, start.CONFIGURATION))
    config["machine"]["tracks"]["accel_mps2"] *= 1.01
    changed = {start.CONFIGURATION: msgspec.json.encode(config)}
    found = different(rewritten(run, tmp_path / "changed.mcap", attached=changed))
    assert found.field.startswith(("command.track_", "state.gate"))


def test_another_plan_is_named_or_refused(run: Path, tmp_path: Path) -> None:
    plan = msgspec.json.decode(attached(run, start.PLAN), type=Plan)
    slower = tuple(msgspec.structs.replace(one, speed_mps=0.99 * one.speed_mps) for one in plan.segments)
    changed = msgspec.structs.replace(plan, segments=slower)
    path = rewritten(run, tmp_path / "a.mcap", attached={start.PLAN: msgspec.json.encode(changed)})
    assert different(path).field.startswith(("command.", "report."))
    changed = msgspec.structs.replace(plan, plan_hash="another")
    path = rewritten(run, tmp_path / "b.mcap", attached={start.PLAN: msgspec.json.encode(changed)})
    with pytest.raises(InputError, match=r"b\.mcap: its initial state means another one"):
        replay(path)


def test_a_command_that_differs_is_named_by_its_field(run: Path, tmp_path: Path) -> None:
    def flipped(row: RecordedTick) -> RecordedTick:
        if row.tick != 800:
            return row
        return msgspec.structs.replace(row, controller_out=row.controller_out[:-1] + b"\0")

    found = different(rewritten(run, tmp_path / "a.mcap", ticks(flipped)))
    assert (found.tick, found.field) == (800, "controller_out")  # its checksum does not fit: there is no command in it


@pytest.mark.parametrize(
    ("topic", "field", "old", "new"),
    [
        (outcomes.REPORT, "report.estimate.east_m", b'"east_m":', b'"east_m":1'),
        (outcomes.EVENT, "event.kind", b'"kind":"', b'"kind":"not '),
    ],
)
def test_another_report_or_event_is_named(
    run: Path, tmp_path: Path, topic: str, field: str, old: bytes, new: bytes
) -> None:
    def changed(message: Message) -> Iterator[Message]:
        data = message.data.replace(old, new, 1) if message.topic == topic else message.data
        yield Message(message.topic, message.t_ns, data)

    found = different(rewritten(run, tmp_path / "a.mcap", changed))
    assert found.field == field


@pytest.mark.parametrize("topic", sorted(outcomes.TOPICS))
@pytest.mark.parametrize("twice", [False, True])
def test_an_outcome_that_is_missing_or_too_many_is_named(run: Path, tmp_path: Path, topic: str, twice: bool) -> None:
    count = 0

    def changed(message: Message) -> Iterator[Message]:
        nonlocal count
        count += message.topic == topic
        chosen = message.topic == topic and count == 2
        yield from (message,) * (2 * twice if chosen else 1)

    found = different(rewritten(run, tmp_path / "a.mcap", changed))
    assert found.field.partition(".")[0] == topic.removeprefix("/")
    assert "nothing" in (found.recorded, found.replayed) or found.field.startswith("event.")


@pytest.mark.parametrize("part", StateHash.__struct_fields__)
def test_a_state_that_differs_is_named_by_its_part(run: Path, tmp_path: Path, part: str) -> None:
    def changed(message: Message) -> Iterator[Message]:
        data = message.data
        if message.topic == outcomes.STATE:
            found = msgspec.msgpack.decode(data, type=StateHash)
            data = msgspec.msgpack.encode(msgspec.structs.replace(found, **{part: getattr(found, part) ^ 1}))
        yield Message(message.topic, message.t_ns, data)

    found = different(rewritten(run, tmp_path / "a.mcap", changed))
    assert (found.tick, found.field) == (50, f"state.{part}")


def test_a_tick_that_cannot_be_run_any_more_is_a_difference(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("no way")

    monkeypatch.setattr(follower, "_forward_rate", broken)
    found = different(run)
    assert (found.field, found.recorded, found.replayed) == ("tick", "ran", "ZeroDivisionError: no way")


def test_a_part_of_the_state_with_other_fields_is_left_out_and_told(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def changed(message: Message) -> Iterator[Message]:
        data = message.data
        if message.topic == outcomes.STATE:
            found = msgspec.msgpack.decode(data, type=StateHash)
            data = msgspec.msgpack.encode(msgspec.structs.replace(found, gate=1))
        yield Message(message.topic, message.t_ns, data)

    shapes = msgspec.json.decode(attached(run, start.SHAPES), type=StateHash)
    of_then = {start.SHAPES: msgspec.json.encode(msgspec.structs.replace(shapes, gate=1))}
    path = rewritten(run, tmp_path / "a.mcap", changed, of_then)
    found = replay(path)
    assert (found.difference, found.left_out, found.states) == (None, ("gate",), 30)
    status, said, _ = flailpilot(monkeypatch, capsys, "replay", path)
    assert status == 0
    assert "parts of the state not compared, because this program has other fields there: gate" in said


# --- refused ---------------------------------------------------------------------------------------------------------
def test_ticks_that_were_not_kept_end_it(run: Path, tmp_path: Path) -> None:
    path = rewritten(run, tmp_path / "a.mcap", ticks(lambda row: None if row.tick in (41, 42) else row))
    with pytest.raises(InputError, match=r"a\.mcap: tick 43 follows tick 40; the 40 ticks before it are the same"):
        replay(path)


def test_damage_is_told_with_its_place(run: Path, tmp_path: Path) -> None:
    content, path = bytearray(run.read_bytes()), tmp_path / "a.mcap"
    content[len(content) * 3 // 5] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"a\.mcap: damaged at byte \d+ \(.*; the [\d,]+ ticks before it are the same"):
        replay(path)


def test_a_chunk_that_is_taken_for_something_else_is_missed(run: Path, tmp_path: Path) -> None:
    content, path, place = run.read_bytes(), tmp_path / "a.mcap", len(MAGIC)
    chunks = []
    while place + 9 <= len(content):
        chunks += [place] if content[place] == 0x06 else []
        place += 9 + int.from_bytes(content[place + 1 : place + 9], "little")
    assert len(chunks) > 5
    for place in (chunks[0], chunks[3], chunks[-1]):
        path.write_bytes(content[:place] + b"\x07" + content[place + 1 :])  # an index, which nobody reads
        with pytest.raises(InputError, match=r"of \d+ messages|follows tick|tick 0 "):
            replay(path)


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], path: Path) -> str:
    status, said, told = flailpilot(monkeypatch, capsys, "replay", path)
    assert (status, said, told.count("\n")) == (2, "", 1), (status, said, told)
    assert path.name in told
    return str(told)


def test_what_cannot_be_replayed_is_one_line(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "is not there" in refused(monkeypatch, capsys, tmp_path / "none")
    assert "holds no run.mcap" in refused(monkeypatch, capsys, tmp_path)
    assert "before format 3" in refused(monkeypatch, capsys, OLD)
    for content, words in ((b"\x89PNG\r\n", "no recording"), (b"", "ends before"), (run.read_bytes()[:300], "ends")):
        path = tmp_path / "foreign.mcap"
        path.write_bytes(content)
        assert words in refused(monkeypatch, capsys, path)
    changed = {start.CONTROLLER: b'{"adapter":"mule"}'}
    assert "'mule'" in refused(monkeypatch, capsys, rewritten(run, tmp_path / "mule.mcap", attached=changed))
    changed = {start.CONFIGURATION: b'{"machine":7}'}
    assert "cannot be read" in refused(monkeypatch, capsys, rewritten(run, tmp_path / "bad.mcap", attached=changed))


def test_what_the_command_says(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status, said, told = flailpilot(monkeypatch, capsys, "replay", run.parent)
    assert (status, told) == (0, "")
    assert said.startswith("the same: 1,500 ticks (30.0 s) with their commands, 150 reports")
    status, said, _ = flailpilot(monkeypatch, capsys, "replay", run, "--json")
    assert (status, msgspec.json.decode(said)["same"]) == (0, True)
    path = tmp_path / "torn.mcap"
    path.write_bytes(run.read_bytes()[:-9])
    status, said, _ = flailpilot(monkeypatch, capsys, "replay", path)
    assert (status, "was not closed" in said) == (0, True)
    monkeypatch.setattr(follower, "LAMBDA_PER_S", follower.LAMBDA_PER_S * 1.01)
    status, said, _ = flailpilot(monkeypatch, capsys, "replay", run)
    assert (status, said.startswith("DIFFERENT at tick ")) == (1, True)
    status, said, _ = flailpilot(monkeypatch, capsys, "replay", run, "--json")
    assert status == 1
    assert msgspec.json.decode(said)["difference"]["field"].startswith("command.track_")


# --- any byte --------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two seconds with an upload: small enough for many replays."""

    def uploaded(drill: FaultScenario) -> None:
        drill.drive(Goal.MANUAL, 0.3)
        plan = swath_plan(drill.state.config.machine)
        drill.plans.assign(drill.state, msgspec.structs.replace(plan, plan_hash="other"))
        drill.run(2.0)

    path = tmp_path_factory.mktemp("short") / "run.mcap"
    recorded(path, uploaded, FaultScenarioSettings(seed=5, detonation_wait_s=60.0))
    return path


def answer(path: Path) -> Replayed | str:
    """What came of it; anything but an answer or one line is a failure."""
    try:
        return replay(path)
    except InputError as refusal:
        assert path.name in str(refusal)  # noqa: PT017  either is right
        assert "\n" not in str(refusal)  # noqa: PT017
        return str(refusal)


@given(st.integers(0, 10**6), st.integers(1, 255))
@settings(max_examples=50)
def test_any_byte_of_the_file_flipped(short: Path, at: int, flip: int) -> None:
    content = bytearray(short.read_bytes())
    content[at % len(content)] ^= flip
    path = short.with_name("flipped.mcap")
    path.write_bytes(content)
    found = answer(path)
    assert isinstance(found, str) or found.difference is not None or found.torn or found.ticks == 100


@given(st.integers(0, 99), st.integers(0, 10**6), st.integers(1, 255))
@settings(max_examples=50)
def test_any_byte_of_a_kept_tick_flipped(short: Path, number: int, at: int, flip: int) -> None:
    """As if it had been kept so: no checksum says anything."""
    seen = -1

    def flipped(message: Message) -> Iterator[Message]:
        nonlocal seen
        seen += message.topic == TICK
        data = bytearray(message.data)
        if message.topic == TICK and seen == number:
            data[at % len(data)] ^= flip
        yield Message(message.topic, message.t_ns, bytes(data))

    found = answer(rewritten(short, short.with_name("flipped.mcap"), flipped))
    assert isinstance(found, str) or found.difference is not None or found.ticks == 100
