"""The digest is of the truth, all of it, and of nothing else."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.indicators.small_day import N_LINKS, N_PERSONS, small_day
from twin.indicators.compute import compute_everywhere
from twin.indicators.records import DayRecord
from twin.study.digests import indicators_digest, truth_digest

PER_TRIP = (
    "departed_ms", "entered_ms", "arrived_ms", "state", "free_flow_s", "route_km", "guided", "provider",
    "n_reroutes",
)  # fmt: skip
PER_EVENT = ("event_trip", "event_link", "event_enter_ms", "event_exit_ms")
N_TRIPS, N_EVENTS = 30, 89


def rows_of(table: Any, order: np.ndarray) -> SimpleNamespace:
    """A table's columns with these rows, as a stand-in for the table."""
    return SimpleNamespace(**{name: column[order] for name, column in table.columns().items()})


def renumbered(record: DayRecord, persons: np.ndarray, trips: np.ndarray, links: np.ndarray) -> DayRecord:
    """The same day with rows of persons, trips and links in another order."""
    new_person, new_trip, new_link = np.argsort(persons), np.argsort(trips), np.argsort(links)
    table = rows_of(record.population.trips, trips)
    table.person = new_person[table.person]
    population = SimpleNamespace(persons=rows_of(record.population.persons, persons), trips=table)
    streets = record.territory.streets
    territory = SimpleNamespace(streets=SimpleNamespace(link_key=streets.link_key[links]))
    return replace(
        record,
        population=population,
        territory=territory,
        event_trip=new_trip[record.event_trip],
        event_link=new_link[record.event_link],
        **{name: getattr(record, name)[trips] for name in PER_TRIP},
    )


@given(
    st.permutations(range(N_PERSONS)),
    st.permutations(range(N_TRIPS)),
    st.permutations(range(N_LINKS)),
    st.permutations(range(N_EVENTS)),
)
def test_renumbering_rows_changes_nothing(
    persons: list[int], trips: list[int], links: list[int], events: list[int]
) -> None:
    record = small_day()
    other = renumbered(record, np.array(persons), np.array(trips), np.array(links))
    other = replace(other, **{name: getattr(other, name)[np.array(events)] for name in PER_EVENT})
    assert truth_digest(other) == truth_digest(record)


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("departed_ms", 3), ("entered_ms", 4), ("arrived_ms", 5), ("state", 6), ("n_reroutes", 8),
        ("event_enter_ms", 40), ("event_exit_ms", 41),
    ],
)  # fmt: skip
def test_one_more_in_any_truth_column_shows(name: str, row: int) -> None:
    record = small_day()
    column = getattr(record, name).copy()
    column[row] += 1
    assert truth_digest(replace(record, **{name: column})) != truth_digest(record)


def test_another_link_of_one_passage_shows() -> None:
    record = small_day()
    link = record.event_link.copy()
    link[0] = 19
    assert truth_digest(replace(record, event_link=link)) != truth_digest(record)


def test_knowledge_names_and_timings_are_outside() -> None:
    record = small_day()
    believing_nothing = replace(
        record, knowledge={}, observations={}, providers=("Gamma",), timings_s={"loading": 99.0}, datasets=(),
        provider=np.full(N_TRIPS, -1, dtype=np.int8),
    )  # fmt: skip
    assert truth_digest(believing_nothing) == truth_digest(record)


def test_a_type_of_another_width_is_no_other_truth() -> None:
    record = small_day()
    wide = replace(record, state=record.state.astype(np.int64), event_trip=record.event_trip.astype(np.int64))
    assert truth_digest(wide) == truth_digest(record)


def test_indicators_have_a_digest_of_their_own() -> None:
    values = compute_everywhere(small_day())
    assert indicators_digest(values[::-1]) == indicators_digest(values)
    nudged = [replace(values[0], value=float(np.nextafter(values[0].value, np.inf))), *values[1:]]
    assert indicators_digest(nudged) != indicators_digest(values)
