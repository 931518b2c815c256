"""What a day of the utility networks came to: interruptions, what was not served, yield, resilience."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from twin.indicators.focus import Focus
from twin.indicators.groups import EVERYBODY, ratio
from twin.indicators.indicator import Groups, indicator
from twin.indicators.ledger import CONSUMPTION
from twin.indicators.records import DayRecord
from twin.indicators.utilities_record import NEVER, SERVICES, Singles
from twin.indicators.utilities_stays import Floats
from twin.territory.utilities.tables import WATER
from twin.units import S_PER_H, S_PER_MIN
from twin.utilities.reliability import Interruptions, interruptions, time_to_share
from twin.utilities.spans import QUARTER_S, RUNNING

ALMOST_ALL = 0.9
EXACT = 1e-5
"""Share of what is asked for to which the engines are exact, and single precision keeps it."""
Flags = NDArray[np.bool_]
NETWORKS = (*CONSUMPTION, "indicators.*")


@indicator("min/customer", "lower", NETWORKS)
def saidi(record: DayRecord, focus: Focus) -> Groups:
    """Minutes without power of a customer over the day: SAIDI (IEEE 1366), sustained interruptions only."""
    return _cut(record, focus, lambda found: found.saidi_min)


@indicator("1/customer", "lower", NETWORKS)
def saifi(record: DayRecord, focus: Focus) -> Groups:
    """Sustained interruptions of power of a customer over the day: SAIFI (IEEE 1366)."""
    return _cut(record, focus, lambda found: found.saifi)


@indicator("kWh", "lower", NETWORKS, extensive=True)
def energy_not_served(record: DayRecord, focus: Focus) -> Groups:
    """Electricity that was asked for and not delivered."""
    day = record.utilities
    return {} if day is None else _not_served(record, focus, day.asked_kw, day.served_kw, S_PER_H)


@indicator("m3", "lower", NETWORKS, extensive=True)
def water_not_served(record: DayRecord, focus: Focus) -> Groups:
    """Water that was asked for and not delivered."""
    day = record.utilities
    return {} if day is None else _not_served(record, focus, day.asked_lps, day.served_lps, 1_000.0)


@indicator("kWh", "lower", NETWORKS, extensive=True)
def heat_not_served(record: DayRecord, focus: Focus) -> Groups:
    """Heat that holds the temperature kept and was not given, by a network or by boilers without power."""
    day = record.utilities
    if day is None or not day.asked_heat_kw.shape[1]:
        return {}
    return _not_served(record, focus, day.asked_heat_kw, day.served_heat_kw, S_PER_H)


@indicator("m", "lower", NETWORKS)
def pressure_deficit(record: DayRecord, focus: Focus) -> Groups:
    """Mean over people and time of how far pressure at the main lies under the full one.

    Where elevations are assumed the number stands in a group of its own: it is not verifiable.
    """
    day = record.utilities
    if day is None or not len(day.water_node):
        return {}
    place_node = record.territory.utilities.rows_for("place", day.place_id, WATER)
    column = np.full(int(max(day.water_node.max(), place_node.max(initial=0))) + 1, -1)
    column[day.water_node] = np.arange(len(day.water_node))
    at = np.where(place_node >= 0, column[place_node], -1)
    people = np.bincount(
        at[at >= 0], weights=residents(record, focus)[at >= 0], minlength=len(day.water_node)
    )
    short = np.maximum(float(record.parameters["utilities.full_pressure_m"]) - day.pressure_m, 0.0)
    short = np.nan_to_num(short.astype(np.float64))
    value = ratio(float((short * people).sum()), float(people.sum()) * len(short))
    return {EVERYBODY if day.pressures_verifiable else "not_verifiable": value}


@indicator("share", "higher", NETWORKS)
def network_yield(record: DayRecord, focus: Focus) -> Groups:
    """Share of the water brought into the network that does not leak from its mains."""
    day = record.utilities
    if day is None or not focus.is_whole:
        return {}
    return {EVERYBODY: 1.0 - ratio(float(day.leaked_lps.sum()), float(day.supplied_lps.sum()))}


@indicator("share", "lower", NETWORKS)
def voltage_outside_band(record: DayRecord, focus: Focus) -> Groups:
    """Share of quarters and energised nodes whose voltage is outside the ledger's band (EN 50160)."""
    day = record.utilities
    if day is None or not focus.is_whole:
        return {}
    alive = day.voltage_pu > 0.0
    off = alive & (np.abs(day.voltage_pu - 1.0) > record.parameters["utilities.voltage_band"])
    return {EVERYBODY: ratio(float(off.sum()), float(alive.sum()))}


