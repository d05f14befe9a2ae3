"""A vehicle program in a process of its own, to be killed: publishes, says where it stands, and waits for its end.

Usage: python -m tests.telemetry.dying_publisher PORT OUTBOX EVENTS
"""

import sys

from tests.builders import config
from tests.telemetry.brokers import WAIT_S
from tests.telemetry.samples import event
from vehicle.config.telemetry import TelemetryConfig
from vehicle.telemetry.publisher import TelemetryPublisher


def main() -> None:
    port, outbox, count = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    publisher = TelemetryPublisher(config(), TelemetryConfig(port=port, outbox_file=outbox), "killed")
    publisher.start()
    for number in range(count):
        publisher.event(event(number))
    assert publisher.wait_until(lambda counts: counts.events_taken == count, WAIT_S)
    if count == 0:
        assert publisher.wait_until(lambda counts: counts.connected, WAIT_S)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.read()


if __name__ == "__main__":
    main()
