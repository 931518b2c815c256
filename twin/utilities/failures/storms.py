"""Storms: gusts hour by hour, and what they break of lines in the air, poles and mobile sites."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.special import ndtr

from twin.errors import InputError
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.territory.tables import Floats, Table
from twin.territory.utilities.tables import Utilities
from twin.units import S_PER_H
from twin.utilities.failures.damages import Damages, damages_of
from twin.utilities.failures.inventory import inventory_of
from twin.utilities.failures.sorts import overhead_of

COLUMNS = ("hour", "gust_mps")
FASTEST_MPS = 120.0


@dataclass(frozen=True)
class Gusts(Table):
    """The strongest gust of each hour from 00:00 (n_hours,) [m/s]."""

    gust_mps: Floats


def storm_gusts(peak_mps: float, peak_h: float, lasts_h: float, n_hours: int = 24) -> Gusts:
    """A storm that rises to its peak and falls as a half sine.

    >>> storm_gusts(30.0, 2.5, 4.0, 5).gust_mps.round(1).tolist()
    [0.0, 21.2, 30.0, 21.2, 0.0]
    """
    if not (0.0 <= peak_mps <= FASTEST_MPS and lasts_h > 0.0):
        what = f"a peak of {peak_mps:g} m/s over {lasts_h:g} h"
        raise InputError("storm", what, f"a peak of 0 to {FASTEST_MPS:g} m/s, and a time that is not 0")
    away = (np.arange(n_hours) + 0.5 - peak_h) / lasts_h
    return Gusts(np.where(np.abs(away) < 0.5, peak_mps * np.cos(np.pi * away), 0.0))


def read_gusts(file: Path) -> Gusts:
    """Gusts from a CSV with the columns ``hour`` (0, 1, 2, ...) and ``gust_mps``."""
    try:
        with file.open(encoding="utf-8", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except OSError as error:
        raise InputError(str(file), "cannot be read", "a CSV of gusts by hour") from error
    if not rows or not set(COLUMNS) <= set(rows[0]):
        raise InputError(str(file), "lacks columns or rows", "the columns " + " and ".join(COLUMNS))
    values = []
    for number, row in enumerate(rows):
        where = f"{file}: line {number + 2}"
        try:
            hour, gust = float(row["hour"]), float(row["gust_mps"])
        except (TypeError, ValueError) as error:
            raise InputError(where, f"{row['hour']!r}, {row['gust_mps']!r}", "two numbers") from error
        if hour != number:
            raise InputError(where, f"hour {hour:g}", f"hour {number}")
        if not 0.0 <= gust <= FASTEST_MPS:
            raise InputError(where, f"{gust:g} m/s", f"a gust of 0 to {FASTEST_MPS:g} m/s")
        values.append(gust)
    return Gusts(np.array(values))


def chance_broken(layers: Utilities, gust_mps: Floats, parameters: Parameters) -> Floats:
    """Chance (n_gusts, n_elements) that a gust breaks each element.

    Lognormal fragility (Panteli et al. 2017, IEEE Trans. Power Systems 32(5), use such curves for lines):
    a line breaks if one of its spans does, trees that fall on it included; cables in the ground stand.
    """
    known = inventory_of(layers)
    air = overhead_of(layers, known, parameters)
    spans = np.maximum(known.length_m / parameters["utilities.span_m"], 1.0)
    found = np.zeros((len(gust_mps), known.n_elements))
    for name, rows, n in (
        ("line", np.flatnonzero(air), spans),
        ("site", np.flatnonzero(known.kind == "site"), np.ones(known.n_elements)),
    ):
        median = float(parameters[f"utilities.{name}_gust_mps"])
        with np.errstate(divide="ignore"):
            away = np.log(gust_mps / median) / float(parameters["utilities.gust_spread"])
        stands = 1.0 - ndtr(away)
        found[:, rows] = 1.0 - stands[:, None] ** n[rows]
    return found


def storm_damages(
    layers: Utilities, gusts: Gusts, parameters: Parameters, seed: int, most: int | None = None
) -> Damages:
    """What a storm breaks, each element in the first hour whose gust is too strong for it.

    An element has one strength, drawn by id: a stronger storm breaks all that a weaker one does, no later.
    `most` keeps the first of them.
    """
    known = inventory_of(layers)
    keys = keys_of(known.element_id)
    chance = np.maximum.accumulate(chance_broken(layers, gusts.gust_mps, parameters), axis=0)
    strength = uniforms(seed, stream_of("utilities.storm"), keys)
    broken = chance > strength
    rows = np.flatnonzero(broken.any(axis=0))
    at_s = S_PER_H * (
        broken[:, rows].argmax(axis=0) + uniforms(seed, stream_of("utilities.storm hour"), keys[rows])
    )
    order = np.lexsort((known.element_id[rows], at_s))[:most]
    return damages_of(layers, rows[order], at_s[order], "storm", parameters, seed)
