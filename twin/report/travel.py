"""How people travel, from the tables of runs: modes, hours, speeds, delays, winners and losers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from twin.clock import N_HOURS
from twin.indicators.groups import AGE_GROUPS, age_group
from twin.population.tables import MODES, MODES_MADE, SKILLS
from twin.report.drawn import Bar, Floats, GroupChange, GroupDelay, Histogram, LinkFlows, Profile, ProfileLine
from twin.report.told import too_small
from twin.report.words import group_label
from twin.units import KMH_PER_MPS

SAME_S = 60.0
"""Changes of a person's daily travel time up to this count as none [s]."""
LEAST_VEHICLES = 1.0
"""Fewest vehicles of an hour on all links for which a mean speed is drawn."""
DELAY_EDGES_MIN = tuple(float(edge) for edge in range(0, 31, 2))
FAMILIES = ("age", "digital skill")

Zones = tuple[str, ...]
"""Zones of a focus; empty for the whole area."""


def link_flows(links: pd.DataFrame, network: int) -> LinkFlows:
    """Hourly flow and delay of a table of links, rows as in the territory."""
    hours = range(N_HOURS)
    flow = np.stack([links[f"flow_veh_h{hour:02d}"].to_numpy(dtype=np.float64) for hour in hours])
    delay = np.stack([links[f"delay_s_h{hour:02d}"].to_numpy(dtype=np.float64) for hour in hours])
    return LinkFlows(network, flow, delay)


def mode_bar(trips: pd.DataFrame, zones: Zones, label: str, scenario: int) -> Bar:
    """Trips of the people of the focus by mode, in the order of the field."""
    counts = of_zones(trips, zones)["mode"].value_counts()
    modes = [mode for mode in MODES_MADE if mode in MODES or counts.get(mode, 0)]
    return Bar(label, {mode: float(counts.get(mode, 0)) for mode in modes}, scenario)


