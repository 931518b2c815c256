"""Whole ways in: the command with files and pipes, HTTP, and MQTT through a broker; killed on the way."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.live.messages import message
from twin.errors import InputError, WorkError
from twin.live.ingest import ingest
from twin.live.store import ObservationStore
from twin.scenario.ledger import Parameters

pytest.importorskip("orjson")
pytest.importorskip("paho.mqtt.client")
pytest.importorskip("uvicorn")
from benchmarks.reliability.ingest import held_against, through_mqtt
from benchmarks.reliability.senders import command, free_port, pipe_lines
from benchmarks.reliability.stream import make_stream
from twin.live import by_http, lines
from twin.live.commits import Commits, Submission
from twin.readers.sensorthings import read_lines


def test_a_file_is_taken_up_where_it_was_left(tmp_path):
    file, run = tmp_path / "in.jsonl", tmp_path / "run"
    file.write_bytes(message(1) + b"\n" + message(2) + b"\n{bad\n\n")
    first = ingest(str(file), run)
    with file.open("ab") as more:
        more.write(message(2) + b"\n" + message(3))
    then = ingest(str(file), run)
    assert (first["accepted"], first["duplicate"], first["refused"]) == (2, 0, 1)
    assert (then["accepted"], then["duplicate"], then["refused"]) == (3, 1, 1)
    (refused,) = map(json.loads, (run / "refused.jsonl").read_text().splitlines())
    assert refused["where"].endswith("in.jsonl: line 3")
    assert refused["text"] == "{bad"


def test_another_file_of_the_same_name_is_read_from_its_beginning(tmp_path):
    file, run = tmp_path / "in.jsonl", tmp_path / "run"
    file.write_bytes(message(1) + b"\n")
    ingest(str(file), run)
    file.write_bytes(message(7, result=9) + b"\n" + message(8) + b"\n")
    assert ingest(str(file), run)["accepted"] == 3


def test_lines_beyond_all_bounds_are_refused_in_bounded_memory(tmp_path):
    file = tmp_path / "in.jsonl"
    file.write_bytes(b'{"result": 1' + b" " * 3_000_000 + b"}\n" + message(1) + b"\n")
    told = ingest(str(file), tmp_path / "run")
    assert (told["accepted"], told["refused"]) == (1, 1)
    with file.open("rb", buffering=0) as read:
        assert max(len(line) for part in lines.blocks(read) for line in part.lines) < 4 * lines.BLOCK_BYTES


@pytest.mark.parametrize(
    ("source", "right"),
    [
        ("absent.jsonl", "a file of JSON lines"),
        ("ftp://127.0.0.1/x", "http:// or mqtt://"),
        ("http://example.org:80", "http://127.0.0.1:PORT"),
        ("http://127.0.0.1:x", "http://127.0.0.1:PORT"),
        ("mqtt://127.0.0.1/", "mqtt://HOST:PORT/TOPIC"),
        ("mqtt://127.0.0.1:1/loops/#", "mqtt://HOST:PORT/TOPIC"),
    ],
)
def test_sources_that_are_none_are_told_and_nothing_is_made(tmp_path, source, right):
    with pytest.raises(InputError, match=right):
        ingest(source, tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_command_tells_in_json(tmp_path):
    run = tmp_path / "run"
    done = subprocess.run(
        command("-", run, "--json"), input=message(1) + b"\n" + message(1), capture_output=True
    )
    told = json.loads(done.stdout)
    assert (told["accepted"], told["duplicate"], told["late"], told["refused"]) == (1, 1, 0, 0)


def test_nothing_acknowledged_through_a_pipe_is_lost_or_counted_twice_under_kills(tmp_path):
    stream = make_stream(6_000, 30)
    assert pipe_lines(stream, tmp_path / "run", [500, 2_500]) == 2
    found = held_against(stream, tmp_path / "run")
    assert (found["lost"], found["counted_twice"], found["sums_equal"]) == (0, 0, True)
    assert found["told"]["late"] > 0
    assert found["told"]["duplicate"] > 0


def test_who_acknowledges_before_the_disk_loses(tmp_path):
    """The control: the same check finds what a hasty ingester loses when it dies between the two."""
    stream = make_stream(400, 4)
    acknowledged = 0
    for begin in (0, 200):
        with ObservationStore(tmp_path / "run") as store:
            part = [stream.line(row) for row in stream.arrival[begin : begin + 200].tolist()]
            acknowledged += len(part)  # told at once
            if begin:
                store.append(read_lines(part))  # and the first time it died here
    found = held_against(stream, tmp_path / "run")
    assert acknowledged == 400
    assert found["lost"] > 0
    assert not found["sums_equal"]


def test_nothing_the_platform_acknowledged_is_lost_when_broker_and_ingester_are_killed(tmp_path, mosquitto):
    found = through_mqtt(tmp_path / "run", n=1_500, n_kills=1)
    assert (found["lost"], found["counted_twice"], found["acknowledged_lost"]) == (0, 0, 0)
    assert found["sums_equal"]
    assert found["kills_of_broker"] == found["kills_of_ingester"] == 1


@contextmanager
def listening(folder) -> Iterator[str]:
    """The command on a free port."""
    port = free_port()
    with subprocess.Popen(
        command(f"http://127.0.0.1:{port}", folder, "--json"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as child:
        assert b"listening" in child.stderr.readline()
        yield f"http://127.0.0.1:{port}/v1.1"
        child.terminate()
        assert json.loads(child.stdout.read())["accepted"] == 4


def post(address: str, body: bytes, kind: str = "application/json") -> tuple[int, dict]:
    asked = urllib.request.Request(address, data=body, headers={"Content-Type": kind}, method="POST")
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_http_answers_when_it_is_on_disk(tmp_path):
    plain = b'{"phenomenonTime":"2027-01-12T08:00:00Z","result":1}'
    with listening(tmp_path / "run") as root:
        assert post(f"{root}/Observations", message(1)) == (201, {"stored": 1, "refused": []})
        (segment,) = (tmp_path / "run" / "segments").glob("*.seg")
        assert b"loops/7" in segment.read_bytes()
        assert post(f"{root}/Observations", message(1))[0] == 201
        assert post(f"{root}/Datastreams(7)/Observations", plain)[0] == 201
        assert post(f"{root}/Observations", b"[" + message(2) + b", {}]")[1]["stored"] == 1
        assert post(f"{root}/Observations", message(3) + b"\n", "application/x-ndjson")[0] == 201
        code, told = post(f"{root}/Observations", plain)
        assert (code, told["what"]) == (400, "Datastream/@iot.id None")
        assert post(f"{root}/Observations", b" " * 5_000_000)[0] == 413


async def asked_of(app, body: bytes) -> tuple[int, dict[bytes, bytes]]:
    """One POST of an observation to an application, without a server."""
    said = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(part):
        said.append(part)

    path = "/v1.1/Observations"
    scope = {
        "type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [], "http_version": "1.1", "scheme": "http", "root_path": "",
    }  # fmt: skip
    await app(scope, receive, send)
    return said[0]["status"], dict(said[0]["headers"])


def test_who_sends_more_than_fits_is_refused_and_told_when_to_come_back(tmp_path, monkeypatch):
    """Overload is explicit: 503 with Retry-After; what was taken is kept, and no more than so many wait."""
    with ObservationStore(tmp_path) as store:
        disk_is_free, done = threading.Event(), []
        append = store.append
        monkeypatch.setattr(store, "append", lambda block: (disk_is_free.wait(20), append(block))[1])
        commits = Commits(store, most_pending=10)
        app = by_http.ingest_app(commits, Parameters.defaults()["live.retry_after_s"])
        for first in (0, 5):
            block = read_lines([message(first + k) for k in range(5)])
            assert commits.offer(Submission(block.messages, done.append))
        code, headers = asyncio.run(asked_of(app, message(10)))
        assert (code, headers[b"retry-after"]) == (503, b"1")
        disk_is_free.set()
        commits.close()
        assert done == [None, None]
        assert store.told.accepted == 10


def test_a_disk_that_fails_is_told_to_every_sender(tmp_path, monkeypatch):
    with ObservationStore(tmp_path) as store:
        commits = Commits(store, most_pending=10)
        app = by_http.ingest_app(commits, 1.0)
        with monkeypatch.context() as broken:
            broken.setattr("os.fdatasync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
            assert asyncio.run(asked_of(app, message(1)))[0] == 503
        assert asyncio.run(asked_of(app, message(2)))[0] == 503
        assert isinstance(commits.failure, WorkError)
        commits.close()
        assert store.told.accepted == 0
