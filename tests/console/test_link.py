"""Our own console against the vehicle: session, signing, hold-to-run, what a recording can do."""

import asyncio
import json
import zlib
from pathlib import Path

import msgspec
import pytest

from console.client.acts import ActResult
from console.client.ground_mirror import record_of
from console.client.link import ConsoleLink, Credentials, TransferError, console_link
from console.client.station import Controls
from firmware_bridge.types import ObservationVerdict, OperatorEdge
from flailpilot import observe
from tests.console.hands import hands_of
from tests.operator_link.live_vehicle import PATIENCE_S, Live, live_vehicle
from vehicle.contracts.errors import InputError
from vehicle.contracts.ledger_types import Observed
from vehicle.contracts.messages import Mode
from vehicle.host.clock import SystemClock
from vehicle.operator_link.keystore import KeyStore
from vehicle.operator_link.station_names import names_of

pytestmark = pytest.mark.real
CLOCK = SystemClock()


def credentials(folder: Path) -> tuple[KeyStore, Credentials]:
    store = KeyStore(folder / "keys.json")
    key = store.create("console", 250)
    return store, Credentials(system_id=250, secret=key.secret, machine_id=store.load().machine_id)


async def press(link: ConsoleLink, edge: OperatorEdge) -> None:
    """An act, until the vehicle has taken it: a link that has just begun must prove itself first."""
    async with asyncio.timeout(PATIENCE_S):
        while (await link.done(link.act(edge))).result is not ActResult.ACCEPTED:
            pass


async def to_manual(live: Live, link: ConsoleLink) -> None:
    await link.opened(PATIENCE_S)
    await live.until(lambda: live.vehicle.state.estimate.ready)
    await press(link, OperatorEdge.TAKE)
    # the link counts as breaking for the first second of a holder's frames: who arms within it is stopped
    await live.until(lambda: not live.vehicle.state.gate.flapping)
    async with asyncio.timeout(PATIENCE_S):
        while live.mode is not Mode.MANUAL:  # READY ends with a link that breaks: armed anew, after a stop by RESET
            await link.done(link.act(OperatorEdge.RESET if live.mode is Mode.HOLD else OperatorEdge.ARM))
    await link.until(lambda vehicle: vehicle.mode == Mode.MANUAL, PATIENCE_S)


async def drive(live: Live, port: int, held: Credentials) -> None:
    async with console_link("127.0.0.1", port, held, CLOCK) as link, hands_of(link, CLOCK) as hands:
        await to_manual(live, link)
        hands.controls = Controls(hold_to_run=True, drive=0.4)
        await link.until(lambda vehicle: (vehicle.speed_mps or 0.0) > 0.15, PATIENCE_S)
        hands.live = False  # the hands are gone: no frame, no motion
        await live.until(lambda: live.mode is Mode.HOLD)
        report = live.vehicle.state.report
        assert report is not None
        assert "link_lost" in report.reasons


def test_session_arm_drive_and_a_frozen_reader(tmp_path: Path) -> None:
    store, held = credentials(tmp_path)

    async def main() -> None:
        async with live_vehicle(store.path) as live:
            await drive(live, live.port, held)

    asyncio.run(main())


def test_a_wrong_secret_opens_no_session(tmp_path: Path) -> None:
    store, held = credentials(tmp_path)
    wrong = Credentials(system_id=250, secret="x" * 43, machine_id=held.machine_id)

    async def main() -> None:
        async with live_vehicle(store.path) as live, console_link("127.0.0.1", live.port, wrong, CLOCK) as link:
            await live.until(lambda: live.link.refused_frames > 3)
            assert not link.protocol.open
            assert link.protocol.vehicle is None
            assert live.link.peers == {}

    asyncio.run(main())


def test_another_machines_console_is_told_apart(tmp_path: Path) -> None:
    store, held = credentials(tmp_path)
    elsewhere = Credentials(system_id=250, secret=held.secret, machine_id="00112233445566aa")

    async def main() -> None:
        async with live_vehicle(store.path) as live, console_link("127.0.0.1", live.port, elsewhere, CLOCK) as link:
            await live.until(lambda: link.protocol.refused > 0)
            assert not link.protocol.open

    asyncio.run(main())


