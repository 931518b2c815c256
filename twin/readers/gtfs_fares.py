"""Fares of a GTFS feed's lines: the prices that hold whatever the zones in which riders get on and off.

After fare_attributes.txt and fare_rules.txt of the GTFS Schedule Reference (gtfs.org): a fare without rules
holds on all lines, one with rules on the lines that they name; of several that hold the lowest is charged.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np

from twin.readers.gtfs_files import numbers, refuse, rows_of, texts
from twin.units import CENTS_PER_EUR

CURRENCY = "EUR"
BY_ZONE = ("origin_id", "destination_id", "contains_id")
UNKNOWN = -1


class LineFares(NamedTuple):
    """Price of each line (n_lines,) int64 [cents], -1 where the feed tells none; paid by boarding or once."""

    cents: np.ndarray
    by_boarding: np.ndarray


def read_line_fares(feed: Any, lines: np.ndarray, dropped: Counter[str], where: str) -> LineFares:
    """Prices of lines, by id; fares in another currency and rules by zone are left out, and counted.

    Without a change between lines (``transfers`` 0) a fare is paid at each boarding, else once a journey.

    Raises
    ------
    InputError
        A price or a rule is not what the reference says, with file, row and field.
    """
    none = LineFares(np.full(len(lines), UNKNOWN, dtype=np.int64), np.zeros(len(lines), dtype=np.bool_))
    fares = feed.fare_attributes
    if fares is None or not len(fares):
        return none
    ids, price = texts(fares, "fare_id"), numbers(fares, "price")
    refuse(where, "fare_attributes", ids == "", fares, ("fare_id", "an id"))
    refuse(where, "fare_attributes", ~(price >= 0.0), fares, ("price", "a price of 0 or more"))
    holds = _holds(feed, (ids, lines), dropped, where)
    foreign = texts(fares, "currency_type") != CURRENCY
    dropped["fares_in_other_currency"] += int(foreign.sum())
    holds[foreign] = False
    price = np.where(holds, price[:, None], np.inf)
    cheapest = price.argmin(axis=0)
    known = np.isfinite(price.min(axis=0))
    cents = np.rint(np.where(known, price.min(axis=0), 0.0) * CENTS_PER_EUR).astype(np.int64)
    once = numbers(fares, "transfers") != 0.0
    return LineFares(np.where(known, cents, UNKNOWN), known & ~once[cheapest])


def _holds(feed: Any, of: tuple[np.ndarray, np.ndarray], dropped: Counter[str], where: str) -> np.ndarray:
    """Whether each fare holds on each line, (n_fares, n_lines) bool."""
    (ids, lines), rules = of, feed.fare_rules
    if rules is None or not len(rules):
        return np.ones((len(ids), len(lines)), dtype=np.bool_)
    fare, line_id = rows_of(ids, texts(rules, "fare_id")), texts(rules, "route_id")
    refuse(where, "fare_rules", fare < 0, rules, ("fare_id", "a fare of fare_attributes.txt"))
    line = rows_of(lines, line_id)
    refuse(where, "fare_rules", (line_id != "") & (line < 0), rules, ("route_id", "a route of routes.txt"))
    zoned = np.any([texts(rules, column) != "" for column in BY_ZONE], axis=0)
    dropped["fare_rules_by_zone"] += int(zoned.sum())
    holds = np.zeros((len(ids), len(lines)), dtype=np.bool_)
    holds[~np.isin(np.arange(len(ids)), fare)] = True
    everywhere = ~zoned & (line < 0)
    holds[fare[everywhere]] = True
    named = ~zoned & (line >= 0)
    holds[fare[named], line[named]] = True
    return holds
