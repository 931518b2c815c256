"""A known answer as a case: a network table, a demand table and levers, and the numbers expected.

A case is a folder of ``benchmarks/accuracy/cases``: README.md tells the reasoning, scenario.toml holds the
tables, expected.toml the answers with tolerance and source. Links follow a triangular fundamental diagram
(Newell 1993): free speed, backward wave speed, jam density, and a flow capacity. They may end at a signal or
yield to others, and vehicles may be of other kinds than cars.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from twin.errors import InputError

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True)
class Link:
    """One directed link as a planner writes it down; it may yield to others within a critical gap."""

    id: str
    from_: str
    to: str
    length_m: float
    speed_kmh: float
    capacity_vph: float
    jam_veh_per_km: float = 150.0
    wave_kmh: float = 20.0
    gap_s: float = 0.0
    yields_to: tuple[str, ...] = ()


@dataclass(frozen=True)
class Flow:
    """Vehicles of one route at even gaps, or with exponential gaps where ``random``; ``count`` at once.

    Gaps at random follow the seed and the row of the flow.
    """

    route: tuple[str, ...]
    vph: float = 0.0
    from_s: float = 0.0
    until_s: float = 0.0
    random: bool = False
    count: int = 0
    kind: str = "car"


@dataclass(frozen=True)
class Kind:
    """A kind of vehicle: places that it takes, and its headway in quarters of a car's (pace)."""

    id: str
    places: int = 1
    pace: int = 4


@dataclass(frozen=True)
class Lever:
    """From a moment on, a link has this capacity, is closed or is open again."""

    at_s: int
    link: str
    capacity_vph: float | None = None
    closed: bool | None = None


@dataclass(frozen=True)
class Signal:
    """A fixed-time signal at the end of a link: green for ``green_s`` of every cycle, first at the offset."""

    link: str
    cycle_s: int
    green_s: int
    offset_s: int = 0


@dataclass(frozen=True)
class Choice:
    """Vehicles from the first link to the last, each by the least time known at the last update.

    ``spread`` is how far travellers' own views of a link differ, ``sees`` what is known (see `belief`).
    """

    origin: str
    destination: str
    vph: float
    from_s: float
    until_s: float
    update_s: int
    spread: float = 0.0
    sees: str = "passages"


@dataclass(frozen=True)
class Rush:
    """Trips between random links of a network, at these rates [veh/h] for ``slice_s`` each."""

    profile_vph: tuple[float, ...]
    slice_s: int
    spread: float = 0.0


@dataclass(frozen=True)
class Answer:
    """One expected number; ``not_yet`` says why the engine misses it."""

    quantity: str
    expected: float
    tolerance: float
    unit: str
    source: str
    of: Mapping[str, Any]
    not_yet: str = ""

    @property
    def label(self) -> str:
        """The quantity and what it is asked of."""
        asked = ", ".join(f"{key}={value}" for key, value in self.of.items())
        return f"{self.quantity}({asked})"

    def holds(self, got: float) -> bool:
        """Within the tolerance; a quantity that could not be measured (NaN) does not hold."""
        return abs(got - self.expected) <= self.tolerance


@dataclass(frozen=True)
class Case:
    """One run of the engine and what is asked of it."""

    name: str
    title: str
    links: tuple[Link, ...]
    flows: tuple[Flow, ...]
    levers: tuple[Lever, ...]
    signals: tuple[Signal, ...]
    kinds: tuple[Kind, ...]
    choices: tuple[Choice, ...]
    rush: Rush | None
    answers: tuple[Answer, ...]
    until_s: int
    deadlock_check_s: int
    peer: bool
    seed: int = 1


def case_names() -> list[str]:
    """All cases, in alphabetical order."""
    return sorted(folder.name for folder in CASES.iterdir() if (folder / "scenario.toml").is_file())


