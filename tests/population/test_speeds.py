"""Speeds of one's own, and hills: who rides up is slower, who rides down no faster than is safe."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.population.world import SPACING_M, write_population
from twin.population.days.cycling import flat_metres, paces
from twin.population.days.legs import ResidentTrips
from twin.population.days.speeds import (
    AIR_KG_PER_M3,
    BICYCLE,
    GRAVITY_MPS2,
    PEDELEC,
    bicycle_of,
    cycle_speeds_mps,
    pushing_factor,
    slope_factors,
    walk_speeds_mps,
)
from twin.population.draws import Draws, derive_keys
from twin.population.population import Population
from twin.population.synthesis import synthesise
from twin.population.tables import CYCLE, WALK
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

LEDGER = Parameters.defaults()
NEUTRAL = LEDGER.replaced(
    {
        "population.cycle_speed_spread": 0.0,
        "population.pedelec_share": 0.0,
        "population.cycle_age_factor": [1.0] * 6,
        "population.walk_age_factor": [1.0] * 6,
    }
)


def hill(town: Territory, grade: float) -> Territory:
    """The town on a slope that rises to the east, and its paths all open to bicycles."""
    paths = replace(
        town.paths,
        cycle=np.ones(town.paths.u.shape[0], dtype=np.bool_),
        node_elevation_m=grade * town.paths.node_x_m,
    )
    return replace(town, paths=paths)


def between(town: Territory, origin: np.ndarray, destination: np.ndarray) -> ResidentTrips:
    """Legs between the path nodes of places, of persons of their own keys."""
    n, node = origin.shape[0], town.places.path_node
    x, y = town.paths.node_x_m[node], town.paths.node_y_m[node]
    zeros = np.zeros(n, dtype=np.int64)
    straight = np.hypot(x[origin] - x[destination], y[origin] - y[destination])
    key = derive_keys("rider", np.arange(n))
    return ResidentTrips(
        np.arange(n), key, zeros, zeros, np.arange(n), origin, destination, zeros, zeros + 1, straight
    )


def ends(town: Territory) -> tuple[np.ndarray, np.ndarray]:
    """Places in the west and in the east, one straight street apart."""
    node = town.places.path_node
    x, y = town.paths.node_x_m[node], town.paths.node_y_m[node]
    west = np.flatnonzero(x == 0.0)
    pairs = [
        (a, np.flatnonzero((y == y[a]) & (x == 6 * SPACING_M))[0])
        for a in west.tolist()
        if ((y == y[a]) & (x == 6 * SPACING_M)).any()
    ]
    assert len(pairs) >= 3
    a, b = np.array(pairs).T
    return a, b


def test_uphill_takes_longer_by_the_slope_and_downhill_is_bounded(town: Territory) -> None:
    west, east = ends(town)
    flat = flat_metres(hill(town, 0.0), between(town, west, east), np.arange(len(west)), BICYCLE, LEDGER)
    assert flat == pytest.approx(6 * SPACING_M)
    up, down = (
        flat_metres(hill(town, 0.06), between(town, *way), np.arange(len(west)), BICYCLE, LEDGER)
        for way in ((west, east), (east, west))
    )
    slower, faster = slope_factors(np.array([0.06, -0.06]), BICYCLE, LEDGER)
    assert up == pytest.approx(flat / slower, rel=1e-5)
    assert down == pytest.approx(flat / faster, rel=1e-5)
    assert (up > 1.5 * flat).all()
    assert (down >= flat / LEDGER["population.cycle_downhill_factor"] - 0.01).all()
    helped = flat_metres(hill(town, 0.06), between(town, west, east), np.arange(len(west)), PEDELEC, LEDGER)
    assert (helped < 0.75 * up).all(), "a motor carries over hills"


def test_riders_go_round_a_hill_where_that_is_quicker(town: Territory) -> None:
    """One street is a ridge: the next one, level, is the quicker way though it is longer."""
    west, east = (column[:1] for column in ends(town))
    level = hill(town, 0.0)
    y = town.paths.node_y_m[town.places.path_node[west[0]]]
    x = town.paths.node_x_m
    ridge = (town.paths.node_y_m == y) & (x > SPACING_M) & (x < 5 * SPACING_M)
    rough = np.where(ridge & (np.rint(x / SPACING_M) % 2 == 0), 25.0, 0.0)
    steep = replace(level, paths=replace(level.paths, node_elevation_m=rough))
    legs = between(town, west, east)
    over = flat_metres(level, legs, np.arange(1), BICYCLE, LEDGER)[0]
    round_ = flat_metres(steep, legs, np.arange(1), BICYCLE, LEDGER)[0]
    forth, _ = paces(steep.paths, BICYCLE, LEDGER)
    assert over == pytest.approx(6 * SPACING_M)
    assert over < round_ <= over + 2 * SPACING_M + 1.0
    assert forth.min() < 0.5


@given(st.floats(-0.3, 0.3), st.floats(-0.3, 0.3), st.sampled_from([BICYCLE, PEDELEC]))
def test_steeper_is_never_faster(a: float, b: float, bicycle: int) -> None:
    low, high = slope_factors(np.array([min(a, b), max(a, b)]), bicycle, LEDGER)
    assert high <= low + 1e-9
    assert pushing_factor(LEDGER) <= high <= low <= LEDGER["population.cycle_downhill_factor"]


def test_power_given_is_power_used() -> None:
    """Martin et al. 1998, worked out the other way: the speed at 4 % uses what a rider gives there."""
    p = {name.split(".")[1]: LEDGER[name] for name in LEDGER.names("population.cycle_*")}
    flat_w, climb_w = p["cycle_power_w"]
    given_w = (flat_w + (climb_w - flat_w) * 0.04 / p["cycle_climb_grade"]) * p["cycle_efficiency"]
    weight_n = GRAVITY_MPS2 * p["cycle_mass_kg"]

    def used_w(mps: float, grade: float) -> float:
        angle = np.arctan(grade)
        steady_n = weight_n * (np.sin(angle) + p["cycle_rolling"] * np.cos(angle))
        return float((steady_n + 0.5 * AIR_KG_PER_M3 * p["cycle_drag_m2"] * mps**2) * mps)

    speeds = np.linspace(0.1, 15.0, 20_000)
    flat_mps = speeds[np.argmin([abs(used_w(v, 0.0) - flat_w * p["cycle_efficiency"]) for v in speeds])]
    climb_mps = speeds[np.argmin([abs(used_w(v, 0.04) - given_w) for v in speeds])]
    assert slope_factors(np.array([0.04]), BICYCLE, LEDGER)[0] == pytest.approx(
        climb_mps / flat_mps, rel=2e-3
    )


def test_speeds_are_ones_own_by_age_and_bicycle() -> None:
    key, draws = derive_keys("person", np.arange(4_000)), Draws(1)
    bicycle = bicycle_of(key, LEDGER, draws)
    assert (bicycle == PEDELEC).mean() == pytest.approx(LEDGER["population.pedelec_share"], abs=0.02)
    speed = {age: cycle_speeds_mps(np.full(4_000, age), bicycle, key, LEDGER, draws) for age in (25, 80)}
    assert (speed[25] > speed[80]).all()
    assert (speed[25] > 1.0).all(), "nobody is slower than on foot by the draw"
    plain = speed[25][bicycle == BICYCLE].mean() * 3.6 / LEDGER["population.cycle_age_factor"][1]
    assert plain == pytest.approx(LEDGER["population.cycle_speed_kmh"], rel=0.02)
    assert speed[25][bicycle == PEDELEC].mean() > 1.2 * speed[25][bicycle == BICYCLE].mean()
    on_foot = [walk_speeds_mps(np.full(4_000, age), key, LEDGER, draws).mean() for age in (25, 50, 80)]
    assert on_foot == sorted(on_foot, reverse=True)
    assert on_foot[1] == pytest.approx(1.34, rel=0.02)
    again = cycle_speeds_mps(np.full(1, 25), bicycle[7:8], key[7:8], LEDGER, draws)
    assert again[0] == speed[25][7], "the draw is the person's, not the row's"


@pytest.fixture(scope="module")
def peoples(town: Territory, tmp_path_factory: pytest.TempPathFactory) -> tuple[Population, Population]:
    """The town's people where it is flat and where it is a slope."""
    file = write_population(tmp_path_factory.mktemp("hill"))
    return tuple(synthesise(hill(town, grade), file, NEUTRAL, 1) for grade in (0.0, 0.08))  # type: ignore[return-value]