def departures(samples: Sequence[tuple[str, pd.DataFrame, Zones]], as_shares: bool) -> Profile:
    """Trips that left their origin, by hour; of places of different size as shares of the day's trips."""
    lines = []
    for scenario, (label, trips, zones) in enumerate(samples):
        left_s = of_zones(trips, zones)["departed_s"].dropna().to_numpy(dtype=np.float64)
        counts = np.bincount((left_s // 3_600).astype(np.int64), minlength=N_HOURS)[:N_HOURS]
        scale = 100.0 / max(int(counts.sum()), 1) if as_shares else 1.0
        lines.append(ProfileLine(label, tuple((counts * scale).tolist()), scenario))
    return Profile("Departures by hour", "% of the day's trips" if as_shares else "trips", tuple(lines))


def speeds(samples: Sequence[tuple[str, pd.DataFrame, LinkFlows, Zones]]) -> Profile:
    """Space-mean speed of cars by hour: vehicle-km over vehicle-hours (Edie 1963)."""
    lines = []
    for scenario, (label, links, flows, zones) in enumerate(samples):
        inside = links["zone"].isin(zones).to_numpy() if zones else np.ones(len(links), dtype=np.bool_)
        length_m = links["length_m"].to_numpy(dtype=np.float64)
        free_s = length_m / links["free_speed_mps"].to_numpy(dtype=np.float64)
        flow = np.where(np.isnan(flows.delay_s), 0.0, flows.flow_veh) * inside
        metres = (flow * length_m).sum(axis=1)
        seconds = (flow * (free_s + np.nan_to_num(flows.delay_s))).sum(axis=1)
        values = [
            float(KMH_PER_MPS * m / s) if s > 0 and n >= LEAST_VEHICLES else None
            for m, s, n in zip(metres, seconds, flow.sum(axis=1), strict=True)
        ]
        lines.append(ProfileLine(label, tuple(values), scenario))
    return Profile("Mean speed of cars by hour", "km/h", tuple(lines))


def delay_histogram(samples: Sequence[tuple[str, pd.DataFrame, Zones]]) -> Histogram | None:
    """Car trips of the focus by delay; the last class holds all that exceed it."""
    lines = []
    for scenario, (label, trips, zones) in enumerate(samples):
        minutes = car_delays(of_zones(trips, zones)) / 60.0
        if not len(minutes):
            return None
        clipped = np.clip(minutes, DELAY_EDGES_MIN[0], DELAY_EDGES_MIN[-1] - 1e-9)
        counts = np.histogram(clipped, bins=DELAY_EDGES_MIN)[0]
        lines.append(ProfileLine(label, tuple((100.0 * counts / len(minutes)).tolist()), scenario))
    return Histogram("Delay of car trips", "min; % of trips", DELAY_EDGES_MIN, tuple(lines))


def group_delays(trips: pd.DataFrame, zones: Zones, least_people: int = 1) -> tuple[GroupDelay, ...]:
    """Quantiles of the delay of car trips by group of traveller; of groups of enough persons."""
    inside = of_zones(trips, zones)
    cars = inside[(inside["mode"] == "car") & inside["delay_s"].notna()]
    delay_s = cars["delay_s"].to_numpy(dtype=np.float64)
    delays = []
    for family, name, member in _told_groups(cars, least_people):
        if member.any():
            p10, median, p90 = np.quantile(delay_s[member], (0.1, 0.5, 0.9)).clip(min=0.0).tolist()
            mean = float(delay_s[member].mean())
            delays.append(GroupDelay(group_label(name), int(member.sum()), p10, median, p90, mean, family))
    return tuple(delays)


def group_changes(
    base: pd.DataFrame, other: pd.DataFrame, zones: Zones, scenario: int, least_people: int = 1
) -> tuple[GroupChange, ...]:
    """Who gains and who loses: each person's own day of travel, the same person in both scenarios."""
    persons = of_zones(base, zones).groupby("person_id", sort=True)
    day = pd.DataFrame({"before_s": persons["elapsed_s"].sum(), "age": persons["age"].first()})
    day["skill"] = persons["skill"].first()
    after_s = other.groupby("person_id", sort=True)["elapsed_s"].sum()
    day = day.join(after_s.rename("after_s"), how="inner")
    change_s = (day["after_s"] - day["before_s"]).to_numpy(dtype=np.float64)
    changes = []
    for family, name, member in _told_groups(day.reset_index(), least_people):
        n_persons = int(member.sum())
        if n_persons:
            own = change_s[member]
            gain, lose = float((own < -SAME_S).mean()), float((own > SAME_S).mean())
            label = group_label(name)
            changes.append(
                GroupChange(
                    label, n_persons, gain, 1.0 - gain - lose, lose, float(own.mean()), scenario, family
                )
            )
    return tuple(changes)


def of_zones(trips: pd.DataFrame, zones: Zones) -> pd.DataFrame:
    """Trips of the people of some zones; all trips for the whole area."""
    return trips[trips["zone"].isin(zones)] if zones else trips


def car_delays(trips: pd.DataFrame) -> Floats:
    """Delays of car trips that have a path [s]."""
    return trips.loc[trips["mode"] == "car", "delay_s"].dropna().to_numpy(dtype=np.float64)


def _told_groups(rows: pd.DataFrame, least_people: int) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Groups of which something may be told (`twin.report.told`), by the persons in them."""
    groups, person = _groups(rows), rows["person_id"].to_numpy()
    untold: set[str] = set()
    for family in FAMILIES:
        sizes = {name: len(np.unique(person[member])) for own, name, member in groups if own == family}
        untold |= too_small(sizes, least_people)
    return [group for group in groups if group[1] not in untold]


def _groups(rows: pd.DataFrame) -> list[tuple[str, str, NDArray[np.bool_]]]:
    """Family, name and members of each group of travellers."""
    ages = age_group(rows["age"].to_numpy(dtype=np.int16))
    skills = rows["skill"].astype(str).to_numpy()
    found = [(FAMILIES[0], name, np.asarray(ages == row)) for row, name in enumerate(AGE_GROUPS)]
    found += [(FAMILIES[1], f"skill:{skill}", np.asarray(skills == skill)) for skill in SKILLS]
    return found
