"""Meters in the model: their readings come from the people it moves, and change nothing of the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.model.village import scenario, world
from twin.errors import InputError
from twin.indicators.compute import compute
from twin.indicators.records import DayRecord
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.study.digests import truth_digest
from twin.study.tables import observations_table

pytestmark = pytest.mark.one_interpreter(
    "lives days, which the table of the village shows to be the same bits on each"
)

METERS = """
[[sensor_fleet]]
name = "linky"
kind = "power_meter"
owner = "grid operator"
share = 0.5
[[sensor_fleet]]
name = "water"
kind = "water_meter"
owner = "water operator"
places = { zone = "la_turbie", use = "home" }
noise = 0
loss = 0
"""


def model_with(more: str, population=None) -> TwinModel:
    here = world()
    people = population or here.population
    habits = here.habits if population is None else None
    return TwinModel(scenario(more), rng=1, territory=here.territory, population=people, habits=habits)


@pytest.fixture(scope="module")
def day() -> DayRecord:
    model = model_with(METERS)
    model.run_day()
    return record_of(model)


def test_meters_leave_the_truth_as_it_is(day):
    model = model_with("")
    model.run_day()
    assert truth_digest(record_of(model)) == truth_digest(day)


def test_perfect_meters_read_what_the_record_says_was_drawn(day):
    names = day.datasets
    columns = day.observations
    mine = columns["dataset"] == names.index("water")
    place = columns["datastream"][mine]
    total = np.bincount(place, weights=columns["result"][mine], minlength=day.territory.places.n_places)
    drawn = day.consumption.between("water", 0, 30 * 3_600_000)
    metered = day.meters["water"].place
    assert np.allclose(total[metered], drawn[metered], atol=0.5 * 30)
    assert total.sum() == total[metered].sum() > 0
    values = {(each.name, each.group): each.value for each in compute(day, "all")}
    seen = values["consumption_seen", "fleet:water"]
    assert seen == pytest.approx(drawn[metered].sum() / drawn.sum(), rel=0.01)
    assert values["water_drawn", ""] == pytest.approx(drawn.sum() / 1_000)
    assert 0.2 < values["consumption_seen", "fleet:linky"] < 0.8
    assert values["error_of_meters", "fleet:water"] < 0.05


def test_each_operator_owns_its_readings_and_nobody_else_sees_a_household(day):
    model = model_with(METERS)
    model.run_until(6 * 3_600)
    platform = model.state.platform
    late_s = 24 * 3_600.0
    assert platform.visible("water operator", "water", late_s).n_rows > 0
    for reader, name in (("city", "water"), ("grid operator", "water"), ("water operator", "linky")):
        assert platform.visible(reader, name, late_s).n_rows == 0
    assert platform.dataset("water").personal
    assert platform.dataset("linky").personal
    assert not platform.dataset("linky.by_station").personal
    assert platform.visible("grid operator", "linky.by_station", late_s).n_rows > 0
    assert day.personal_datasets == ("Azimut.probes", "Boussole.probes", "linky", "water")


def test_observations_name_what_was_observed(day):
    table = observations_table(day).astype({"datastream": str})
    territory = day.territory
    for dataset, ids in (
        ("counters", territory.streets.link_id),
        ("water", territory.places.place_id),
        ("water.by_street", territory.streets.link_id),
        ("linky.by_station", territory.utilities.nodes.node_id),
    ):
        streams = set(table.loc[table["dataset"] == dataset, "datastream"])
        assert streams
        assert streams <= set(ids.tolist()), dataset
    kinds = dict(zip(territory.utilities.nodes.node_id, territory.utilities.nodes.kind, strict=True))
    stations = set(table.loc[table["dataset"] == "linky.by_station", "datastream"])
    assert {kinds[name] for name in stations} == {"station"}


def test_more_people_at_home_are_more_water(day):
    here = world()
    place = int(day.meters["water"].place[0])
    zone = int(here.territory.places.zone[place])
    more = here.population.with_person({"person_id": 10**9, "home": place, "zone": zone}, [])
    model = model_with(METERS, more)
    model.run_until(12 * 3_600)
    drawn = [record.consumption.between("water", 0, 12 * 3_600_000) for record in (day, record_of(model))]
    assert drawn[1][place] - drawn[0][place] > 30.0


def test_a_place_that_is_not_there_is_one_line():
    with pytest.raises(InputError, match=r"sensor_fleet 3: places: zone: no zone la_turbe .*la_turbie"):
        model_with(METERS.replace('zone = "la_turbie"', 'zone = "la_turbe"'))


def test_a_building_that_is_a_place_and_a_node_of_a_network_has_one_name(day):
    """As a reservoir or a station mapped with an address is: 4 of the riviera are both."""
    columns, names = dict(day.observations), list(day.datasets)
    metered = int(columns["datastream"][columns["dataset"] == names.index("water")][0])
    fed = int(columns["datastream"][columns["dataset"] == names.index("linky.by_station")][0])
    territory, nodes = day.territory, day.territory.utilities.nodes
    both = str(nodes.node_id[fed])
    place_id = np.array([str(each) for each in territory.places.place_id], dtype=object)
    place_id[metered] = both
    places = replace(territory.places, place_id=place_id)
    table = observations_table(replace(day, territory=replace(territory, places=places)))
    table = table.astype({"datastream": str})
    told = set(table.loc[table["datastream"] == both, "dataset"].astype(str))
    assert {"water", "linky.by_station"} <= told
    before = observations_table(day).astype({"datastream": str})
    assert len(table) == len(before)
    changed = table["datastream"] != before["datastream"]
    assert set(before.loc[changed, "datastream"]) == {str(territory.places.place_id[metered])}
