"""Brokers and publishers that end with their test."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.builders import config
from tests.telemetry.brokers import WAIT_S, Mosquitto
from vehicle.config.telemetry import TelemetryConfig
from vehicle.telemetry.embedded import EmbeddedBroker
from vehicle.telemetry.publisher import TelemetryPublisher

Starter = Callable[..., TelemetryPublisher]


@pytest.fixture(params=["mosquitto", "embedded"])
def broker_port(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[int]:
    """Both brokers that the project names must do everything."""
    if request.param == "mosquitto":
        with Mosquitto(tmp_path) as mosquitto:
            yield mosquitto.port
    else:
        with EmbeddedBroker() as embedded:
            yield embedded.port


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as running:
        yield running


@pytest.fixture
def publish() -> Iterator[Starter]:
    """Start a publisher towards a port, short back-off; stopped at the end, and the stop is checked."""
    started: list[TelemetryPublisher] = []

    def start(port: int, boot_id: str = "boot1", **settings: Any) -> TelemetryPublisher:
        short: dict[str, Any] = {"backoff_first_s": 0.02, "backoff_max_s": 0.1, "answer_timeout_s": 30.0, **settings}
        publisher = TelemetryPublisher(config(), TelemetryConfig(port=port, **short), boot_id)
        publisher.start()
        started.append(publisher)
        return publisher

    yield start
    ended = [publisher.stop(WAIT_S) for publisher in started]  # each is stopped, whatever the others do
    assert all(ended)


async def connected(publisher: TelemetryPublisher) -> None:
    assert await asyncio.to_thread(publisher.wait_until, lambda counts: counts.connected, WAIT_S)


async def settled(publisher: TelemetryPublisher, reports: int, events: int) -> None:
    """All that was offered was taken in and, where it is of QoS 1, acknowledged."""
    assert await asyncio.to_thread(
        publisher.wait_until,
        lambda counts: counts.reports_taken == reports and counts.events_taken == events and counts.backlog == 0,
        WAIT_S,
    )


async def waits(publisher: TelemetryPublisher, holds: object) -> None:
    assert callable(holds)
    assert await asyncio.to_thread(publisher.wait_until, holds, WAIT_S), publisher.counts()
