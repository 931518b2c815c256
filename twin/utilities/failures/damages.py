"""The table of damages, and how long each takes to mend."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from twin.kernels.random import keys_of, stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.territory.tables import Floats, Ints, Table, Texts
from twin.territory.utilities.tables import HEAT, POWER, TELECOM, UTILITIES, WATER, Utilities
from twin.units import S_PER_H
from twin.utilities.failures.inventory import Rows, inventory_of
from twin.utilities.failures.sorts import SORTS, sorts_of

SKILLS = tuple(UTILITIES[each] for each in (POWER, WATER, HEAT, TELECOM))
WORKS, CUT, RESTART = "works", "cut", "restart"
"""Causes that are no faults: planned works, customers cut off in turn, a restart by hand."""


@dataclass(frozen=True)
class Damages(Table):
    """What happens to elements (n,), each from `at_s` until `until_s` [s from 00:00].

    `until_s` is infinite for what lasts until a crew of that `skill` has worked on it for `work_s`.
    """

    element_id: Texts
    at_s: Floats
    until_s: Floats
    work_s: Floats
    skill: Texts
    cause: Texts

    @property
    def n_damages(self) -> int:
        """Number of damages."""
        return len(self.element_id)

    def keys(self) -> NDArray[np.uint64]:
        """Keys of their draws: element, cause and moment."""
        rows = zip(self.element_id.tolist(), self.cause.tolist(), self.at_s.tolist(), strict=True)
        return keys_of(np.array([f"{name} {cause} {at_s:.3f}" for name, cause, at_s in rows], dtype=np.str_))


def no_damages() -> Damages:
    """A table without rows.

    >>> no_damages().n_damages
    0
    """
    text, number = np.zeros(0, dtype="U1"), np.zeros(0)
    return Damages(text, number, number, number, text, text)


def join_damages(*tables: Damages) -> Damages:
    """All rows of some tables, by moment, element and cause."""
    columns = {
        name: np.concatenate([getattr(each, name) for each in tables]) for name in no_damages().columns()
    }
    order = np.lexsort((columns["cause"], columns["element_id"], columns["at_s"]))
    return Damages(**{name: column[order] for name, column in columns.items()})


def damages_of(
    layers: Utilities, rows: Rows, at_s: Floats, cause: str, parameters: Parameters, seed: int
) -> Damages:
    """Damages of elements (n,) at moments (n,) that last until they are mended.

    Work takes the ledger's median for the sort of element, lognormal around it.
    """
    known = inventory_of(layers)
    names = known.element_id[rows]
    n = len(names)
    skill = np.array([_skill(int(each)) for each in known.utility[rows].tolist()], dtype=np.str_)
    table = Damages(
        names,
        np.asarray(at_s, dtype=np.float64),
        np.full(n, np.inf),
        np.zeros(n),
        skill if n else np.zeros(0, dtype="U1"),
        np.full(n, cause),
    )
    median_h = np.array(parameters["utilities.work_h"])[sorts_index(sorts_of(known)[rows])]
    draw = uniforms(seed, stream_of("utilities.work"), table.keys())
    away = ndtri(np.clip(draw, 1e-9, 1.0 - 1e-9)) * float(parameters["utilities.work_spread"])
    work_s = (median_h * S_PER_H * np.exp(away)).round(0)
    return join_damages(Damages(names, table.at_s, table.until_s, work_s, table.skill, table.cause))


def sorts_index(sorts: Texts) -> Ints:
    """Row of each sort among `SORTS`."""
    row = {name: number for number, name in enumerate(SORTS)}
    return np.array([row[each] for each in sorts.tolist()], dtype=np.int32)


def _skill(utility: int) -> str:
    return UTILITIES[utility] if UTILITIES[utility] in SKILLS else SKILLS[0]
