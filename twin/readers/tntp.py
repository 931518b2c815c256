"""Networks and trip tables in the TNTP format of the Transportation Networks for Research collection.

Read strictly: the first line that is not what the format says ends the reading with its number.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.errors import InputError

END = "END OF METADATA"
NODES, ZONES, FIRST, LINKS, TOTAL = (
    "NUMBER OF NODES", "NUMBER OF ZONES", "FIRST THRU NODE", "NUMBER OF LINKS", "TOTAL OD FLOW",
)  # fmt: skip
COLUMNS = ("init_node", "term_node", "capacity", "length", "free_flow_time", "b", "power", "speed", "toll")
"""What a link line says, in order; the speed limit and what follows the toll are not used."""
MOST_POWER = 100.0
TOTAL_TOLERANCE = 1e-3
"""Collections round the announced total; a file cut short is further off."""

Line = tuple[int, str]


@dataclass(frozen=True)
class RoadNetwork:
    """Links of travel time ``free_flow_time (1 + b (flow / capacity)^power)`` (Bureau of Public Roads 1964).

    Ends are node rows from 0, of which the first ``n_zones`` are zones; nodes before ``first_through`` let
    no trip pass.
    """

    file: str
    n_zones: int
    n_nodes: int
    first_through: int
    tail: np.ndarray  # int32 (n_links,)
    head: np.ndarray  # int32 (n_links,)
    capacity: np.ndarray  # float64 (n_links,), as are the rest
    length: np.ndarray
    free_flow_time: np.ndarray
    b: np.ndarray
    power: np.ndarray
    toll: np.ndarray

    @property
    def n_links(self) -> int:
        """Number of links."""
        return int(self.tail.shape[0])


@dataclass(frozen=True)
class TripTable:
    """Trips between zone rows, (n_pairs,), in the file's order; pairs without trips are left out."""

    file: str
    n_zones: int
    origin: np.ndarray  # int32
    destination: np.ndarray  # int32
    trips: np.ndarray  # float64


def read_network(path: Path) -> RoadNetwork:
    """The network of a TNTP file."""
    lines = _lines(path)
    tags = _tags(path, lines, (ZONES, NODES, LINKS))
    n_nodes = _whole(path, tags[NODES], NODES, 1)
    n_zones = _whole(path, tags[ZONES], ZONES, 1, n_nodes)
    n_links = _whole(path, tags[LINKS], LINKS, 1)
    first = _whole(path, tags[FIRST], FIRST, 1, n_nodes + 1) if FIRST in tags else 1
    rows = [_link(path, line, n_nodes) for line in lines]
    if len(rows) != n_links:
        right = f"{n_links} link lines, as <{LINKS}> announces"
        raise InputError(path.as_posix(), f"has {len(rows)} link lines", right)
    table = np.array(rows, dtype=np.float64)
    ends = table[:, :2].astype(np.int32) - 1
    columns = [np.ascontiguousarray(table[:, column]) for column in (2, 3, 4, 5, 6, 8)]
    tail, head = np.ascontiguousarray(ends[:, 0]), np.ascontiguousarray(ends[:, 1])
    return RoadNetwork(path.as_posix(), n_zones, n_nodes, first - 1, tail, head, *columns)


def read_trips(path: Path, network: RoadNetwork) -> TripTable:
    """The trip table of a TNTP file, for the zones of a network."""
    lines = _lines(path)
    tags = _tags(path, lines, (ZONES,))
    n_zones = _whole(path, tags[ZONES], ZONES, 1)
    if n_zones != network.n_zones:
        right = f"{network.n_zones}, as in {network.file}"
        raise InputError(_at(path, tags[ZONES][0]), f"<{ZONES}> is {n_zones}", right)
    found = _pairs(path, lines, n_zones)
    total = math.fsum(found.values())
    if TOTAL in tags:
        announced = _number(path, tags[TOTAL][0], tags[TOTAL][1], f"<{TOTAL}>")
        if abs(total - announced) > TOTAL_TOLERANCE * max(announced, total):
            right = f"{announced:g}, as <{TOTAL}> announces"
            raise InputError(path.as_posix(), f"its trips sum to {total:g}", right)
    kept = [(*pair, trips) for pair, trips in found.items() if trips > 0.0]
    if not kept:
        raise InputError(path.as_posix(), "has no trips", "at least one pair of zones with trips")
    origin, destination, trips = zip(*kept, strict=True)
    return TripTable(
        path.as_posix(),
        n_zones,
        np.array(origin, dtype=np.int32) - 1,
        np.array(destination, dtype=np.int32) - 1,
        np.array(trips, dtype=np.float64),
    )


