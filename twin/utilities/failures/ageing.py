"""How often elements fail by themselves: by sort, length, material and age."""

from __future__ import annotations

import numpy as np

from twin.kernels.random import keys_of, stream_of, uniforms
from twin.scenario.ledger import Parameters
from twin.territory.tables import Floats, Ints
from twin.territory.utilities.tables import Utilities
from twin.units import M_PER_KM
from twin.utilities.failures.damages import sorts_index
from twin.utilities.failures.inventory import Inventory, inventory_of
from twin.utilities.failures.sorts import overhead_of, sorts_of

MATERIALS = ("grey_iron", "pvc", "asbestos_cement", "steel", "ductile_iron", "polyethylene")
"""Materials of mains; ledger rows that list a number for each are in this order."""


def materials_of(known: Inventory, parameters: Parameters) -> Ints:
    """Material (n,) of each main, drawn by id in the ledger's shares: no map tells it."""
    share = np.array(parameters["utilities.main_materials"])
    draw = uniforms(0, stream_of("utilities.material"), keys_of(known.element_id))
    row = np.searchsorted(np.cumsum(share / share.sum()), draw, side="right")
    return np.minimum(row, len(MATERIALS) - 1).astype(np.int32)


def failures_per_year(layers: Utilities, parameters: Parameters) -> Floats:
    """Failures of each element (n,) in a year.

    A rate of its sort (per km for lines), of its material for mains, grows with age as exp(a t) (Shamir and
    Howard 1979, J. AWWA 71(5)); ages are drawn by id, evenly over a life, and the mean over ages is the
    ledger's rate.
    """
    known = inventory_of(layers)
    sorts = sorts_of(known)
    row = sorts_index(sorts)
    km = known.length_m / M_PER_KM
    per_km = np.array(parameters["utilities.failures_per_km"])[row]
    air = overhead_of(layers, known, parameters)
    per_km = np.where(air, parameters["utilities.overhead_failures_per_km"], per_km)
    main = sorts == "main"
    material = materials_of(known, parameters)
    per_km = np.where(main, np.array(parameters["utilities.main_breaks_per_km"])[material], per_km)
    life = np.array(parameters["utilities.life_years"])[row]
    life = np.where(main, np.array(parameters["utilities.main_life_years"])[material], life)
    each = np.array(parameters["utilities.failures_each"])[row]
    point = np.arange(known.n_elements) < layers.nodes.n_nodes
    growth = float(parameters["utilities.failure_growth"])
    return np.asarray(np.where(point, each, per_km * km) * _by_age(known, life, growth))


def _by_age(known: Inventory, life: Floats, growth: float) -> Floats:
    """Factor of each element's rate, whose mean over ages from 0 to the life is 1."""
    age = life * uniforms(0, stream_of("utilities.age"), keys_of(known.element_id))
    if growth == 0.0:
        return np.ones(len(age))
    mean = np.expm1(growth * life) / (growth * life)
    return np.asarray(np.exp(growth * age) / mean)
