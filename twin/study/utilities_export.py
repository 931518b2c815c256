"""A scenario's networks for other programs: EPANET, power-grid-model, and geographic tables.

Loads are those of a day on which everybody goes when planned; nothing is simulated for them.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np

from twin.clock import MS
from twin.errors import InputError
from twin.model.sources import load_population, load_territory
from twin.scenario.scenario import Scenario
from twin.territory.tables import Floats
from twin.territory.territory import Territory
from twin.territory.utilities.export import export_utilities
from twin.units import S_PER_H
from twin.utilities.demand import POWER, WATER, ConsumptionRates, DayConsumption
from twin.utilities.spans import QUARTER_S

FORMATS = {"inp": ".inp", "pgm-json": ".json", "geoparquet": "", "gpkg": ".gpkg"}
"""What is written, and how its file ends; GeoParquet is a folder of files."""
N_QUARTERS = 96
CAR_TRIP_S = 900.0
"""How long a trip by car is taken to last, which only traffic can tell."""


def export_networks(scenario: Scenario, form: str, to: Path) -> list[Path]:
    """Write a scenario's networks in one of `FORMATS`; the files that were written.

    EPANET gets a day's demand by quarter of an hour, power-grid-model the loads of the quarter of the peak.
    """
    if form not in FORMATS:
        raise InputError(f"--form {form}", "no such form", "one of " + ", ".join(FORMATS))
    territory = load_territory(scenario)
    if form in ("geoparquet", "gpkg"):
        return export_utilities(territory.utilities, to)
    if not territory.utilities.laid:
        raise InputError(territory.name, "the territory has no utility layers", "a territory built again")
    return _inp(scenario, territory, to) if form == "inp" else _pgm_json(scenario, territory, to)


def planned_loads(scenario: Scenario, territory: Territory, utility: str) -> Floats:
    """Power [kW] or water [l/s] of places (96, n_places) on a day that goes as planned."""
    population, parameters = load_population(scenario, territory, scenario.seed), scenario.ledger()
    trips = population.trips
    departed_ms = np.rint(trips.depart_s * MS).astype(np.int64)
    lasts_s = np.where(np.isnan(trips.duration_s), CAR_TRIP_S, trips.duration_s)
    arrived_ms = departed_ms + np.rint(lasts_s * MS).astype(np.int64)
    day = DayConsumption(ConsumptionRates(population, territory.places, parameters), departed_ms, arrived_ms)
    ends_ms = np.arange(N_QUARTERS + 1) * QUARTER_S * MS
    drawn = np.array([day.between(utility, begin, end) for begin, end in pairwise(ends_ms.tolist())])
    return np.asarray(drawn * (S_PER_H / QUARTER_S if utility == POWER else 1.0 / QUARTER_S))


def _inp(scenario: Scenario, territory: Territory, to: Path) -> list[Path]:
    from twin.utilities.water.export import laid_inp, write_inp
    from twin.utilities.water.laid import laid_water

    parameters, place_lps = scenario.ledger(), planned_loads(scenario, territory, WATER)
    layers, place_id = territory.utilities, territory.places.place_id
    laid = laid_water(layers, place_id, place_lps.mean(axis=0), parameters)
    asked = np.array([laid.asked(each) for each in place_lps])
    write_inp(laid_inp(laid, asked, QUARTER_S, float(parameters["utilities.tank_filled"])), to)
    return [to]


def _pgm_json(scenario: Scenario, territory: Territory, to: Path) -> list[Path]:
    from twin.utilities.power.flow import PowerFlow
    from twin.utilities.power.laid import laid_power
    from twin.utilities.power.pgm_json import write_pgm_json

    place_kw = planned_loads(scenario, territory, POWER)
    laid = laid_power(territory.utilities, territory.places.place_id, scenario.ledger())
    peak = int(place_kw.sum(axis=1).argmax())
    active, reactive = laid.loads(place_kw[peak])
    return [to, write_pgm_json(to, PowerFlow(laid.grid), active[0], reactive[0])]