def _lines(path: Path) -> Iterator[Line]:
    """Lines with their numbers, comments cut off, empty ones left out."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(path.as_posix(), "is no text in UTF-8", "a TNTP file") from None
    except OSError as error:
        what = f"cannot be read: {(error.strerror or str(error)).lower()}"
        raise InputError(path.as_posix(), what, "a TNTP file") from None
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("~")[0].strip()
        if words:
            yield number, words


def _tags(path: Path, lines: Iterator[Line], needed: tuple[str, ...]) -> dict[str, Line]:
    """Tags before the end of the metadata: the line of each, and what it says."""
    tags: dict[str, Line] = {}
    for number, line in lines:
        if not line.startswith("<") or ">" not in line:
            raise InputError(_at(path, number), f"'{_short(line)}' is no tag", f"<TAG> value, up to <{END}>")
        name, _, value = line[1:].partition(">")
        name = " ".join(name.upper().split())
        if name == END:
            missing = [tag for tag in needed if tag not in tags]
            if missing:
                raise InputError(
                    _at(path, number), f"no <{missing[0]}> before it", f"a line <{missing[0]}> value"
                )
            return tags
        if name in tags:
            raise InputError(_at(path, number), f"a second <{name}>", "each tag once")
        tags[name] = (number, value.strip())
    raise InputError(path.as_posix(), f"has no <{END}>", f"tags, then <{END}>, then the table")


def _link(path: Path, line: Line, n_nodes: int) -> list[float]:
    """One link line, as numbers in the order of COLUMNS."""
    number, text = line
    words = text.removesuffix(";").split()
    if not text.endswith(";") or ";" in text[:-1] or not len(COLUMNS) <= len(words) <= len(COLUMNS) + 1:
        right = f"{', '.join(COLUMNS)}, type and a ';'"
        raise InputError(_at(path, number), f"'{_short(text)}' is no link", right)
    values = [_number(path, number, word, name) for word, name in zip(words, COLUMNS, strict=False)]
    for name, value in zip(COLUMNS[:2], values, strict=False):
        if value != int(value) or not 1 <= value <= n_nodes:
            raise InputError(_at(path, number), f"{name} is {value:g}", f"a whole number from 1 to {n_nodes}")
    if values[0] == values[1]:
        raise InputError(
            _at(path, number), f"leads from node {values[0]:g} to itself", "a link between two nodes"
        )
    for name, value in zip(COLUMNS[2:], values[2:], strict=True):
        if value < 0.0:
            raise InputError(_at(path, number), f"{name} is {value:g}", "0 or more")
    capacity, time, b, power = values[2], values[4], values[5], values[6]
    if capacity == 0.0 and time * b * power > 0.0:
        raise InputError(_at(path, number), "capacity is 0", "more than 0 where b and power are")
    if power > MOST_POWER:
        raise InputError(_at(path, number), f"power is {power:g}", f"at most {MOST_POWER:g}")
    return values


def _pairs(path: Path, lines: Iterator[Line], n_zones: int) -> dict[tuple[int, int], float]:
    """Trips by (origin, destination) as numbered in the file."""
    found: dict[tuple[int, int], float] = {}
    origin, begun = 0, set()
    for number, text in lines:
        if text.lower().startswith("origin"):
            origin = _zone(path, number, text[len("origin") :].strip(), "origin", n_zones)
            if origin in begun:
                raise InputError(_at(path, number), f"a second block of origin {origin}", "each origin once")
            begun.add(origin)
            continue
        if not origin:
            raise InputError(_at(path, number), f"'{_short(text)}' before any origin", "a line 'Origin 1'")
        entries = text.split(";")
        if entries[-1].strip():
            what = f"'{_short(entries[-1].strip())}' is not closed"
            raise InputError(_at(path, number), what, "destination : trips;")
        for entry in entries[:-1]:
            _add_entry(path, number, entry, (origin, n_zones), found)
    return found


def _add_entry(
    path: Path, number: int, entry: str, of: tuple[int, int], found: dict[tuple[int, int], float]
) -> None:
    """One ``destination : trips`` of an origin, one of n zones."""
    name, colon, value = entry.partition(":")
    if not colon:
        raise InputError(_at(path, number), f"'{_short(entry.strip())}' is no entry", "destination : trips;")
    pair = (of[0], _zone(path, number, name.strip(), "destination", of[1]))
    if pair in found:
        raise InputError(
            _at(path, number), f"trips from {pair[0]} to {pair[1]} a second time", "each pair once"
        )
    trips = _number(path, number, value.strip(), f"trips from {pair[0]} to {pair[1]}")
    if trips < 0.0:
        raise InputError(_at(path, number), f"trips from {pair[0]} to {pair[1]} are {trips:g}", "0 or more")
    found[pair] = trips


def _zone(path: Path, number: int, word: str, name: str, n_zones: int) -> int:
    return _whole(path, (number, word), name, 1, n_zones)


def _whole(path: Path, line: Line, name: str, least: int, most: int | None = None) -> int:
    """A whole number of a line, within bounds."""
    number, word = line
    right = (
        f"a whole number from {least} to {most}" if most is not None else f"a whole number, {least} or more"
    )
    if not (word.isascii() and word.isdigit() and len(word) <= 9):
        raise InputError(_at(path, number), f"{name} is '{_short(word)}'", right)
    value = int(word)
    if value < least or (most is not None and value > most):
        raise InputError(_at(path, number), f"{name} is {value}", right)
    return value


def _number(path: Path, number: int, word: str, name: str) -> float:
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or "_" in word:
        raise InputError(_at(path, number), f"{name} is '{_short(word)}'", "a finite number")
    return value


def _at(path: Path, number: int) -> str:
    return f"{path.as_posix()}: line {number}"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