def test_on_the_flat_with_equal_speeds_a_ride_takes_its_distance(
    peoples: tuple[Population, Population],
) -> None:
    trips = peoples[0].trips
    rides = np.flatnonzero((trips.mode == CYCLE) & (trips.distance_m > 300.0))
    assert rides.size > 10
    distance_s = 3.6 * trips.distance_m[rides] / NEUTRAL["population.cycle_speed_kmh"]
    assert np.abs(trips.duration_s[rides] - distance_s).max() < 0.02


def test_a_slope_slows_rides_and_nothing_else(peoples: tuple[Population, Population]) -> None:
    flat, steep = (each.trips for each in peoples)
    assert (flat.mode == steep.mode).all()
    cycles, walks = flat.mode == CYCLE, flat.mode == WALK
    assert steep.duration_s[cycles].sum() > 1.2 * flat.duration_s[cycles].sum()
    assert (steep.duration_s[walks] == flat.duration_s[walks]).all()


def test_a_mountain_village_is_slower_by_bicycle(tmp_path: Path) -> None:
    """Real streets with the heights of the shuttle's radar: rides take longer than on a flat map."""
    folder = Path(os.environ.get("TWIN_TEST_DATA", "/nowhere"))
    map_, tile = folder / "osm/la_turbie.osm.bz2", folder / "elevation/N43E007.hgt.zip"
    if not (map_.is_file() and tile.is_file()):
        pytest.skip("the map or the tile is not there: set TWIN_TEST_DATA")
    village = Territory.from_osm(map_, elevation=tile)
    assert np.isfinite(village.paths.node_elevation_m).all()
    village.save(tmp_path / "village")
    again = Territory.load(tmp_path / "village")
    assert again.paths.node_elevation_m.tolist() == village.paths.node_elevation_m.tolist()
    level = replace(village, paths=replace(village.paths, node_elevation_m=np.zeros(0)))
    steep, flat = (synthesise(each, None, LEDGER, 1).trips for each in (village, level))
    cycles = (flat.mode == CYCLE) & (flat.distance_m > 300.0)
    assert cycles.sum() > 20
    assert steep.duration_s[cycles].sum() > 1.1 * flat.duration_s[cycles].sum()
