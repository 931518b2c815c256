"""Fuel, its cost and CO2: by those who drive, and by the streets they drive on."""

from __future__ import annotations

import numpy as np

from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, ratio
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import EMISSIONS
from twin.indicators.records import DayRecord
from twin.population.tables import FUELS

PRICES = (
    "indicators.petrol_price_eur_per_l",
    "indicators.diesel_price_eur_per_l",
    "indicators.electricity_price_eur_per_kwh",
)
"""Ledger names of prices, in the order of `FUELS`."""


@indicator("kg", "lower", EMISSIONS, extensive=True)
def co2_on_links(record: DayRecord, focus: Focus) -> Groups:
    """CO2 from exhausts on the links of the focus, by the speed curve of each passage."""
    return {EVERYBODY: float(record.emissions.co2_kg_by_link[focus.links(record)].sum())}


@indicator("kg", "lower", EMISSIONS, extensive=True)
def co2_of_people(record: DayRecord, focus: Focus) -> Groups:
    """CO2 from the exhausts of the people of the focus, wherever they drive; in all and by fuel."""
    chosen = focus.trips(record)
    fuel = record.population.persons.fuel[record.population.trips.person[chosen]]
    kg = np.bincount(fuel, weights=record.emissions.co2_kg_by_trip[chosen], minlength=len(FUELS))
    return {EVERYBODY: float(kg.sum()), **{f"fuel:{name}": float(kg[row]) for row, name in enumerate(FUELS)}}


@indicator("g/km", "lower", EMISSIONS)
def co2_per_km(record: DayRecord, focus: Focus) -> Groups:
    """CO2 per vehicle-km on the links of the focus: what congestion adds shows here."""
    links = focus.links(record)
    km = (record.link_flow_veh * record.territory.streets.length_m)[links].sum() / 1_000.0
    return {EVERYBODY: 1_000.0 * ratio(record.emissions.co2_kg_by_link[links].sum(), km)}


@indicator("EUR", "lower", (*EMISSIONS, *PRICES), extensive=True)
def fuel_cost(record: DayRecord, focus: Focus) -> Groups:
    """Fuel and electricity paid by the people of the focus who drive, taxes included."""
    chosen = focus.trips(record)
    fuel = record.population.persons.fuel[record.population.trips.person[chosen]]
    prices = np.array([record.parameters[name] for name in PRICES])
    return {EVERYBODY: float((record.emissions.fuel_by_trip[chosen] * prices[fuel]).sum())}