@indicator("share", "lower", NETWORKS)
def balance_error(record: DayRecord, focus: Focus) -> Groups:
    """Largest part of any quarter's throughput by which a network's balance does not close."""
    day = record.utilities
    if day is None or not focus.is_whole:
        return {}
    return {f"service:{name}": float(np.abs(each).max(initial=0.0)) for name, each in day.balance.items()}


@indicator("h", "lower", NETWORKS)
def resilience_triangle(record: DayRecord, focus: Focus) -> Groups:
    """Area above the curve of the share of inhabitants served (Bruneau et al. 2003), in hours of all."""
    day = record.utilities
    if day is None:
        return {}
    return {
        f"service:{name}": float(((1.0 - served) * day.lasts_s).sum() / S_PER_H)
        for name, served in served_curves(record, focus).items()
    }


@indicator("min", "lower", NETWORKS)
def minutes_to_90_percent(record: DayRecord, focus: Focus) -> Groups:
    """Minutes from the first loss until 90 % of inhabitants are served for good; none if not that day."""
    day = record.utilities
    if day is None:
        return {}
    steps = np.rint(day.lasts_s / day.step_s).astype(np.int64)
    return {
        f"service:{name}": time_to_share(np.repeat(served, steps), ALMOST_ALL, day.step_s) / S_PER_MIN
        for name, served in served_curves(record, focus).items()
    }


def served_curves(record: DayRecord, focus: Focus) -> dict[str, Floats]:
    """By service, share (n_spans,) of the inhabitants of a focus, at home, who have it; of who ever has."""
    day, people = record.utilities, residents(record, focus)
    curves: dict[str, Floats] = {}
    if day is None:
        return curves
    for name in SERVICES:
        ever = people * (day.share[name] != NEVER).any(axis=0)
        if ever.any():
            curves[name] = 1.0 - (day.lost(name) * ever).sum(axis=1) / ever.sum()
    return curves


def residents(record: DayRecord, focus: Focus) -> Floats:
    """People of a focus who live in each place (n_places,)."""
    home = record.population.persons.home[focus.persons(record)]
    n_places = len(record.territory.places.place_id)
    return np.asarray(np.bincount(home[home >= 0], minlength=n_places), dtype=np.float64)


def places_in_focus(record: DayRecord, focus: Focus) -> Flags:
    """Places in a focus (n_places,)."""
    zone = record.territory.places.zone
    return np.ones(len(zone), dtype=np.bool_) if focus.is_whole else np.asarray(np.isin(zone, focus.zones))


def _cut(record: DayRecord, focus: Focus, read: Callable[[Interruptions], float]) -> Groups:
    """Interruptions of the places of a focus; a customer is a dwelling, or a place without any."""
    day, here = record.utilities, places_in_focus(record, focus)
    if day is None or not here.any():
        return {}
    customers = np.maximum(record.territory.places.dwellings.astype(np.float64), 1.0)
    without = day.lost("power") > RUNNING
    cut = here & np.asarray(without.any(axis=0))
    steps = np.rint(day.lasts_s / day.step_s).astype(np.int64)
    sustained_s = float(record.parameters["utilities.sustained_min"]) * S_PER_MIN
    found = interruptions(np.repeat(without[:, cut], steps, axis=0), customers[cut], day.step_s, sustained_s)
    return {EVERYBODY: read(found) * float(customers[cut].sum() / customers[here].sum())}


def _not_served(record: DayRecord, focus: Focus, asked: Singles, served: Singles, per: float) -> Groups:
    """What was asked and not served in a focus; rates by quarter, over `per` seconds or units."""
    here = places_in_focus(record, focus)
    wanted = asked[:, here].astype(np.float64)
    short = np.maximum(wanted - served[:, here], 0.0)
    real = short > EXACT * wanted
    return {EVERYBODY: float(short[real].sum() * QUARTER_S / per)}
