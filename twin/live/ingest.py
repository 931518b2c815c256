"""Take observations in from wherever they come, until the source ends or somebody stops it."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from twin.errors import InputError
from twin.live import by_http, by_mqtt, lines
from twin.live.commits import Commits
from twin.live.store import IngestCounts, ObservationStore
from twin.scenario.ledger import Parameters

REFUSED = "refused.jsonl"


def ingest(source: str, folder: Path, *, acknowledge: lines.Acknowledge = lines.nobody) -> dict[str, Any]:
    """Take in ``source`` (a file of JSON lines, ``-``, http://127.0.0.1:PORT, mqtt://HOST:PORT/TOPIC).

    Returns what came of all that ever came into the folder: accepted, duplicate, late, refused and more; and
    of what came this time, in ``came``.
    Writes beside it the refused lines, the sums by slice and the correction log.
    """
    scheme = source.partition("://")[0] if "://" in source else ""
    if scheme not in ("", "http", "mqtt"):
        raise InputError(source, f"no way to take in {scheme}://", "a file, -, http:// or mqtt://")
    parameters = Parameters.defaults()
    if not scheme and source != "-" and not Path(source).is_file():
        raise InputError(source, "no such file", "a file of JSON lines, - or an address")
    if scheme:
        by_http.check_port(*by_http.address_of(source)) if scheme == "http" else by_mqtt.Address(source)
    with ObservationStore(folder, parameters) as store:
        before, n_before = replace(store.told), 0
        if scheme == "http":
            _by_http(store, source, parameters)
        elif scheme == "mqtt":
            _by_mqtt(store, source, parameters)
        elif source == "-":
            lines.ingest_pipe(store, sys.stdin.buffer, acknowledge)
        else:
            n_before = lines.ingest_file(store, Path(source), acknowledge)
        return {**summary_of(store, folder), "came": came_since(before, store.told, n_before)}


def came_since(before: IngestCounts, now: IngestCounts, n_lines_before: int = 0) -> dict[str, int]:
    """What became of the lines of one call alone; and how many of its file were read before."""
    earlier = asdict(before)
    came = {name: count - earlier[name] for name, count in asdict(now).items()}
    n_lines = sum(came[name] for name in ("accepted", "duplicate", "refused"))
    return {"lines": n_lines, "lines_before": n_lines_before, **came}


def summary_of(store: ObservationStore, folder: Path) -> dict[str, Any]:
    """What came of everything, with the files that tell of it written anew."""
    from twin.live import aggregates  # pandas is loaded once nobody waits for an answer
    from twin.study.store import write_bytes

    refused = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in store.refusals())
    write_bytes(folder / REFUSED, refused.encode())
    rows = aggregates.write_aggregates(store, folder)
    errors = store.clock_errors()
    return {
        **asdict(store.told),
        "clocks_corrected": int((errors.add_us != 0).sum()),
        "clocks_set_on_the_way": int((errors.spread_us > store.lateness_us).sum()),
        "torn_bytes": store.torn_bytes,
        "n_sums": rows["sums"],
        "n_corrections": rows["corrections"],
        "run": str(folder),
    }


def _by_http(store: ObservationStore, source: str, parameters: Parameters) -> None:
    host, port = by_http.address_of(source)
    _on_signals(lambda *_: None)  # the server stops by itself, and what came is told then
    with _commits(store, parameters) as commits:
        app = by_http.ingest_app(commits, parameters["live.retry_after_s"])
        by_http.serve(app, host, port, lambda at: _tell(f"listening on http://{host}:{at}"))


def _by_mqtt(store: ObservationStore, source: str, parameters: Parameters) -> None:
    stop = threading.Event()
    _on_signals(lambda *_: stop.set())
    with _commits(store, parameters) as commits:
        client = by_mqtt.MqttIngest(commits, by_mqtt.Address(source))
        client.start()
        client.subscribed.wait(30.0)
        _tell(f"subscribed to {source}")
        while not stop.wait(0.2) and commits.failure is None:
            pass
        client.stop()


@contextmanager
def _commits(store: ObservationStore, parameters: Parameters) -> Iterator[Commits]:
    """The thread that writes; what made it fail is raised at the end."""
    commits = Commits(store, int(parameters["live.most_pending"]))
    try:
        yield commits
    finally:
        commits.close()
    if commits.failure is not None:
        raise commits.failure


def _on_signals(handler: Callable[..., None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)


def _tell(line: str) -> None:
    """A line for people, which programs wait for as well."""
    sys.stderr.write(f"twin: {line}\n")
    sys.stderr.flush()
