"""Days written by hand: persons with trips between places, and when each trip began and ended."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from twin.kernels.random import keys_of
from twin.population.population import Population
from twin.population.tables import HOME, WORK, Persons, Trips

Stop = tuple[int, int]
"""Destination (row of a place, -1 outside) and purpose of a trip."""


def population_of(homes: list[int], stops: list[list[Stop]]) -> Population:
    """One person a home, each a household; first trips begin at home, from outside where there is none."""
    n = len(homes)
    columns: dict[str, Any] = {name: np.zeros(n) for name in Persons.DTYPES}
    columns |= {"person_id": np.arange(n) + 1, "person_key": keys_of(np.arange(n).astype(str))}
    columns |= {"home": np.array(homes), "household": np.where(np.array(homes) >= 0, np.arange(n), -1)}
    person = np.repeat(np.arange(n), [len(each) for each in stops])
    flat = [stop for each in stops for stop in each]
    origin = [place for home, each in zip(homes, stops, strict=True)
              for place in [home, *(stop[0] for stop in each)][: len(each)]]  # fmt: skip
    sequence = np.concatenate([np.arange(len(each)) for each in stops]) if flat else np.zeros(0)
    trips: dict[str, Any] = {name: np.zeros(len(flat)) for name in Trips.DTYPES}
    trips |= {"person": person, "sequence": sequence, "trip_id": (person + 1) * 32 + sequence}
    trips |= {
        "origin_place": np.array(origin, dtype=int),
        "purpose": np.array([p for _, p in flat], dtype=int),
    }
    trips |= {"destination_place": np.array([place for place, _ in flat], dtype=int)}
    trips |= {"trip_key": keys_of((person * 32 + sequence).astype(str)) if flat else np.zeros(0)}
    return Population.of(Persons(**columns), Trips(**trips), {})


@st.composite
def days(draw: st.DrawFn, n_places: int = 4) -> tuple[Population, np.ndarray, np.ndarray]:
    """A population, and departures and arrivals [ms]: some under way, some that never left."""
    n = draw(st.integers(1, 5))
    place = st.integers(-1, n_places - 1)
    homes = draw(st.lists(place, min_size=n, max_size=n))
    stop = st.tuples(place, st.sampled_from([HOME, WORK, 4]))
    stops = [draw(st.lists(stop, max_size=4)) for _ in range(n)]
    departed, arrived = [], []
    for each in stops:
        now, under_way = 0, True
        for _ in each:
            now += draw(st.integers(0, 30))
            under_way = under_way and draw(st.integers(0, 5)) > 0
            departed.append(now * 1_000 if under_way else -1)
            now += draw(st.integers(0, 30))
            under_way = under_way and draw(st.integers(0, 5)) > 0
            arrived.append(now * 1_000 if under_way else -1)
    return population_of(homes, stops), np.array(departed, dtype=np.int64), np.array(arrived, dtype=np.int64)
