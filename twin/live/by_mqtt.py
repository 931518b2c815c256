"""Observations by MQTT: a broker carries them, and the platform itself tells the sender what it keeps.

A broker that is killed may lose what it acknowledged. So a sender keeps a message until the platform says
that it is on disk: on ``acks/TOPIC/NAME`` for what came on ``TOPIC/NAME``. The broker is told then as well.
"""

from __future__ import annotations

import hashlib
import json
import threading
from typing import Any
from urllib.parse import urlsplit

from twin.errors import InputError, WorkError, needing
from twin.live.commits import Commits, Submission
from twin.readers.sensorthings import MessageBatch, read_lines

ACKS = "acks"
QOS = 1
MOST_IN_FLIGHT = 1_000


class Address:
    """Host, port and topic of ``mqtt://host:port/topic``.

    >>> address = Address("mqtt://127.0.0.1:1883/city/loops")
    >>> address.port, address.topic, address.acks_of("city/loops/d7")
    (1883, 'city/loops', 'acks/city/loops/d7')
    """

    def __init__(self, source: str) -> None:
        parts = urlsplit(source)
        right = "mqtt://HOST:PORT/TOPIC"
        try:
            self.host, self.port = parts.hostname or "", parts.port or 1883
        except ValueError:
            raise InputError(source, "no such port", right) from None
        self.topic = parts.path.strip("/")
        if parts.scheme != "mqtt" or not self.host or not self.topic or set("+#") & set(source):
            raise InputError(source, "is no address of a topic", right)

    def acks_of(self, topic: str) -> str:
        """Where the sender on a topic is answered."""
        return f"{ACKS}/{topic}"


def client_of(name: str = "") -> Any:
    """A client of MQTT 5 that comes back by itself when its broker does; part of the extra ``live``."""
    with needing("live"):
        from paho.mqtt.client import Client, MQTTv5
        from paho.mqtt.enums import CallbackAPIVersion
    client: Any = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTv5, manual_ack=True)
    client.reconnect_delay_set(min_delay=0.1, max_delay=1.0)
    client.max_inflight_messages_set(MOST_IN_FLIGHT)
    return client


class MqttIngest:
    """A subscriber that acknowledges what is on disk."""

    def __init__(self, commits: Commits, address: Address) -> None:
        self.commits, self.address = commits, address
        self.subscribed = threading.Event()
        self._connection = 0
        self._client = client_of()
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = lambda *_: self.subscribed.set()
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Connect, and stay connected; raises `InputError` where no broker is now."""
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.ReceiveMaximum = MOST_IN_FLIGHT
        try:
            self._client.connect(self.address.host, self.address.port, keepalive=20, properties=properties)
        except OSError as error:
            where = f"mqtt://{self.address.host}:{self.address.port}"
            raise InputError(where, f"no broker ({error.strerror or error})", "a broker that runs") from None
        self._client.loop_start()

    def stop(self) -> None:
        """Take no more; what waits is written by who closes the commits."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Any, _data: Any, _flags: Any, reason: Any, _properties: Any = None) -> None:
        if reason.is_failure:
            self.commits.failure = WorkError(f"the broker refuses: {reason}")
            return
        self._connection += 1
        client.subscribe(f"{self.address.topic}/#", qos=QOS)

    def _on_message(self, client: Any, _data: Any, message: Any) -> None:
        """Parse; wait for room, so that the broker is held back where the disk is slow."""
        block = read_lines(message.payload.split(b"\n"))
        told = json.dumps(_answer(block, message.payload))
        connection, topic, mid, qos = self._connection, message.topic, message.mid, message.qos

        def done(failure: BaseException | None) -> None:
            if failure is None:
                if connection == self._connection:
                    client.ack(mid, qos)
                client.publish(self.address.acks_of(topic), told, qos=QOS)

        self.commits.offer(Submission(block.messages, done, block.refused), wait=True)


def _answer(block: MessageBatch, payload: bytes) -> dict[str, Any]:
    """What a sender is told: (device, boot, number) of messages kept; digest of one refused, and why."""
    kept = [list(message[:3]) for message in block.messages]
    digest = message_digest(payload)
    return {"kept": kept, "refused": [[digest, refusal.what] for refusal in block.refused]}


def message_digest(payload: bytes) -> str:
    """By which a sender knows a message again that could not be read."""
    return hashlib.sha256(payload).hexdigest()[:16]
