"""The outbox of a sender: a message stays in it until the platform says that it is on disk.

What simulated devices use, and what a real one should do: stamp each transmission with its own clock, send
again what was not acknowledged after a while, and refuse new messages when it is full rather than forget.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from twin.errors import WorkError
from twin.live.by_mqtt import ACKS, QOS, Address, client_of, message_digest
from twin.scenario.ledger import Parameters

Key = tuple[str, str, int]
"""Device, boot, number."""


class Outbox:
    """Messages by key, in the order in which they are due.

    >>> box = Outbox(2, Parameters.defaults())
    >>> box.put(("d", "a", 1), {"result": 3})
    >>> [key for key, _ in box.due(0.0, 10)], box.due(1.0, 10), [key for key, _ in box.due(3.0, 10)]
    ([('d', 'a', 1)], [], [('d', 'a', 1)])
    >>> box.acknowledge(("d", "a", 1)), len(box)
    (True, 0)
    """

    def __init__(self, capacity: int, parameters: Parameters) -> None:
        self.capacity, self.resend_after_s = capacity, float(parameters["live.resend_after_s"])
        self.n_sent = 0
        self._lock = threading.Lock()
        self._new: OrderedDict[Key, Any] = OrderedDict()
        self._sent: OrderedDict[Key, tuple[float, Any]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._new) + len(self._sent)

    def put(self, key: Key, message: Any) -> None:
        """Keep a message to be sent; raises `WorkError` where the outbox is full."""
        with self._lock:
            if len(self) >= self.capacity:
                raise WorkError(f"the outbox is full: {self.capacity} messages wait for the platform")
            self._new[key] = message

    def due(self, now_s: float, most_in_flight: int) -> list[tuple[Key, Any]]:
        """What is to be sent now: what was sent too long ago, then what is new, as far as there is room."""
        chosen: list[tuple[Key, Any]] = []
        with self._lock:
            room = most_in_flight - len(self._sent)
            while self._sent and len(chosen) < most_in_flight:
                key, (sent_s, message) = next(iter(self._sent.items()))
                if now_s - sent_s < self.resend_after_s:
                    break
                del self._sent[key]
                chosen.append((key, message))
            while self._new and room > 0:
                chosen.append(self._new.popitem(last=False))
                room -= 1
            for key, message in chosen:
                self._sent[key] = (now_s, message)
        self.n_sent += len(chosen)
        return chosen

    def acknowledge(self, key: Key) -> bool:
        """The platform keeps it, so forget it; False where it was not here."""
        with self._lock:
            return (self._sent.pop(key, None) or self._new.pop(key, None)) is not None


class MqttSender:
    """Sends an outbox by MQTT: a message is one Observation, its key (device, boot, number)."""

    def __init__(self, box: Outbox, address: Address, stamp: Callable[[Any], bytes]) -> None:
        """``stamp`` makes the JSON of a message, its time of sending by the device's own clock in it."""
        self.box, self.address, self.stamp = box, address, stamp
        self.refused: list[tuple[Key, str]] = []
        self.acknowledged: set[Key] = set()
        self._digests: dict[Key, str] = {}
        self._client = client_of()
        self._client.on_connect = lambda client, *_: client.subscribe(f"{ACKS}/{address.topic}/#", qos=QOS)
        self._client.on_message = self._on_message

    def run(self, until_empty_s: float, most_in_flight: int = 500) -> bool:
        """Send until all is acknowledged, or so many seconds have gone; whether it is."""
        self._client.connect(self.address.host, self.address.port, keepalive=20)
        self._client.loop_start()
        end_s = time.monotonic() + until_empty_s
        try:
            while len(self.box) and time.monotonic() < end_s:
                self.step(most_in_flight)
        finally:
            self._client.disconnect()
            self._client.loop_stop()
        return not len(self.box)

    def step(self, most_in_flight: int) -> None:
        """Send what is due, or wait a little."""
        due = self.box.due(time.monotonic(), most_in_flight) if self._client.is_connected() else []
        for key, message in due:
            self.publish(key, message)
        if not due:
            time.sleep(0.005)

    def publish(self, key: Key, message: Any) -> None:
        """Transmit a message once."""
        payload = self.stamp(message)
        self._digests[key] = message_digest(payload)
        self._client.publish(f"{self.address.topic}/{key[0]}", payload, qos=QOS)

    def _on_message(self, client: Any, _data: Any, message: Any) -> None:
        told = json.loads(message.payload)
        for each in told["kept"]:
            self.acknowledged.add(tuple(each))
            self._digests.pop(tuple(each), None)
            self.box.acknowledge(tuple(each))
        for digest, why in told["refused"]:
            keys = [key for key, sent in list(self._digests.items()) if sent == digest]
            self.refused += [(key, why) for key in keys if self.box.acknowledge(key)]
        client.ack(message.mid, message.qos)
