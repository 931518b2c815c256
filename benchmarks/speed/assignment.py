"""Static assignment: ``python -m benchmarks.speed.assignment [--peers] [--gap G] [--json]``.

Sioux Falls out of the PyPI package aequilibrae, or TNTP files by ``--net`` and ``--trips``. Each engine runs
in a process of its own, one after the other in this one call; CPU seconds are those of assigning alone, once
a network of two links has been assigned (ours) or the graph has been built (the peer), the median of runs.
Both gaps are computed here, by one function, from the link flows that each engine hands over.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.machine import machine
from benchmarks.peers import check
from benchmarks.sioux_falls import convert, project_file
from twin.errors import InputError
from twin.readers.tntp import read_network, read_trips
from twin.routing.assignment import Rule, assign, prepare, relative_gap

OURS, PEER = "twin", "AequilibraE bfw"
RUNS = {OURS: 7, PEER: 1}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
"""No library may keep other threads waiting busily: they would count as the engine's CPU seconds."""


def measure(engine: str, files: tuple[Path, Path], gap: float, out: Path) -> None:
    """Run one engine here; its flows and CPU seconds are left in a file."""
    network = read_network(files[0])
    trips = read_trips(files[1], network)
    spent: list[tuple[float, float]] = []
    for _ in range(RUNS[engine]):
        if engine == OURS:
            prepare()
            begun = time.process_time(), time.perf_counter()
            flow = assign(network, trips, gap=gap).flow
            spent.append((time.process_time() - begun[0], time.perf_counter() - begun[1]))
        else:
            from benchmarks.peers.aequilibrae_assignment import build

            execute, flows = build(network, trips, gap)
            begun = time.process_time(), time.perf_counter()
            execute()
            spent.append((time.process_time() - begun[0], time.perf_counter() - begun[1]))
            flow = flows()
    np.savez(out, flow=flow, seconds=np.median(spent, axis=0))


def row_of(engine: str, files: tuple[Path, Path], gap: float, folder: Path) -> dict[str, Any]:
    """One engine in a process of its own, and the gap of its flows."""
    out = folder / "out.npz"
    command = [sys.executable, "-m", "benchmarks.speed.assignment", "--engine", engine, "--gap", repr(gap)]
    command += ["--net", str(files[0]), "--trips", str(files[1]), "--out", str(out)]
    done = subprocess.run(
        command,
        env=os.environ | ONE_THREAD,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        return {"engine": engine, "note": f"failed: {(done.stderr.strip().splitlines() or ['?'])[-1]}"}
    with np.load(out) as found:
        flow, (cpu_s, wall_s) = found["flow"], found["seconds"].tolist()
    network = read_network(files[0])
    reached = relative_gap(network, read_trips(files[1], network), Rule("ue"), flow)
    return {"engine": engine, "cpu_s": cpu_s, "wall_s": wall_s, "relative_gap": reached}


def rows_of(files: tuple[Path, Path], gap: float, engines: list[str]) -> list[dict[str, Any]]:
    """One row an engine; ``ratio`` is its CPU seconds over ours."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [row_of(engine, files, gap, Path(folder)) for engine in engines]
    for row in rows:
        both = "cpu_s" in row and "cpu_s" in rows[0]
        row["ratio"] = row["cpu_s"] / rows[0]["cpu_s"] if both else None
    return rows


def files_of(options: argparse.Namespace, folder: Path) -> tuple[Path, Path]:
    """The files asked for, or Sioux Falls."""
    if options.net is not None and options.trips is not None:
        return options.net, options.trips
    project = project_file()
    if project is None:
        raise InputError("Sioux Falls", "is not here", "pip install aequilibrae, or --net FILE --trips FILE")
    return convert(project, folder)


def main(arguments: list[str] | None = None) -> int:
    """Run all, print one table or one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.assignment", description=__doc__)
    parser.add_argument("--peers", action="store_true", help="run AequilibraE as well")
    parser.add_argument("--gap", type=float, default=1e-6, help="relative gap each engine is asked for")
    parser.add_argument("--net", type=Path, help="a network (TNTP)")
    parser.add_argument("--trips", type=Path, help="its trip table (TNTP)")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--engine", choices=tuple(RUNS), help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.engine is not None:
        measure(options.engine, (options.net, options.trips), options.gap, options.out)
        return 0
    try:
        if options.peers:
            check("aequilibrae")
            check("openmatrix")
        with tempfile.TemporaryDirectory() as folder:
            files = files_of(options, Path(folder))
            rows = rows_of(files, options.gap, [OURS, PEER] if options.peers else [OURS])
    except InputError as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps({"rows": rows, "machine": machine()}))
        return 0
    print(f"{'engine':20} {'CPU s':>10} {'wall s':>10} {'relative gap':>14} {'ratio':>8}")
    for row in rows:
        if "note" in row:
            print(f"{row['engine']:20} {row['note']}")
        else:
            seconds = f"{row['cpu_s']:>10.5f} {row['wall_s']:>10.5f}"
            print(f"{row['engine']:20} {seconds} {row['relative_gap']:>14.2e} {row['ratio'] or 0.0:>8.1f}")
    print(f"load average {machine()['load_average']}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
