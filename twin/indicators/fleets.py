"""What fleets of sensors see of a focus, how well, how late, and what an observation costs.

Prices and the making of devices are spread over `sensing.device_years`, or over the mean life of a kind
where that is shorter; all is of the 30 hours of the record. An observation is useful where it reached its
owner by 30:00.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twin.clock import DAY_S, HORIZON_S, SLICE_S
from twin.indicators.fleets_record import FleetRecord
from twin.indicators.focus import Focus
from twin.indicators.groups import ratio
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import CONSUMPTION
from twin.indicators.records import DayRecord
from twin.routing.kerbs import other_directions
from twin.sensing.kinds import KINDS
from twin.units import DAYS_PER_YEAR, G_PER_KG, S_PER_H, W_PER_KW

SEES_BOTH_WAYS = ("nox", "sound", "lamp", "parked")
"""What devices observe of both directions of a street together."""


class Part(NamedTuple):
    """Devices of a fleet in a focus: (n_devices,) bool; rows of its observations there that are useful."""

    fleet: FleetRecord
    mine: NDArray[np.bool_]
    useful: NDArray[np.int64]


@indicator("share", "higher", CONSUMPTION)
def fleet_coverage(record: DayRecord, focus: Focus) -> Groups:
    """Share of the focus that a fleet observed at least once: of streets by length, else of its spots."""
    return _by_fleet(record, focus, _coverage)


@indicator("share", "higher", CONSUMPTION)
def fleet_completeness(record: DayRecord, focus: Focus) -> Groups:
    """Observations of a fleet that reached its owner by 30:00, over those that were due.

    None is due where there is nothing to tell, such as the speed of a street in which nobody drives.
    """

    def of(record: DayRecord, part: Part) -> float:
        counts = part.fleet.tally
        due = float(part.mine.sum()) * part.fleet.n_intervals
        if counts is not None:
            due = float(sum(each[part.mine].sum() for each in counts[:3]))
        return ratio(float(len(part.useful)), due)

    return _by_fleet(record, focus, of)


@indicator("s", "lower", CONSUMPTION)
def fleet_latency_p95(record: DayRecord, focus: Focus) -> Groups:
    """Delay from a phenomenon to its result that 95 % of a fleet's useful observations keep."""

    def of(record: DayRecord, part: Part) -> float:
        columns = record.observations
        late = columns["result_time_s"][part.useful] - columns["phenomenon_time_s"][part.useful]
        return float(np.percentile(late, 95.0)) if len(late) else np.nan

    return _by_fleet(record, focus, of)


@indicator("own unit", "lower", CONSUMPTION)
def fleet_rmse(record: DayRecord, focus: Focus) -> Groups:
    """Root mean square error of a fleet's results against the truth, in the fleet's own unit.

    Of road counters: of quarters of an hour of which every report arrived. Of meters see `error_of_meters`.
    """
    return _by_fleet(record, focus, _rmse)


@indicator("EUR", "lower", CONSUMPTION)
def fleet_cost_per_observation(record: DayRecord, focus: Focus) -> Groups:
    """Devices, gateways, electricity and visits of a fleet, for each useful observation."""
    return _by_fleet(record, focus, lambda day, part: ratio(_cost_eur(day, part), float(len(part.useful))))


@indicator("g CO2e", "lower", CONSUMPTION)
def fleet_carbon_per_observation(record: DayRecord, focus: Focus) -> Groups:
    """Greenhouse gas of making, feeding and visiting a fleet, for each useful observation."""
    return _by_fleet(record, focus, lambda day, part: ratio(_carbon_g(day, part), float(len(part.useful))))


@indicator("EUR", "lower", CONSUMPTION)
def fleet_cost_per_inhabitant(record: DayRecord, focus: Focus) -> Groups:
    """Devices, gateways, electricity and visits of a fleet, for each inhabitant of the focus and day."""
    persons = record.population.persons
    people = float((focus.persons(record) & (persons.home >= 0)).sum())
    days = HORIZON_S / DAY_S
    return _by_fleet(record, focus, lambda day, part: ratio(_cost_eur(day, part) / days, people))


@indicator("kWh", "lower", CONSUMPTION, extensive=True)
def fleet_energy(record: DayRecord, focus: Focus) -> Groups:
    """Electricity that a fleet and its gateways draw from the mains until 30:00."""
    return _by_fleet(record, focus, _energy_kwh)


@indicator("visits", "lower", CONSUMPTION, extensive=True)
def fleet_visits(record: DayRecord, focus: Focus) -> Groups:
    """Visits of crews to devices in the focus."""
    return _by_fleet(record, focus, lambda day, part: float(_visited(part).sum()))


@indicator("km", "lower", CONSUMPTION, extensive=True)
def fleet_visit_km(record: DayRecord, focus: Focus) -> Groups:
    """Kilometres that crews drove for devices in the focus."""
    return _by_fleet(record, focus, lambda day, part: float(part.fleet.visits.km[_visited(part)].sum()))


def _by_fleet(record: DayRecord, focus: Focus, measure: Callable[[DayRecord, Part], float]) -> Groups:
    """A value of each fleet that has a device in the focus."""
    found = {}
    for name, fleet in record.fleets.items():
        mine = _inside(record, focus, fleet)
        if mine.any():
            found[f"fleet:{name}"] = measure(record, Part(fleet, mine, _useful(record, name, fleet, mine)))
    return found


