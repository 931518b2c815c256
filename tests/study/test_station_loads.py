"""Loads of La Turbie's stations from some meters and the feeder's monitor, beside what was before."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from tests.conftest import ROOT
from twin.kernels.observe import bells
from twin.kernels.random import keys_of, stream_of, uniforms
from twin.knowledge.station_loads import station_loads
from twin.model.sources import load_population, load_territory
from twin.scenario.scenario import Scenario
from twin.study.dated_days import dated
from twin.territory.utilities.tables import POWER
from twin.utilities.demand import ConsumptionRates, DayConsumption

pytestmark = pytest.mark.one_interpreter("long; populations are drawn on each elsewhere")

HOUR, METERED, MONITOR_ERROR, METER_ERROR = 19, 0.6, 0.01, 0.01
FIRST, N_DAYS = dt.date(2027, 3, 5), 5


def test_meters_and_the_monitor_beat_what_was_before():
    """An evening hour of five dates, a Friday to a Tuesday: errors of the last four."""
    scenario = Scenario.loads('title = "V"\nterritory = "la_turbie_crop"\n', ROOT)
    territory, ledger = load_territory(scenario), scenario.ledger()
    places = territory.places
    node = territory.utilities.rows_for("place", places.place_id, POWER)
    used = (node >= 0) & (places.dwellings + places.jobs > 0.0)
    _, station = np.unique(territory.utilities.nodes.area[node[used]], return_inverse=True)
    points = np.maximum(np.ceil(places.dwellings[used]), 1.0)
    key = keys_of(places.place_id[used])
    truths, found = [], []
    for number in range(N_DAYS):
        population = load_population(dated(scenario, FIRST + dt.timedelta(days=number)), territory, 1)
        trips = population.trips
        depart_ms = np.rint(trips.depart_s * 1_000.0).astype(np.int64)
        arrive_ms = depart_ms + np.rint(np.nan_to_num(trips.duration_s, nan=600.0) * 1_000.0).astype(np.int64)
        drawn = DayConsumption(ConsumptionRates(population, places, ledger), depart_ms, arrive_ms)
        kwh = drawn.between("power", HOUR * 3_600_000, (HOUR + 1) * 3_600_000)[used]
        reports = uniforms(1, stream_of("test.metered"), key) < METERED
        read = kwh * (1.0 + METER_ERROR * bells(1, stream_of("test.meter"), key, number))
        sums = np.bincount(station, weights=np.where(reports, read, 0.0))
        counted = np.bincount(station, weights=np.where(reports, points, 0.0))
        total = float(
            kwh.sum() * (1.0 + MONITOR_ERROR * bells(1, stream_of("test.monitor"), key[:1], number)[0])
        )
        told = station_loads(
            (sums, counted), np.bincount(station, weights=points), (total, (MONITOR_ERROR * total) ** 2)
        )
        truths.append(np.bincount(station, weights=kwh))
        found.append(told.value)
        assert told.value.sum() == pytest.approx(total, rel=0.02)
    truth, mine = np.array(truths), np.array(found)
    error = float(np.abs(mine - truth)[1:].mean())
    alike = float(
        np.abs(truth.sum(axis=1)[:, None] * np.bincount(station, weights=points) / points.sum() - truth)[
            1:
        ].mean()
    )
    before = float(np.abs(mine[:-1] - truth[1:]).mean())
    mean = float(np.mean([np.abs(mine[:day].mean(axis=0) - truth[day]).mean() for day in range(1, N_DAYS)]))
    assert len(truth[0]) >= 5
    assert error < 0.7 * alike  # the monitor's load shared out by delivery points
    assert error < before
    assert error < mean
