"""Sioux Falls (LeBlanc, Morlok & Pierskalla 1975) out of the PyPI package aequilibrae, as TNTP files.

``python -m benchmarks.sioux_falls DIR`` writes ``SiouxFalls_net.tntp`` and ``SiouxFalls_trips.tntp``. The
package's sample project is read as files (SQLite, and its own matrix format); it is not imported.
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
import sys
import tempfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from twin.errors import InputError

DATABASE, MATRIX = "project_database.sqlite", "matrices/demand.aem"
HEADER_BYTES, CORE_BYTES, INDEX_BYTES = 182, 50, 20
"""Layout of the matrix: counts, names and a description; then each core's name, then each index's."""
LINKS = "select a_node, b_node, capacity_ab, free_flow_time, b, power, toll_ab from links order by link_id"


def project_file() -> Path | None:
    """The sample project of an installed aequilibrae."""
    package = find_spec("aequilibrae")
    if package is None or package.origin is None:
        return None
    file = Path(package.origin).parent / "reference_files" / "sioux_falls.zip"
    return file if file.is_file() else None


def convert(project: Path, folder: Path) -> tuple[Path, Path]:
    """Write network and trips as TNTP files; a link's length is its free-flow time, as in the collection."""
    with tempfile.TemporaryDirectory() as unpacked, zipfile.ZipFile(project) as packed:
        database = packed.extract(DATABASE, unpacked)
        with contextlib.closing(sqlite3.connect(database)) as connection:
            links = connection.execute(LINKS).fetchall()
        demand = demand_of(packed.read(MATRIX))
    folder.mkdir(parents=True, exist_ok=True)
    network, trips = folder / "SiouxFalls_net.tntp", folder / "SiouxFalls_trips.tntp"
    n_zones = demand.shape[0]
    network.write_text(network_text(links, n_zones), encoding="utf-8")
    trips.write_text(trips_text(demand), encoding="utf-8")
    return network, trips


def demand_of(matrix: bytes) -> np.ndarray:
    """The one core of a matrix of version 1 in 8-byte floats, (n_zones, n_zones)."""
    version, compressed, _, n_zones, n_cores, n_indices, kind, size = struct.unpack_from("<BBQIBBBB", matrix)
    if (version, compressed, n_cores, kind, size) != (1, 0, 1, 1, 8):
        raise InputError(
            "matrix", "is of another version or layout", "version 1 with one core of 8-byte floats"
        )
    begin = HEADER_BYTES + n_cores * CORE_BYTES + n_indices * (INDEX_BYTES + 8 * n_zones)
    demand = np.frombuffer(matrix, dtype="<f8", count=n_zones * n_zones, offset=begin)
    return np.nan_to_num(demand.reshape(n_zones, n_zones))


def network_text(links: list[tuple[float, ...]], n_zones: int) -> str:
    """A TNTP network in which every node is a zone that trips may pass."""
    head = [
        f"<NUMBER OF ZONES> {n_zones}",
        f"<NUMBER OF NODES> {max(max(link[:2]) for link in links)}",
        "<FIRST THRU NODE> 1",
        f"<NUMBER OF LINKS> {len(links)}",
        "<END OF METADATA>",
        "~ init_node term_node capacity length free_flow_time b power speed toll type ;",
    ]
    rows = [
        f"{tail}\t{to}\t{capacity!r}\t{time!r}\t{time!r}\t{b!r}\t{power!r}\t0\t{toll!r}\t1\t;"
        for tail, to, capacity, time, b, power, toll in links
    ]
    return "\n".join([*head, *rows, ""])


def trips_text(demand: np.ndarray) -> str:
    """A TNTP trip table."""
    lines = [f"<NUMBER OF ZONES> {len(demand)}", f"<TOTAL OD FLOW> {demand.sum()!r}", "<END OF METADATA>"]
    lines[1] = f"<TOTAL OD FLOW> {float(demand.sum())!r}"
    for origin, row in enumerate(demand.tolist(), start=1):
        lines.append(f"Origin {origin}")
        lines.extend(f"{zone} : {trips!r};" for zone, trips in enumerate(row, start=1))
    return "\n".join([*lines, ""])


def main(arguments: list[str]) -> int:
    """Convert into the folder named."""
    project = project_file()
    if len(arguments) != 1 or project is None:
        print("usage: python -m benchmarks.sioux_falls DIR, with aequilibrae installed", file=sys.stderr)
        return 2
    for file in convert(project, Path(arguments[0])):
        print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
