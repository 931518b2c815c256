"""What happens to elements: damages that last until a crew came, works and cuts that end by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from twin.clock import DAY_S
from twin.errors import InputError
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.territory.tables import Flags, Floats, Ints, Texts
from twin.territory.utilities.tables import POWER, Utilities
from twin.units import S_PER_H
from twin.utilities.failures.ageing import failures_per_year
from twin.utilities.failures.damages import CUT, WORKS, Damages, damages_of, join_damages, no_damages
from twin.utilities.failures.inventory import Inventory, inventory_of
from twin.utilities.failures.laid import paths_of
from twin.utilities.failures.sorts import overhead_of, sorts_of
from twin.utilities.failures.switching import feeders_of

__all__ = [
    "Damages",
    "damages_of",
    "join_damages",
    "no_damages",
    "physical_damage",
    "planned_works",
    "random_failures",
    "rotating_cuts",
]

YEAR_S = 365.25 * DAY_S
HARMED = {
    "digging": ("mv_line", "lv_line", "main", "fibre", "heat_pipe"),
    "burst": ("main", "heat_pipe"),
    "vandalism": ("equipment", "cabinet", "station"),
}
"""Sorts of elements that each physical cause meets."""


def random_failures(
    layers: Utilities, parameters: Parameters, seed: int, day: int = 0, stress: float = 1.0
) -> Damages:
    """Failures by age and material on a day.

    Parameters
    ----------
    day
        Which day: a key of the draws.
    stress
        Factor of all rates; more stress keeps the failures of less.
    """
    known = inventory_of(layers)
    if not stress >= 0.0:
        raise InputError("random failures: stress", f"{stress:g}", "a factor that is not negative")
    yearly = failures_per_year(layers, parameters) * stress
    keys = keys_of(known.element_id)
    chance = -np.expm1(-yearly * DAY_S / YEAR_S)
    rows = np.flatnonzero(uniforms(seed, stream_of("utilities.failure"), keys, day) < chance)
    at_s = DAY_S * uniforms(seed, stream_of("utilities.failure time"), keys[rows], day)
    return damages_of(layers, rows, at_s, "wear", parameters, seed)


def planned_works(layers: Utilities, works: Mapping[str, tuple[float, float]]) -> Damages:
    """Elements that are taken out of service from a second until another; their feeders do not trip."""
    known = inventory_of(layers)
    names = np.array(sorted(works), dtype=np.str_)
    known.rows(names, "planned works")
    for name in names.tolist():
        from_s, until_s = works[name]
        if not 0.0 <= from_s < until_s < np.inf:
            where, what = f"planned works: {name}", f"from {from_s:g} s until {until_s:g} s"
            raise InputError(where, what, "a time that ends after it begins")
    spans = np.array([works[name] for name in names.tolist()]).reshape(-1, 2)
    return _that_end(names, spans, WORKS)


def rotating_cuts(
    layers: Utilities,
    parameters: Parameters,
    seed: int,
    span_s: tuple[float, float],
    share: float,
    spared: Sequence[str] = (),
) -> Damages:
    """Feeders cut off in turn so that about a share of the places has no power at any time of a span.

    Each is cut for the ledger's hours at most, and again only when all others were; feeders of the
    `spared` places, such as hospitals, never are.
    """
    from_s, until_s = span_s
    if not (0.0 <= from_s < until_s and 0.0 <= share <= 1.0):
        what = f"a share of {share:g} from {from_s:g} s until {until_s:g} s"
        raise InputError("rotating cuts", what, "a share of 0 to 1, and a span that ends")
    known = inventory_of(layers)
    head, places = feeder_of_places(layers, known)
    never = set(head[np.isin(places, np.array(list(spared), dtype=np.str_))].tolist()) | {-1}
    feeders = np.array([each for each in np.unique(head).tolist() if each not in never], dtype=np.int64)
    customers = np.bincount(head[head >= 0], minlength=known.n_elements)
    turn = uniforms(seed, stream_of("utilities.rotation"), keys_of(known.element_id[feeders]))
    order = feeders[np.argsort(turn, kind="stable")].tolist()
    length_s, asked = parameters["utilities.cut_h"] * S_PER_H, share * len(places)
    rows: list[int] = []
    spans: list[tuple[float, float]] = []
    at = 0
    for begin in np.arange(from_s, until_s, length_s).tolist():
        cut, taken = 0.0, 0
        while order and cut < asked and taken < len(order):
            feeder = order[at % len(order)]
            if cut + 0.5 * customers[feeder] > asked:
                break  # one more would be further from what is asked
            cut, taken, at = cut + float(customers[feeder]), taken + 1, at + 1
            rows.append(feeder)
            spans.append((begin, min(begin + length_s, until_s)))
    return _that_end(known.element_id[rows], np.array(spans).reshape(-1, 2), CUT)


def feeder_of_places(layers: Utilities, known: Inventory) -> tuple[Ints, Texts]:
    """Medium-voltage feeder of each place that depends on power, by its first cable, and the places."""
    upstream = paths_of(layers, POWER).upstream
    head = feeders_of(layers, upstream).head
    table = layers.dependencies
    rows = np.flatnonzero((table.consumer_kind == "place") & (table.utility == POWER))
    mine = head[table.node[rows]]
    low = (mine >= 0) & (known.kind[mine] == "lv_cable")
    mine[low] = head[upstream[mine[low]]]  # a station is of the feeder at medium voltage
    return mine, table.consumer_id[rows]


def physical_damage(
    layers: Utilities,
    parameters: Parameters,
    seed: int,
    cause: str,
    at_s: Floats,
    element_id: Texts | None = None,
) -> Damages:
    """Cables cut and pipes hit by diggers, mains that burst, vandalism, at given moments (n,).

    Elements are drawn in proportion to their length (alike at points) unless they are given; fewer moments
    meet the first of those that more meet.
    """
    if cause not in HARMED:
        raise InputError("physical damage: cause", repr(cause), "one of " + ", ".join(sorted(HARMED)))
    known = inventory_of(layers)
    if element_id is not None:
        rows = known.rows(element_id, "physical damage")
    else:
        able = np.isin(sorts_of(known), HARMED[cause]) & ~_in_the_air(layers, known, parameters, cause)
        weight = np.where(able, np.maximum(known.length_m, 1.0), 0.0)
        draw = uniforms(seed, stream_of(f"utilities.{cause}"), keys_of(known.element_id))
        with np.errstate(divide="ignore"):
            race = np.where(able, -np.log1p(-draw) / weight, np.inf)
        rows = np.lexsort((known.element_id, race))[: min(len(at_s), int(able.sum()))].astype(np.int32)
    return damages_of(layers, rows, np.asarray(at_s, dtype=float)[: len(rows)], cause, parameters, seed)


def _in_the_air(layers: Utilities, known: Inventory, parameters: Parameters, cause: str) -> Flags:
    return overhead_of(layers, known, parameters) & (cause == "digging")


def _that_end(names: Texts, spans: Floats, cause: str) -> Damages:
    n = len(names)
    none = np.full(n, "", dtype="U1")
    return join_damages(Damages(names, spans[:, 0], spans[:, 1], np.zeros(n), none, np.full(n, cause)))
