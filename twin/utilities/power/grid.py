"""A three-phase balanced network as arrays: buses, lines, transformers, sources and loads; SI units."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from twin.errors import InputError
from twin.territory.tables import Flags, Floats, Ints, Table, Texts


@dataclass(frozen=True)
class Buses(Table):
    """Buses, with their rated voltage between phases."""

    name: Texts
    rated_v: Floats


@dataclass(frozen=True)
class PowerLines(Table):
    """Lines and cables between bus rows: impedance, capacitance to earth, current they carry.

    `normally_open` (n_lines,) are ties that carry nothing until they are closed; no rows: none is.
    """

    name: Texts
    tail: Ints
    head: Ints
    r_ohm: Floats
    x_ohm: Floats
    c_farad: Floats
    most_a: Floats
    normally_open: Flags = field(default_factory=lambda: np.zeros(0, dtype=bool))

    @property
    def ties(self) -> Flags:
        """Which lines are normally open (n_lines,)."""
        none = np.zeros(len(self.name), dtype=bool)
        return self.normally_open if len(self.normally_open) else none


@dataclass(frozen=True)
class Transformers(Table):
    """Transformers from the higher (tail) to the lower voltage (head).

    `short_circuit` is the relative short-circuit voltage; `copper_w`, `iron_w` the losses at rated load
    and without load; `no_load` the relative current without load.
    """

    name: Texts
    tail: Ints
    head: Ints
    tail_v: Floats
    head_v: Floats
    rated_va: Floats
    short_circuit: Floats
    copper_w: Floats
    iron_w: Floats
    no_load: Floats


@dataclass(frozen=True)
class Sources(Table):
    """Buses whose voltage is held (at `u_pu` of their rated voltage), and the power that may come in."""

    bus: Ints
    u_pu: Floats
    rated_va: Floats


@dataclass(frozen=True)
class PowerGrid:
    """A power network; `load_bus` (n_loads,) is where each load hangs."""

    buses: Buses
    lines: PowerLines
    transformers: Transformers
    sources: Sources
    load_bus: Ints

    @property
    def n_buses(self) -> int:
        """Number of buses."""
        return len(self.buses.name)

    def ends(self) -> tuple[Ints, Ints]:
        """Tail and head of every branch that is normally closed, lines first."""
        closed = ~self.lines.ties
        return (
            np.concatenate([self.lines.tail[closed], self.transformers.tail]),
            np.concatenate([self.lines.head[closed], self.transformers.head]),
        )

    def check(self) -> None:
        """Raise InputError for the first element that no flow can be reckoned with."""
        lines, transformers = self.lines, self.transformers
        sound = np.isfinite(lines.r_ohm) & np.isfinite(lines.x_ohm) & np.isfinite(lines.c_farad)
        sound &= (np.hypot(lines.r_ohm, lines.x_ohm) > 0.0) & (lines.r_ohm >= 0.0) & (lines.most_a > 0.0)
        _first(lines.name, sound, "no impedance or no rated current", "a line with r, x (not both 0) and A")
        sound = np.isfinite(transformers.copper_w) & np.isfinite(transformers.iron_w)
        for column in (transformers.rated_va, transformers.short_circuit, transformers.tail_v):
            sound &= np.isfinite(column) & (column > 0.0)
        _first(transformers.name, sound, "no rating, impedance or voltage", "a transformer with all of them")
        _first(self.buses.name, self.buses.rated_v > 0.0, "no rated voltage", "a voltage above 0")
        label = self._islands()
        fed = np.isin(label, label[self.sources.bus])
        bus = self.load_bus[~fed[self.load_bus]] if len(self.load_bus) else self.load_bus
        if len(bus):
            where, island = str(self.buses.name[bus[0]]), int((label == label[bus[0]]).sum())
            raise InputError(where, f"an island of {island} buses without a source", "a way to a source")

    def _islands(self) -> Ints:
        tail, head = self.ends()
        matrix = coo_matrix((np.ones(len(tail)), (tail, head)), shape=(self.n_buses, self.n_buses))
        return np.asarray(connected_components(matrix, directed=False)[1])


def _first(names: Texts, sound: Flags, what: str, right: str) -> None:
    bad = np.flatnonzero(~sound)
    if len(bad):
        raise InputError(str(names[bad[0]]), what, right)