def load_case(name: str) -> Case:
    """Read one case."""
    folder = CASES / name
    if not (folder / "scenario.toml").is_file():
        raise InputError(f"case {name}", "is not known", "one of " + ", ".join(case_names()))
    tables = _read(folder / "scenario.toml")
    links = [_record(Link, row, name) for row in tables.get("link", ())]
    flows = [_record(Flow, row, name) for row in tables.get("flow", ())]
    for ring in tables.get("ring", ()):
        _add_ring(ring, links, flows)
    if "grid" in tables:
        links += _grid(tables["grid"])
    if "signal_by_closing" in tables:
        levers = _closings(tables["signal_by_closing"], int(tables["until_s"]))
    else:
        levers = [_record(Lever, row, name) for row in tables.get("lever", ())]
    return Case(
        name,
        str(tables["title"]),
        tuple(links),
        tuple(flows),
        tuple(levers),
        tuple(_record(Signal, row, name) for row in tables.get("signal", ())),
        (Kind("car"), *(_record(Kind, row, name) for row in tables.get("kind", ()))),
        tuple(_record(Choice, row, name) for row in tables.get("choice", ())),
        _record(Rush, tables["rush"], name) if "rush" in tables else None,
        tuple(_answer(row, name) for row in _read(folder / "expected.toml")["answer"]),
        int(tables["until_s"]),
        int(tables.get("deadlock_check_s", 0)),
        bool(tables.get("peer", False)),
    )


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise InputError(str(file), str(error), "a readable TOML file") from error


def _record(kind: type, row: Mapping[str, Any], case: str) -> Any:
    """A row of a table as its dataclass; lists become tuples, ``from`` is ``from_``."""
    values = {("from_" if key == "from" else key): _frozen(value) for key, value in row.items()}
    known = {field.name for field in fields(kind)}
    unknown = sorted(set(values) - known)
    if unknown:
        raise InputError(
            f"case {case}, {kind.__name__.lower()}",
            f"{unknown[0]} is not known",
            "one of " + ", ".join(sorted(known)),
        )
    return kind(**values)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _answer(row: Mapping[str, Any], case: str) -> Answer:
    """An answer; a relative tolerance becomes an absolute one, everything unnamed is what it is asked of."""
    rest = dict(row)
    expected = float(rest.pop("expected"))
    if ("relative" in rest) == ("tolerance" in rest):
        raise InputError(
            f"case {case}, {row['quantity']}", "has no single tolerance", "tolerance or relative"
        )
    relative = rest.pop("relative", None)
    tolerance = float(rest.pop("tolerance")) if relative is None else abs(expected) * float(relative)
    return Answer(
        str(rest.pop("quantity")),
        expected,
        tolerance,
        str(rest.pop("unit")),
        str(rest.pop("source")),
        not_yet=str(rest.pop("not_yet", "")),
        of={key: _frozen(value) for key, value in rest.items()},
    )


def _add_ring(ring: Mapping[str, Any], links: list[Link], flows: list[Flow]) -> None:
    """A circle of equal links, on each of which vehicles start that go round ``laps`` times."""
    name, n = str(ring["id"]), int(ring["n_links"])
    ids = [f"{name}.{row}" for row in range(n)]
    shape = {key: float(ring[key]) for key in ("length_m", "speed_kmh", "capacity_vph")}
    shape |= {key: float(ring[key]) for key in ("jam_veh_per_km", "wave_kmh") if key in ring}
    for row in range(n):
        links.append(Link(ids[row], f"{name}:{row}", f"{name}:{(row + 1) % n}", **shape))
        steps = int(ring["steps"])
        route = tuple(ids[(row + step) % n] for step in range(steps))
        flows.append(Flow(route, count=int(ring["vehicles_per_link"])))


def _grid(grid: Mapping[str, Any]) -> list[Link]:
    """A square grid of equal two-way streets."""
    n = int(grid["side"])
    shape = {key: float(value) for key, value in grid.items() if key != "side"}
    links = []
    for row in range(n):
        for column in range(n):
            for other_row, other_column in ((row, column + 1), (row + 1, column)):
                if other_row < n and other_column < n:
                    a, b = f"{row},{column}", f"{other_row},{other_column}"
                    links += [Link(f"{a}>{b}", a, b, **shape), Link(f"{b}>{a}", b, a, **shape)]
    return links


def _closings(signal: Mapping[str, Any], until_s: int) -> list[Lever]:
    """Red as a closure of the link behind the stop line, for the rest of every cycle."""
    link, cycle, green = str(signal["link"]), int(signal["cycle_s"]), int(signal["green_s"])
    starts = range(0, until_s, cycle)
    return [
        Lever(at_s, link, closed=at_s % cycle == green)
        for start in starts
        for at_s in (start, start + green)
        if at_s < until_s
    ]