def test_an_observation_is_signed_recorded_once_and_answered(tmp_path: Path) -> None:
    """A second station with a key of its own tells what it measured; nothing it sends is a stick."""
    store, _ = credentials(tmp_path)
    key = store.create("observer", 251)
    held = Credentials(system_id=251, secret=key.secret, machine_id=store.load().machine_id)
    asked = observe.Asked(
        kind="base", value=0.004, sigma=0.005, height=-0.03, at=None, where=None, missing="",
        who="leader", text="peg 2", key=tmp_path / "none", vehicle="127.0.0.1:1",
    )  # fmt: skip

    async def main() -> None:
        async with live_vehicle(store.path) as live, console_link("127.0.0.1", live.port, held, CLOCK) as link:
            await link.opened(PATIENCE_S)
            result = await link.observe(observe.observation_of(asked), PATIENCE_S)
            assert (result.result, result.text) == (ObservationVerdict.RECORDED, "")
            (observed,) = (act for act in live.vehicle.state.ledger.acts if isinstance(act, Observed))
            assert (observed.kind, observed.value) == ("benchmark_check", pytest.approx(0.015))
            assert (observed.by, observed.text, observed.station_id) == ("leader", "peg 2", 251)
            assert live.vehicle.state.gate.stations == ()
            far = msgspec.structs.replace(observe.observation_of(asked), value=7.0)
            assert (await link.observe(far, PATIENCE_S)).result is ObservationVerdict.RECORDED
            assert live.vehicle.state.checks.base_failed

    asyncio.run(main())


def test_files_are_read_over_a_real_socket_and_a_plan_is_refused_where_nobody_takes_any(tmp_path: Path) -> None:
    store, held = credentials(tmp_path)

    async def main() -> None:
        async with live_vehicle(store.path) as live, console_link("127.0.0.1", live.port, held, CLOCK) as link:
            ticks: list[int] = []
            link.on_tick = ticks.append
            await link.opened(PATIENCE_S)
            await live.until(lambda: live.vehicle.state.estimate.ready)
            async with asyncio.timeout(PATIENCE_S):
                site = json.loads(zlib.decompress(await link.fetch("@PLAN/site.z")))
                names = names_of(await link.fetch("@STATIONS/names.json"))
                header = record_of(await link.fetch("@LEDGER/masks.z")).header
                while link.view.beat is None or link.view.work is None:
                    link.changed.clear()
                    await link.changed.wait()
            assert names == {held.system_id: "console"}
            assert site["limits"]["roll_deg"] > 0.0
            assert len(ticks) > 2
            assert ticks == sorted(set(ticks))
            assert site["hash"] == header.plan_hash == live.plan.plan_hash
            assert header.session_low == live.vehicle.state.session_id & 0xFFFF_FFFF
            with pytest.raises(TransferError, match=r"stage.z"):
                await link.store("@PLAN/stage.z", b"x")

    asyncio.run(main())


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kind": "dpeth"}, "'dpeth' is no known kind"),
        ({"value": float("nan")}, "must be a number"),
        ({"kind": "depth"}, "--from arm"),
        ({"kind": "depth", "where": "field"}, "--from arm"),
        ({"kind": "depth", "where": "strip"}, "--at LAT,LON"),
        ({"kind": "depth", "where": "strip", "at": "here"}, "--at here"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_one_line(change: dict[str, object], told: str) -> None:
    asked = observe.Asked(
        kind="base", value=0.01, sigma=None, height=0.0, at=None, where=None, missing="", who="", text="",
        key=Path("k"), vehicle="127.0.0.1:1",
    )  # fmt: skip
    with pytest.raises(InputError) as refused:
        observe.observation_of(msgspec.structs.replace(asked, **change))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_key_and_no_vehicle_are_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="keys create NAME"):
        observe.credentials(tmp_path / "missing.json")
    (tmp_path / "odd.json").write_text("[]")
    with pytest.raises(InputError, match="no key file"):
        observe.credentials(tmp_path / "odd.json")
