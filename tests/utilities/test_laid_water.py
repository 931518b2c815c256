"""Water of laid networks: it adds up at every step, less pressure gives less, all pumps may stop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.territories import grid_territory
from tests.territory.utility_worlds import towns
from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.territory.utilities.layers import lay_utilities
from twin.territory.utilities.observed import ObservedElements
from twin.territory.utilities.tables import WATER, Utilities
from twin.utilities.water.day import WaterDay, water_day
from twin.utilities.water.laid import LaidWater, laid_water

pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")

LEDGER = Parameters.defaults()
HOUR = 3_600.0
SHAPE = np.array(LEDGER["utilities.water_home_shape"])
SHAPE = SHAPE / SHAPE.mean()


def lay(town: Territory) -> Utilities:
    return lay_utilities((town.streets, town.places, town.zones), ObservedElements(), LEDGER)


def mean_lps(town: Territory) -> np.ndarray:
    return (town.places.dwellings.astype(float) * 2.15 * 148.0 + 1.0) / 86_400.0


def day_of(
    town: Territory, layers: Utilities, pumps: float = 1.0, filled: float = 1.0
) -> tuple[LaidWater, WaterDay]:
    mean = mean_lps(town)
    laid = laid_water(layers, town.places.place_id, mean, LEDGER)
    level = np.ones((24, layers.nodes.n_nodes))
    level[:, layers.nodes.kind == "pump"] = pumps
    return laid, water_day(laid, SHAPE[:, None] * mean, HOUR, level, filled)


def check(laid: LaidWater, day: WaterDay) -> None:
    """What holds of any day."""
    junction = laid.zone >= 0
    assert day.imbalance() < 1e-6
    assert (day.amiss_lps <= day.allowed_lps).all()
    assert np.isfinite(day.head_m[:, junction]).all()
    assert (day.served_lps <= day.asked_lps).all()
    assert day.served_lps.min() >= 0.0
    assert (day.stored_l >= 0.0).all()
    assert (day.stored_l <= laid.zones.volume_l * (1.0 + 1e-9)).all()
    most = laid.zones.head_m[laid.zone[junction]]
    assert (day.head_m[:, junction] <= np.maximum(most, laid.height_m[junction]) + 1e-3).all()


@given(towns())
@settings(max_examples=10, deadline=None)
def test_a_day_in_any_flat_town_adds_up(town):
    layers = lay(town)
    laid, day = day_of(town, layers)
    check(laid, day)
    assert day.asked_lps.sum(axis=1) == pytest.approx(SHAPE * mean_lps(town).sum())
    assert not laid.known.any(), "nobody knows the heights"


@given(towns(heights=True))
@settings(max_examples=12, deadline=None)
def test_a_day_in_any_hilly_town_adds_up_with_or_without_pumps(town):
    layers = lay(town)
    for pumps, filled in ((1.0, 1.0), (0.0, 0.5)):
        laid, day = day_of(town, layers, pumps, filled)
        check(laid, day)
        assert laid.known[laid.zone >= 0].all()
    zones = laid.zones
    assert (zones.above < np.arange(len(zones.name))).all(), "a zone stands behind the one it hangs on"


@given(towns(heights=True))
@settings(max_examples=10, deadline=None)
def test_less_pressure_gives_less_by_its_root(town):
    """Wagner et al. 1988, from the delivered pressures, at the first hour."""
    layers = lay(town)
    laid, day = day_of(town, layers)
    drawing = np.flatnonzero((day.asked_lps[0] > 1e-3) & (laid.zone >= 0) & (day.kept[0, laid.zone] == 1.0))
    assume(len(drawing) > 0)
    share = np.sqrt(np.clip(day.pressure_m[0, drawing] / 15.0, 0.0, 1.0))
    assert day.served_lps[0, drawing] / day.asked_lps[0, drawing] == pytest.approx(share, abs=0.01)


def busy_town() -> Territory:
    town = grid_territory(4)
    dwellings = np.full(town.places.n_places, 40.0, dtype=np.float32)
    return replace(town, places=replace(town.places, dwellings=dwellings))


def test_without_pumps_the_tank_empties_and_then_there_is_nothing():
    town = busy_town()
    layers = lay(town)
    laid, day = day_of(town, layers, pumps=0.0, filled=0.5)
    share = day.served_lps.sum(axis=1) / day.asked_lps.sum(axis=1)
    empty = int(np.flatnonzero(day.stored_l.sum(axis=1) <= 1e-6)[0])
    assert 2 < empty < 22
    assert share[:empty].min() > 0.9
    assert share[empty + 1 :].max() < 1e-9
    assert day.source_lps.max() == 0.0
    out = (day.served_lps + day.leaked_lps).sum() * HOUR
    assert out == pytest.approx(day.start_l.sum(), rel=1e-9), "just what was stored"
    junction = laid.zone >= 0
    assert day.head_m[-1, junction] == pytest.approx(laid.height_m[junction])
    people = np.where(junction, 1.0, 0.0)
    assert day.pressure_deficit(people, 15.0) > 0.3 * 15.0


def test_leaks_make_up_for_the_yield_and_tanks_fill_again():
    town = busy_town()
    layers = lay(town)
    laid, day = day_of(town, layers, filled=0.2)
    still = water_day(laid, np.full((2, town.places.n_places), 1e-9), HOUR)
    mean = mean_lps(town).sum()
    assert mean / (mean + still.leaked_lps[0].sum()) == pytest.approx(0.81, abs=0.01), "without flow"
    assert day.leaked_lps.sum(axis=1).max() <= still.leaked_lps[0].sum() * (1.0 + 1e-6)
    assert day.stored_l[-1].sum() > 0.9 * laid.zones.volume_l.sum()
    assert (day.kept == 1.0).all()
    tight = replace(laid, leak=np.zeros_like(laid.leak))
    dry = water_day(tight, SHAPE[:, None] * mean_lps(town), HOUR)
    assert dry.leaked_lps.sum() == 0.0
    assert dry.served_lps.sum() >= day.served_lps.sum() - 1e-6, "no leak, more pressure"


def test_what_nothing_feeds_is_one_line():
    town = grid_territory(2)
    layers = lay(town)
    area = np.where(layers.nodes.kind == "junction", "zone:nowhere", layers.nodes.area)
    with pytest.raises(InputError, match="a pressure zone that nothing feeds"):
        laid_water(
            replace(layers, nodes=replace(layers.nodes, area=area)),
            town.places.place_id,
            mean_lps(town),
            LEDGER,
        )
    with pytest.raises(InputError, match="no utility layers"):
        laid_water(Utilities.none(), town.places.place_id, mean_lps(town), LEDGER)
    assert (layers.nodes.utility == WATER).any()


@given(st.integers(1, 96), st.sampled_from([900.0, 3600.0, 60.0]))
@settings(max_examples=6, deadline=None)
def test_every_step_that_is_asked_for_is_there(n_steps, step_s):
    town = grid_territory(2)
    laid = laid_water(lay(town), town.places.place_id, mean_lps(town), LEDGER)
    day = water_day(laid, np.tile(mean_lps(town), (n_steps, 1)), step_s)
    assert day.served_lps.shape[0] == n_steps
    assert day.imbalance() < 1e-6
