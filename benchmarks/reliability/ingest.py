"""Whether observations survive kills, and how fast they come in.

    python -m benchmarks.reliability.ingest lines --messages 1000000 --kills 20
    python -m benchmarks.reliability.ingest mqtt --messages 50000 --kills 20
    python -m benchmarks.reliability.ingest speed --messages 1000000

Prints one JSON object; the exit code is 1 where something acknowledged was lost, counted twice, or where sums
differ from those of the clean stream.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.machine import machine
from benchmarks.reliability.senders import pipe_lines, send_by_mqtt
from benchmarks.reliability.stream import Stream, make_stream
from twin.live.aggregates import sums_by_slice
from twin.live.store import ObservationStore

COLUMNS = ["datastream", "begin_s", "n_observations", "sum"]


def through_lines(folder: Path, n: int, n_kills: int) -> dict[str, Any]:
    """Through a pipe of JSON lines, the ingester killed on the way."""
    stream = make_stream(n, min(500, max(n // 200, 1)))
    turn = random.Random(1)
    total = len(stream.arrival)
    kills = pipe_lines(stream, folder, sorted(turn.sample(range(1, total * 9 // 10), n_kills)))
    return {**held_against(stream, folder), "kills_of_ingester": kills}


def through_mqtt(folder: Path, n: int, n_kills: int) -> dict[str, Any]:
    """Through a broker, it and the ingester killed on the way."""
    executable = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if executable is None:
        raise SystemExit("mosquitto is not on the path")
    stream = make_stream(n, min(200, max(n // 200, 1)))
    sender = send_by_mqtt(stream, folder, executable, n_kills, within_s=1_800.0)
    found = held_against(stream, folder)
    lost = sender.acknowledged - found.pop("keys")
    return {
        **found,
        "n_transmissions": sender.box.n_sent,
        "acknowledged_lost": len(lost),
        "kills_of_ingester": n_kills,
        "kills_of_broker": n_kills,
    }


def held_against(stream: Stream, folder: Path) -> dict[str, Any]:
    """What was kept beside what was told."""
    with ObservationStore(folder) as store:
        rows = store.rows()
        runs = list(store.devices)
        keys = [(*runs[run], number) for run, number in zip(rows["run"], rows["sequence"], strict=True)]
        told = {stream.key(row) for row in range(len(stream.device))}
        same = sums_by_slice(store)[COLUMNS].equals(stream.clean_sums()[COLUMNS])
        return {
            "n_messages": len(stream.device),
            "n_sent": len(stream.arrival),
            "n_kept": len(keys),
            "lost": len(told - set(keys)),
            "counted_twice": len(keys) - len(set(keys)),
            "sums_equal": bool(same),
            "on_disk_not_acknowledged": store.told.duplicate - (len(stream.arrival) - len(stream.device)),
            "told": store.told.__dict__,
            "keys": set(keys),
        }


ONE = """
import pathlib, sys
from twin.live.ingest import ingest
ingest(sys.argv[1], pathlib.Path(sys.argv[2]))
print(pathlib.Path("/proc/self/schedstat").read_text())
"""
"""Takes a file in, and tells how long it ran and how long it waited for others that ran on its core [ns]."""


def speed(folder: Path, n: int) -> dict[str, Any]:
    """How many messages a second one core takes from a file, fsync and all."""
    stream = make_stream(n, 500)
    file = folder.with_suffix(".jsonl")
    with file.open("wb") as out:
        out.writelines(stream.lines())
    begin_s = time.perf_counter()
    one_core = {"preexec_fn": lambda: os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})}
    done = subprocess.run(
        [sys.executable, "-c", ONE, str(file), str(folder)], check=True, stdout=subprocess.PIPE, **one_core
    )
    wall_s = time.perf_counter() - begin_s
    cpu_s, queued_s = (int(number) / 1e9 for number in done.stdout.split()[:2])
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    sent = len(stream.arrival)
    return {
        **held_against(stream, folder),
        "wall_s": round(wall_s, 2),
        "cpu_s": round(cpu_s, 2),
        "waited_for_the_core_s": round(queued_s, 2),
        "messages_per_s": round(sent / wall_s),
        "messages_per_s_of_an_own_core": round(sent / (wall_s - queued_s)),
        "messages_per_cpu_s": round(sent / cpu_s),
        "most_memory_mb": round(used.ru_maxrss / 1_024),
        "megabytes_in": round(file.stat().st_size / 1e6, 1),
    }


def main(arguments: list[str] | None = None) -> int:
    """Run one of them and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("via", choices=("lines", "mqtt", "speed"))
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=20)
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home, "run")
        begin_s = time.perf_counter()
        if asked.via == "speed":
            found = speed(folder, asked.messages)
        elif asked.via == "mqtt":
            found = through_mqtt(folder, asked.messages, asked.kills)
        else:
            found = through_lines(folder, asked.messages, asked.kills)
    found.pop("keys", None)
    took = {"took_s": round(time.perf_counter() - begin_s, 1), "machine": machine()}
    sys.stdout.write(json.dumps({"via": asked.via, **found, **took}, indent=1) + "\n")
    sound = not found["lost"] and not found["counted_twice"] and found["sums_equal"]
    return 0 if sound and not found.get("acknowledged_lost") else 1


if __name__ == "__main__":
    sys.exit(main())