def _zone_of_row(record: DayRecord, fleet: FleetRecord) -> NDArray[np.int16]:
    territory = record.territory
    if fleet.feature == "place":
        return territory.places.zone
    return territory.streets.zone[fleet.street] if fleet.feature == "node" else territory.streets.zone


def _inside(record: DayRecord, focus: Focus, fleet: FleetRecord) -> NDArray[np.bool_]:
    if focus.is_whole:
        return np.ones(len(fleet.row), dtype=np.bool_)
    return np.isin(_zone_of_row(record, fleet)[fleet.row], focus.zones)


def _useful(record: DayRecord, name: str, fleet: FleetRecord, mine: NDArray[np.bool_]) -> NDArray[np.int64]:
    columns = record.observations
    own = np.flatnonzero(columns["dataset"] == record.datasets.index(name))
    came = columns["result_time_s"][own] <= HORIZON_S
    return own[came & np.isin(columns["datastream"][own], fleet.row[mine])]


def _coverage(record: DayRecord, part: Part) -> float:
    fleet = part.fleet
    seen = np.unique(record.observations["datastream"][part.useful])
    zones = _zone_of_row(record, fleet)
    here = np.isin(zones, np.unique(zones[fleet.row[part.mine]]))
    worth = np.ones(len(zones))
    if fleet.feature != "link" and len(fleet.among):
        worth = np.bincount(fleet.among, minlength=len(zones)).astype(np.float64)
    if fleet.feature == "link":
        streets = record.territory.streets
        worth = np.asarray(streets.length_m)
        kind = KINDS.get(fleet.kind)
        if kind is not None and kind.sees in SEES_BOTH_WAYS:
            other = other_directions(streets.tail, streets.head, streets.length_m)[seen]
            seen = np.unique(np.concatenate([seen, other[other >= 0]]))
    return ratio(float(worth[seen].sum()), float(worth[here].sum()))


def _rmse(record: DayRecord, part: Part) -> float:
    fleet = part.fleet
    if fleet.tally is not None:
        n = float(fleet.tally.n_arrived[part.mine].sum())
        return float(np.sqrt(fleet.tally.error_sq[part.mine].sum(dtype=np.float64) / n)) if n else np.nan
    if fleet.kind != "road_counter":
        return np.nan
    columns, n_slices = record.observations, record.exits.shape[0]
    per_slice = SLICE_S * fleet.n_intervals // HORIZON_S
    slot = np.ceil(columns["phenomenon_time_s"][part.useful] / SLICE_S).astype(np.int64) - 1
    cell = slot * record.exits.shape[1] + columns["datastream"][part.useful]
    size = n_slices * record.exits.shape[1]
    whole = np.bincount(cell, minlength=size) == per_slice
    read = np.bincount(cell, weights=columns["result"][part.useful], minlength=size)[whole]
    wrong = read - record.exits.ravel()[whole]
    return float(np.sqrt((wrong**2).mean())) if len(wrong) else np.nan


def _visited(part: Part) -> NDArray[np.bool_]:
    return np.asarray(part.mine[part.fleet.visits.device])


def _per_day(record: DayRecord, kind: str, quantity: str) -> float:
    """A quantity of making a device, spread over the days for which it lasts."""
    rows = record.parameters
    years = min(rows["sensing.device_years"], rows[f"sensing.{kind}_mean_life_years"])
    return float(rows[f"sensing.{kind}_{quantity}"] / (years * DAYS_PER_YEAR))


def _gateways(part: Part) -> float:
    return part.fleet.gateways * float(part.mine.mean())


def _of_equipment(record: DayRecord, part: Part, quantity: str) -> float:
    """What devices and gateways are worth, cost or carbon, over the day's share of their lives."""
    days = HORIZON_S / DAY_S
    of_devices = float(part.fleet.units[part.mine].sum()) * _per_day(record, part.fleet.kind, quantity) * days
    years = record.parameters["sensing.device_years"] * DAYS_PER_YEAR
    return float(
        of_devices + _gateways(part) * record.parameters[f"sensing.gateway_{quantity}"] / years * days
    )


def _cost_eur(record: DayRecord, part: Part) -> float:
    rows, fleet, out = record.parameters, part.fleet, _visited(part)
    made = _of_equipment(record, part, "cost_eur")
    crews = fleet.visits.hours[out].sum() * rows["sensing.crew_eur_per_h"]
    crews += fleet.visits.km[out].sum() * rows["sensing.crew_eur_per_km"]
    return float(made + crews + _energy_kwh(record, part) * rows["sensing.power_eur_per_kwh"])


def _carbon_g(record: DayRecord, part: Part) -> float:
    rows = record.parameters
    kg = _of_equipment(record, part, "embodied_kg")
    kg += part.fleet.visits.km[_visited(part)].sum() * rows["sensing.crew_kg_per_km"]
    return float(kg * G_PER_KG + _energy_kwh(record, part) * rows["sensing.power_g_per_kwh"])


def _energy_kwh(record: DayRecord, part: Part) -> float:
    """Energy from the mains; what batteries hold counts with the making of devices."""
    rows, fleet, hours = record.parameters, part.fleet, HORIZON_S / S_PER_H
    name = f"sensing.{fleet.kind}_power_w"
    own = 0.0 if fleet.battery or name not in rows else float(rows[name])
    watts = own * float(fleet.units[part.mine].sum()) + _gateways(part) * rows["sensing.gateway_power_w"]
    return float(watts * hours / W_PER_KW)
