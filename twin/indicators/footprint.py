"""Energy, its cost, CO2 and pollutants: by those who drive, and by the streets they drive on."""

from __future__ import annotations

import numpy as np

from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, ratio
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import EMISSIONS
from twin.indicators.records import DayRecord
from twin.mobility.curves import BY_CURRENT
from twin.scenario.vehicles import FUELS, VEHICLE_CLASSES

PRICES = (
    "indicators.petrol_price_eur_per_l",
    "indicators.diesel_price_eur_per_l",
    "indicators.electricity_price_eur_per_kwh",
)
"""Ledger names of prices, in the order of what is bought (`twin.mobility.curves.CARRIERS`)."""
UPSTREAM = "emissions.electricity_upstream_co2_kg_per_kwh"


@indicator("kg", "lower", EMISSIONS, extensive=True)
def co2_on_links(record: DayRecord, focus: Focus) -> Groups:
    """CO2 from exhausts on the links of the focus, by the speed curve of each passage; of it, of services."""
    links = focus.links(record)
    found = {EVERYBODY: float(record.emissions.co2_kg_by_link[links].sum())}
    if record.services is not None:
        found["from:services"] = float(record.service_emissions.co2_kg_by_link[links].sum())
    return found


@indicator("kg", "lower", EMISSIONS, extensive=True)
def co2_of_people(record: DayRecord, focus: Focus) -> Groups:
    """CO2 from the exhausts of the people of the focus, wherever they drive; in all, by fuel and by class."""
    driven = focus.trips(record) & record.by_car
    kg = record.emissions.co2_kg_by_trip[driven]
    found = {EVERYBODY: float(kg.sum())}
    for kind, names, rows in (
        ("fuel", FUELS, record.vehicles.fuel),
        ("vehicle", VEHICLE_CLASSES[:-1], record.vehicles.vehicle_class),
    ):
        by_row = np.bincount(rows[driven], weights=kg, minlength=len(names))
        found |= {f"{kind}:{name}": float(by_row[row]) for row, name in enumerate(names)}
    return found


@indicator("kg", "lower", (*EMISSIONS, UPSTREAM), extensive=True)
def co2_upstream_of_people(record: DayRecord, focus: Focus) -> Groups:
    """CO2 of making the electricity that the people of the focus drive on; not added to that of exhausts."""
    kwh = record.emissions.energy_by_trip[focus.trips(record), BY_CURRENT]
    return {EVERYBODY: float(kwh.sum()) * float(record.parameters[UPSTREAM])}


@indicator("g/km", "lower", EMISSIONS)
def co2_per_km(record: DayRecord, focus: Focus) -> Groups:
    """CO2 per vehicle-km on the links of the focus: what congestion adds shows here."""
    links = focus.links(record)
    km = (record.link_flow_veh * record.territory.streets.length_m)[links].sum() / 1_000.0
    return {EVERYBODY: 1_000.0 * ratio(record.emissions.co2_kg_by_link[links].sum(), km)}


@indicator("kg", "lower", EMISSIONS, extensive=True)
def nox_on_links(record: DayRecord, focus: Focus) -> Groups:
    """Nitrogen oxides from exhausts on the links of the focus, engines warm."""
    return {EVERYBODY: float(record.emissions.by_link["nox_g"][focus.links(record)].sum()) / 1_000.0}


@indicator("kg", "lower", EMISSIONS, extensive=True)
def particles_on_links(record: DayRecord, focus: Focus) -> Groups:
    """Particles below 10 um emitted on the links of the focus: from exhausts, and from wear."""
    links = focus.links(record)
    exhaust, wear = (
        float(record.emissions.by_link[name][links].sum()) / 1_000.0 for name in ("exhaust_pm_g", "wear_pm_g")
    )
    return {EVERYBODY: exhaust + wear, "from:exhausts": exhaust, "from:wear": wear}


@indicator("GJ", "lower", EMISSIONS, extensive=True)
def energy_on_links(record: DayRecord, focus: Focus) -> Groups:
    """Energy in the fuel and current used on the links of the focus."""
    return {EVERYBODY: float(record.emissions.by_link["energy_mj"][focus.links(record)].sum()) / 1_000.0}


@indicator("EUR", "lower", (*EMISSIONS, *PRICES), extensive=True)
def fuel_cost(record: DayRecord, focus: Focus) -> Groups:
    """Fuel and electricity paid by the people of the focus who drive, taxes included."""
    prices = np.array([record.parameters[name] for name in PRICES])
    return {EVERYBODY: float((record.emissions.energy_by_trip[focus.trips(record)] @ prices).sum())}
