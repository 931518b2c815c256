"""Meters: what they read, which of them stand where, what arrives, and what may leave their owner."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sensing.worlds import LEDGER, random_events, site, step
from twin.errors import InputError
from twin.kernels.random import keys_of
from twin.knowledge.datasets import Observations
from twin.knowledge.rights import Right, Rights
from twin.scenario.actors import SensorFleet
from twin.scenario.selectors import LinkSelector, PlaceSelector
from twin.sensing.fleets import Fleet, PlaceSite, StepTruth, deploy, observe, shared_readings

N = 40
HOUR_MS = 3_600_000


class Steady:
    """Place k draws (k + 1) units an hour of water, a tenth of it of power."""

    def between(self, utility: str, start_ms: int, end_ms: int) -> np.ndarray:
        rate = np.arange(1.0, N + 1.0) * (1.0 if utility == "water" else 0.1)
        return rate * (end_ms - start_ms) / HOUR_MS


def place_site(order: np.ndarray | None = None) -> PlaceSite:
    rows = np.arange(N) if order is None else order
    return PlaceSite(
        candidates=np.arange(N, dtype=np.int32),
        place_key=keys_of(rows.astype(str)),
        points=(rows % 3 + 1).astype(np.int32),
        street=(rows // 10).astype(np.int32),
        station=np.where(rows < 32, rows // 8, -1).astype(np.int32),
    )


def meters(places: PlaceSite | None = None, seed: int = 1, **order: object) -> Fleet:
    defaults = {"name": "m", "kind": "water_meter", "owner": "water operator", "noise": 0.0, "loss": 0.0}
    fleet = SensorFleet.model_validate({**defaults, **order})
    where = site(3, seed)._replace(places=places or place_site())
    return deploy(fleet, where, LEDGER)


def moment(start_ms: int, end_ms: int) -> StepTruth:
    return step(random_events(0, 1, 3), 1, 3, start_ms, end_ms)._replace(consumption=Steady())


def day(fleet: Fleet, seed: int = 1, hours: int = 24, step_ms: int = 300_000) -> Observations:
    """All readings of a day, step by step."""
    parts = [observe(fleet, moment(at, at + step_ms), seed) for at in range(0, hours * HOUR_MS, step_ms)]
    return Observations.joined(parts)


@pytest.mark.parametrize(
    ("kind", "interval_h", "scale"), [("water_meter", 1.0, 1.0), ("power_meter", 0.5, 0.1)]
)
def test_a_perfect_meter_reads_what_is_drawn(kind, interval_h, scale):
    rows = day(meters(kind=kind))
    assert rows.n_rows == N * 24 / interval_h
    assert np.allclose(
        rows.result, (rows.datastream + 1.0) * scale * interval_h, atol=0.5 if scale == 1 else 5e-4
    )
    assert (rows.phenomenon_time_s % (3_600 * interval_h) == 0).all()
    assert (rows.result_time_s - rows.phenomenon_time_s == 28_800).all()


def test_the_length_of_a_step_changes_no_reading():
    fleet = meters(noise=0.05, loss=0.3, interval_s=900.0)
    short, long = day(fleet, step_ms=300_000), day(fleet, step_ms=HOUR_MS)
    key = [np.lexsort((each.datastream, each.phenomenon_time_s)) for each in (short, long)]
    for a, b in zip(short, long, strict=True):
        assert np.array_equal(a[key[0]], b[key[1]])


def test_a_lost_day_is_lost_whole_and_the_error_is_the_meters_own():
    rows = day(meters(loss=0.5, noise=0.05, interval_s=3_600.0))
    heard = np.bincount(rows.datastream, minlength=N)
    assert set(heard.tolist()) == {0, 24}
    assert 0.2 < (heard > 0).mean() < 0.8
    for place in np.flatnonzero(heard).tolist():
        assert len(set(rows.result[rows.datastream == place].tolist())) == 1


@given(st.permutations(range(N)), st.floats(0.05, 0.5), st.floats(0.0, 0.5))
def test_meters_of_a_smaller_share_are_among_those_of_a_larger_whatever_the_rows(order, share, more):
    rows = np.array(order)
    few, many = meters(share=share), meters(share=share + more)
    turned = meters(place_site(rows), share=share)
    assert set(few.place.tolist()) <= set(many.place.tolist())
    assert sorted(rows[turned.place].tolist()) == few.place.tolist()
    counted = meters(count=len(many.place)) if len(many.place) else many
    assert counted.place.tolist() == many.place.tolist()


def test_readings_of_buildings_are_personal_and_sums_of_enough_points_are_not():
    fleet = meters()
    rights = Rights()
    with pytest.raises(InputError, match="personal data"):
        rights.grant(fleet.dataset, "city", Right())
    assert fleet.sharing is not None
    rights.grant(fleet.sharing.dataset, "city", Right())
    assert (fleet.dataset.feature, fleet.sharing.dataset.feature) == ("place", "link")
    assert meters(kind="power_meter").sharing.dataset.feature == "node"


@pytest.mark.parametrize("kind", ["water_meter", "power_meter"])
def test_sums_are_those_of_their_group_and_small_groups_stay(kind):
    fleet = meters(kind=kind, loss=0.5, interval_s=3_600.0)
    rows = day(fleet)
    shared = shared_readings(fleet, rows)
    where = place_site()
    group = where.street if kind == "water_meter" else where.station
    expected = {}
    for at_s in set(rows.phenomenon_time_s.tolist()):
        for each in set(group.tolist()) - {-1}:
            mine = (rows.phenomenon_time_s == at_s) & (group[rows.datastream] == each)
            if where.points[rows.datastream[mine]].sum() >= 10:
                expected[each, at_s] = rows.result[mine].sum()
    found = dict(zip(zip(shared.datastream.tolist(), shared.phenomenon_time_s.tolist(), strict=True),
                     shared.result.tolist(), strict=True))  # fmt: skip
    assert found == pytest.approx(expected)
    assert 0 < len(found) < 24 * len(set(group.tolist()) - {-1}), "some group is too small"


@pytest.mark.parametrize(
    ("order", "sentence"),
    [
        ({"links": LinkSelector(ref="A8")}, "m': links: a water_meter stands in a building"),
        ({"sampling": 0.5}, "right would be: places, share or count"),
        ({"share": 0.5, "count": 3}, "either share or count"),
        ({"count": 41}, "41 meters for 40 places"),
        ({"interval_s": 7_000.0}, "a whole divisor of 86400 s"),
    ],
)
def test_wrong_orders_are_one_line(order, sentence):
    with pytest.raises(InputError, match=sentence) as error:
        meters(**order)
    assert "\n" not in str(error.value)


def test_places_are_for_what_stands_in_buildings():
    for wrong in ({"places": PlaceSelector(zone="town")}, {"share": 0.5}):
        fleet = SensorFleet.model_validate(
            {"name": "m", "kind": "road_counter", "owner": "city", "links": LinkSelector(ref="A8"), **wrong}
        )
        with pytest.raises(InputError, match="a road_counter stands on links"):
            deploy(fleet, site(3), LEDGER)
