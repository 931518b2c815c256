"""Real towns that the twin was not made on: built from their extracts, each lives a day on its defaults."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from tests.report.reading import parsed
from twin.behaviour.days import TRIP_STATES
from twin.report.build import view_of
from twin.report.page import render
from twin.scenario.scenario import Scenario
from twin.study.results import Result
from twin.study.run import run
from twin.territory.fetch import fetch_local

pytestmark = [
    pytest.mark.timeout(900),
    pytest.mark.one_interpreter("four towns' days ask how well trips go, not how Python counts"),
]
ARRIVED = TRIP_STATES.index("arrived")


class Town(NamedTuple):
    """An extract, bounds on its people, and what is asked of it: vehicle trips, share of demand, learning."""

    file: str
    inhabitants: tuple[int, int]
    least_vehicle_trips: int
    scale: float = 1.0
    rounds: tuple[int, int] = (10, 6)
    """Of the equilibrium start and of learning; the ledger's own, and its least for the largest town."""


TOWNS = {
    "redon": Town("osm/geoclimate_redon.osm", (2_500, 5_000), 3_000),
    "pont_de_veyle": Town("osm/geoclimate_pont_de_veyle.osm.gz", (1_600, 3_500), 2_500),
    "helsinki": Town("osm/helsinki_centre.osm.bz2", (12_000, 30_000), 10_000),
    # its whole demand, 157,569 vehicle trips, jams for good: first to fill is a link of way 177024500
    "geneva": Town("osm/geneva.osm.pbf", (191_557, 191_557), 80_000, 0.6, (5, 5)),
}


class Lived(NamedTuple):
    """A town's day: what `twin fetch` reported, and the result."""

    town: Town
    fetched: dict[str, Any]
    result: Result


@pytest.fixture(scope="module", params=TOWNS)
def lived(
    request: pytest.FixtureRequest, data_file: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory
) -> Lived:
    """The town, built and run for a day with nothing known of it but its map."""
    name, town = request.param, TOWNS[request.param]
    source = data_file(town.file)
    desk = tmp_path_factory.mktemp(name)
    fetched = fetch_local(source, desk / name)
    file = desk / "day.toml"
    start, learning = town.rounds
    file.write_text(
        f'title = "A day"\nterritory = "{name}"\ndemand_scale = {town.scale}\n[parameters]\n'
        f'"behaviour.equilibrium_rounds" = {start}\n"behaviour.learning_rounds" = {learning}\n'
    )
    return Lived(town, fetched, run(Scenario.load(file), cache=False))


def test_at_least_99_in_100_planned_trips_are_completed(lived: Lived) -> None:
    """Of all modes, those counted as not completed that never entered or found no path."""
    record = lived.result.record
    assert record is not None
    counts = dict(
        zip(TRIP_STATES, np.bincount(record.state, minlength=len(TRIP_STATES)).tolist(), strict=True)
    )
    assert len(record.state) == len(record.population.trips.trip_id) == lived.result.manifest["trips"]
    first = ", ".join(f"{link} at {at}" for link, at in lived.result.manifest["first_full"])
    assert counts["arrived"] >= 0.99 * len(record.state), f"{counts}; first to fill: {first}"
    modes = record.population.trips.mode
    for mode in np.unique(modes).tolist():
        assert (record.state[modes == mode] == ARRIVED).mean() >= 0.99, mode


def test_its_full_default_demand_is_asked(lived: Lived) -> None:
    manifest = lived.result.manifest
    low, high = lived.town.inhabitants
    areas = manifest["population"]["areas"]
    assert low <= sum(area["inhabitants"] for area in areas) <= high
    assert manifest["vehicle_trips"] >= lived.town.least_vehicle_trips
    assert manifest["inhabitants"]["all"] == pytest.approx(
        lived.town.scale * sum(area["inhabitants"] for area in areas), rel=0.01
    )


def test_the_first_page_flags_the_default_population(lived: Lived) -> None:
    page = parsed(render(view_of(lived.result)))
    (first,) = page.find("section", **{"class": "trust"})
    said = first.text()
    for area in lived.result.manifest["population"]["areas"]:
        assert area["basis"] != "file"
        assert f"Default population: inhabitants of {area['name']}" in said
    assert "Default demand (assumed; there is no population.toml)" in said
    assert f"by {lived.fetched['gateways']} gateways" in said
    assert "no commuters from outside and no through traffic" in said


def test_every_trip_ends_on_streets_of_the_core_or_at_a_gateway(lived: Lived) -> None:
    record = lived.result.record
    assert record is not None
    streets, gates, trips = record.territory.streets, record.territory.gateways, record.population.trips
    cars = record.by_car
    for link, place, gate in (
        (trips.origin_link, trips.origin_place, gates.in_link),
        (trips.destination_link, trips.destination_place, gates.out_link),
    ):
        inside = cars & (place >= 0)
        assert streets.core[link[inside]].all()
        assert np.isin(link[cars & (place < 0)], gate).all()
    assert lived.fetched["gateways"] == len(gates.gate_id) > 0
