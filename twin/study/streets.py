"""Streets of scenarios side by side: what one of them builds stands in the tables of all, without traffic."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from twin.model.district_heat import heated
from twin.model.utility_orders import utility_orders_of
from twin.scenario.scenario import Scenario
from twin.territory.closed_services import without_services
from twin.territory.edits import edited_territory, edits_of
from twin.territory.settle import settled
from twin.territory.territory import Territory

COUNTED = ("flow_veh", "vehicle_km", "co2_kg")
"""Beginnings of columns that are nought on a link that is not there; its delay is unknown."""


def edited_by(scenario: Scenario, territory: Territory) -> Territory:
    """The territory with the streets and services that a scenario leaves of it; itself where it edits none.

    Raises
    ------
    InputError
        An edit names what is not there, or cuts places off.
    """
    territory = without_services(territory, scenario.in_force())
    if not edits_of(scenario.in_force()):
        return territory
    spec = settled(scenario, territory)
    return edited_territory(territory, edits_of(spec.in_force()), spec.ledger())[0]


def check_networks(scenario: Scenario, territory: Territory, seed: int) -> None:
    """Refuse what befalls utility networks of a territory that are not there, before anything is lived."""
    if scenario.with_utilities:
        utility_orders_of(scenario, heated(scenario, territory), seed)


def on_one_ground(tables: Sequence[pd.DataFrame], areas: Sequence[str]) -> tuple[pd.DataFrame, ...]:
    """Tables of links of which those of one area have the same rows: the links of any of them, each once."""
    known: dict[str, pd.DataFrame] = {}
    for table, area in zip(tables, areas, strict=True):
        all_ = known.setdefault(area, table)
        more = table[~table["link_id"].astype(str).isin(all_["link_id"].astype(str))]
        if len(more):
            known[area] = pd.concat([all_, more], ignore_index=True)
    return tuple(_filled(table, known[area]) for table, area in zip(tables, areas, strict=True))


def _filled(table: pd.DataFrame, all_: pd.DataFrame) -> pd.DataFrame:
    """A table with the rows of all links, in their order; those it lacks have no traffic in it."""
    if len(table) == len(all_):
        return table
    absent = all_[~all_["link_id"].astype(str).isin(table["link_id"].astype(str))].copy()
    for column in absent.columns:
        if column.startswith(COUNTED):
            absent[column] = 0.0
        elif column.startswith("delay_s"):
            absent[column] = float("nan")
    both = pd.concat([table, absent], ignore_index=True).set_index(table["link_id"].name, drop=False)
    return both.loc[all_["link_id"].tolist()].reset_index(drop=True)
