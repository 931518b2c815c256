"""Senders to processes that are killed: what was not acknowledged is sent again."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Set
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.reliability.stream import Stream
from twin.live.by_mqtt import Address
from twin.live.outbox import Key, MqttSender, Outbox
from twin.scenario.ledger import Parameters

CHUNK = 500
"""Lines written to a pipe at a time."""
MOST_WAIT_S = 0.03
SLOW_DISK = """
import os, sys, time
from twin.cli.main import main
disk = os.fdatasync
os.fdatasync = lambda handle: (time.sleep(0.004), disk(handle), time.sleep(0.004))
main()
"""
"""The command on a disk so slow that kills fall before and after its word as often as elsewhere."""


def command(source: str, folder: Path, *options: str) -> list[str]:
    """The command that takes observations in."""
    return [sys.executable, "-m", "twin.cli.main", "ingest", source, "--run", str(folder), *options]


def slow(ingest: list[str]) -> list[str]:
    """The same on a slow disk."""
    return [sys.executable, "-c", SLOW_DISK, *ingest[3:]]


def pipe_lines(stream: Stream, folder: Path, kills_at: list[int]) -> int:
    """Send by a pipe; the ingester is killed once so many lines are acknowledged. Returns its kills.

    What was acknowledged is never sent again, so that its loss would show.
    """
    acknowledged, kills, turn = 0, 0, random.Random(2)
    lines = list(stream.lines())
    while acknowledged < len(lines):
        until = kills_at[kills] if kills < len(kills_at) else None
        child = subprocess.Popen(
            slow(command("-", folder, "--acks", "--quiet")), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        feeder = threading.Thread(target=_feed, args=(child, lines, acknowledged), daemon=True)
        feeder.start()
        begin = acknowledged
        assert child.stdout is not None
        for told in child.stdout:
            acknowledged = begin + json.loads(told)["acknowledged"]
            if until is not None and acknowledged >= until:
                time.sleep(turn.random() * MOST_WAIT_S)  # so that it dies in the midst of whatever it does
                os.kill(child.pid, signal.SIGKILL)
                kills += 1
                break
        for told in child.stdout:  # what it said before it died holds
            if told.endswith(b"\n"):
                acknowledged = begin + json.loads(told)["acknowledged"]
        child.wait()
        feeder.join()
        child.stdout.close()
        if until is None and child.returncode:
            raise RuntimeError(f"the ingester ended with {child.returncode}")
    return kills


def _feed(child: subprocess.Popen[bytes], lines: list[bytes], begin: int) -> None:
    assert child.stdin is not None
    try:
        for k in range(begin, len(lines), CHUNK):
            child.stdin.write(b"".join(lines[k : k + CHUNK]))
    except BrokenPipeError:
        pass  # it was killed; what is not acknowledged is sent to the next
    with suppress(BrokenPipeError):
        child.stdin.close()


@dataclass
class Killed:
    """A process that is started again each time it is killed; ``ready`` waits until it works."""

    start: Callable[[], subprocess.Popen[bytes]]
    ready: Callable[[subprocess.Popen[bytes]], None]
    kills: int = 0
    process: subprocess.Popen[bytes] = field(init=False)

    def __post_init__(self) -> None:
        self._begin()

    def kill(self) -> None:
        """Kill, and start anew."""
        self._stop(signal.SIGKILL)
        self.kills += 1
        self._begin()

    def end(self) -> None:
        """Stop it in good order."""
        self._stop(signal.SIGTERM)

    def _stop(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(30)
        if self.process.stderr is not None:
            self.process.stderr.close()

    def _begin(self) -> None:
        self.process = self.start()
        self.ready(self.process)


def broker_of(executable: str, port: int, folder: Path) -> Killed:
    """A mosquitto on this machine that keeps nothing on disk."""
    rules = folder / "mosquitto.conf"
    rules.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n"
        "max_inflight_messages 1000\nmax_queued_messages 5000\nset_tcp_nodelay true\n"
    )

    def start() -> subprocess.Popen[bytes]:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return subprocess.Popen([executable, "-c", str(rules)], **quiet)

    return Killed(start, lambda _: wait_for_port(port))


def wait_for_port(port: int, within_s: float = 20.0) -> None:
    """Until somebody listens there."""
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"nobody listens on port {port}")


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def subscriber_of(address: str, folder: Path) -> Killed:
    """The ingester by MQTT."""

    def start() -> subprocess.Popen[bytes]:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        return subprocess.Popen(slow(command(address, folder, "--quiet")), **quiet)

    def ready(process: subprocess.Popen[bytes]) -> None:
        assert process.stderr is not None
        line = process.stderr.readline()
        if b"subscribed" not in line:
            raise RuntimeError(line.decode())

    return Killed(start, ready)


class TwiceSender(MqttSender):
    """A sender that transmits some messages twice at once."""

    twice: Set[Key] = frozenset()

    def publish(self, key: Key, message: Any) -> None:
        """Transmit a message, or transmit it twice."""
        for _ in range(1 + (key in self.twice)):
            super().publish(key, message)


def send_by_mqtt(stream: Stream, folder: Path, executable: str, n_kills: int, within_s: float) -> MqttSender:
    """Send through a broker; broker and ingester are each killed so many times on the way, in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    broker = broker_of(executable, port, folder)
    text = f"mqtt://127.0.0.1:{port}/city/loops"
    ingester = subscriber_of(text, folder)
    box = Outbox(len(stream.arrival), Parameters.defaults().replaced({"live.resend_after_s": 1.0}))
    first = dict.fromkeys(stream.arrival.tolist())
    for row in first:
        box.put(stream.key(row), row)
    total = len(first)
    sender = TwiceSender(box, Address(text), lambda row: stream.line(row).rstrip())
    rows, times = np.unique(stream.arrival, return_counts=True)
    sender.twice = {stream.key(row) for row in rows[times > 1].tolist()}
    turn = random.Random(1)
    marks = sorted(turn.sample(range(total // 50, max(total * 9 // 10, 2 * n_kills + 2)), 2 * n_kills))

    def kill_on_the_way() -> None:
        for number, mark in enumerate(marks):
            while total - len(box) < mark:
                time.sleep(0.005)
            (broker if number % 2 else ingester).kill()

    killer = threading.Thread(target=kill_on_the_way, daemon=True)
    killer.start()
    try:
        done = sender.run(within_s)
        killer.join(30)
    finally:
        ingester.end()
        broker.end()
    if not done or broker.kills != n_kills or ingester.kills != n_kills:
        raise RuntimeError(f"{len(box)} not acknowledged, {broker.kills} and {ingester.kills} kills")
    return sender
