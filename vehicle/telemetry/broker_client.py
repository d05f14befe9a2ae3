"""An MQTT client on aiomqtt 2 that also reports the broker's answer to each message, and the loss of the connection.

aiomqtt takes every PUBACK for a success, also one that says "not authorised" or "quota exceeded": the outbox would
then delete a record that the broker did not accept. If the connection breaks while a message is on its way, aiomqtt
waits until its time limit. Only this file uses private parts of aiomqtt; it has to be changed for aiomqtt 3.
"""

import asyncio
import socket
import ssl
from pathlib import Path
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from vehicle.config.telemetry import TelemetryConfig
from vehicle.telemetry.streams import CONTENT_TYPE, SCHEMA_VERSION

SESSION_TAKEN_OVER = 142
"""MQTT 5: the broker ends a connection because another one has begun with the same client identifier."""


class IdentityTakenError(aiomqtt.MqttError):
    """Another program is connected to the broker with this client identifier."""


class BrokerClient(aiomqtt.Client):
    """One connection to a broker. It only publishes and never subscribes."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._answers: dict[int, asyncio.Future[ReasonCode | None]] = {}

    async def send(self, topic: str, payload: bytes, qos: int, *, retain: bool, properties: Properties) -> str | None:
        """Send one message and wait for the broker's answer; with QoS 0, until the message is handed to the socket.

        Returns:
            None if the broker accepted the message, else its reason for refusing it.

        Raises:
            aiomqtt.MqttError: The connection was lost, or no answer came in time.
        """
        sent = self._client.publish(topic, payload, qos, retain, properties)
        if sent.rc != 0:
            raise aiomqtt.MqttCodeError(sent.rc, "could not publish")
        if qos == 0 and sent.is_published():
            return None
        answer = self._answers.setdefault(sent.mid, self._loop.create_future())
        try:
            done, _ = await asyncio.wait(
                (answer, self._disconnected), timeout=self.timeout, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            self._answers.pop(sent.mid, None)
        if answer not in done:
            raise aiomqtt.MqttError("connection lost" if done else "no answer in time")
        reason = answer.result()
        return str(reason) if reason is not None and reason.is_failure else None

    def abandon(self) -> None:
        """Close the socket in any state; after a failed or hung connection the library would leave it open."""
        self._client._sock_close()  # noqa: SLF001  # paho closes a socket only after it has seen the connection end
        if self._disconnected.done() and not self._disconnected.cancelled():
            self._disconnected.exception()  # read here, because asyncio would report it as never retrieved

    @property
    def taken_over(self) -> bool:
        """Whether the broker ended this connection because another one began with the same identifier."""
        lost = self._disconnected
        cause = lost.exception() if lost.done() and not lost.cancelled() else None
        code = cause.rc if isinstance(cause, aiomqtt.MqttCodeError) else None
        return isinstance(code, ReasonCode) and code.value == SESSION_TAKEN_OVER

    @property
    def lost(self) -> asyncio.Future[None]:
        """Return a future that is done when the connection has ended."""
        return self._disconnected

    def _on_publish(
        self, client: Any, userdata: Any, mid: int, reason_code: ReasonCode, properties: Properties | None
    ) -> None:
        del client, userdata, properties
        answer = self._answers.get(mid)
        if answer is not None and not answer.done():
            answer.set_result(reason_code)


def connect(settings: TelemetryConfig, identifier: str, will: aiomqtt.Will) -> BrokerClient:
    """Return a client for a new connection; entering it (`async with`) connects.

    Raises:
        OSError: A certificate or password file cannot be read.
    """
    password = Path(settings.password_file).read_text().strip() if settings.password_file else None
    return BrokerClient(
        settings.host,
        settings.port,
        identifier=identifier,
        username=settings.username,
        password=password,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=True,
        will=will,
        keepalive=settings.keepalive_s,
        timeout=settings.answer_timeout_s,
        tls_context=_tls(settings),
        socket_options=((socket.IPPROTO_TCP, socket.TCP_NODELAY, 1),),
    )


class _ClosingSocket(ssl.SSLSocket):
    """Closes the socket after a failed handshake; paho leaves it open, and each attempt would cost one more."""

    def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002
        try:
            super().do_handshake(block)
        except OSError:
            self.close()
            raise


def _tls(settings: TelemetryConfig) -> ssl.SSLContext | None:
    if settings.ca_file is None:
        return None
    context = ssl.create_default_context(cafile=settings.ca_file)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = _ClosingSocket
    if settings.cert_file is not None:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    return context


def publish_properties(boot_id: str, expiry_s: int = 0, *, historical: bool = False) -> Properties:
    """Return the MQTT 5 properties of a message, by which a consumer can filter without decoding the payload."""
    properties = _properties(PacketTypes.PUBLISH, boot_id)
    if historical:
        properties.UserProperty = [("historical", "true")]  # paho appends to those already set
    if expiry_s:
        properties.MessageExpiryInterval = expiry_s
    return properties


def will_properties(boot_id: str) -> Properties:
    """Return the properties of the last will, which have their own type in the connect packet."""
    return _properties(PacketTypes.WILLMESSAGE, boot_id)


def _properties(packet_type: int, boot_id: str) -> Properties:
    properties = Properties(packet_type)  # type: ignore[no-untyped-call]  # paho types this class in part
    properties.ContentType = CONTENT_TYPE
    properties.PayloadFormatIndicator = 1
    properties.UserProperty = [("schema_version", SCHEMA_VERSION), ("boot_id", boot_id)]
    return properties
