"""The embedded places: what their inhabitants and travellers add up to, from the bottom up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from twin.population.days.modes import target_shares
from twin.population.population import Population
from twin.population.published.figures import french_figures
from twin.population.published.validation import compared_areas, hold_against
from twin.population.synthesis import synthesise
from twin.population.tables import CAR, MODES
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory

pytestmark = pytest.mark.one_interpreter("sums over one population that is drawn alike on each")

NETWORKS = Path(__file__).parents[2] / "networks"
LEDGER = Parameters.defaults()
LOCAL_CAR_STARTS = (
    0.0015, 0.0006, 0.0005, 0.0005, 0.0017, 0.0087, 0.0236, 0.0636, 0.1046, 0.0679, 0.0587, 0.0589,
    0.0741, 0.0714, 0.0581, 0.0774, 0.0834, 0.0942, 0.0708, 0.0456, 0.0284, 0.0187, 0.0136, 0.0071,
)  # fmt: skip
"""Car starts by hour as a share of the day, 12 and 13 h raised by 30 % for French lunch trips."""


@pytest.fixture(scope="module")
def riviera() -> Territory:
    return Territory.load(NETWORKS / "riviera")


@pytest.fixture(scope="module")
def people(riviera: Territory) -> Population:
    return synthesise(riviera, NETWORKS / "riviera" / "population.toml", LEDGER, seed=1)


def test_all_inhabitants_are_there(people: Population) -> None:
    found = {
        name: part["resident"]["persons"]
        for name, part in people.report["zones"].items()
        if "resident" in part
    }
    assert found["dense"] == 49_886
    assert found["la_turbie"] == 3_180
    assert found["eze"] == 2_686
    assert sum(found[name] for name in ("roquebrune", "cap_d_ail")) == 17_554
    assert all(area["basis"] == "file" for area in people.report["areas"])
    regimes = {area["name"]: area["legal_regime"] for area in people.report["areas"]}
    assert [name for name, regime in regimes.items() if regime == "Monaco"] == ["dense/Monaco"]
    for fit in people.report["marginals"].values():
        assert fit["inhabitants_error"] == 0
        assert fit["worst_age_band_error"] == 0
        assert fit["households_error"] <= 2


def test_vehicle_trips_add_up_as_expected(people: Population) -> None:
    kinds, zones = people.report["kinds"], people.report["zones"]
    assert zones["dense"]["resident"]["vehicle_trips"] == pytest.approx(38_000, rel=0.05)
    assert 20_000 <= kinds["commuter"]["vehicle_trips"] <= 30_000
    assert kinds["through"]["vehicle_trips"] == 50_000
    others = kinds["resident"]["vehicle_trips"] - zones["dense"]["resident"]["vehicle_trips"]
    assert 18_000 <= others <= 40_000
    total = sum(part["vehicle_trips"] for part in kinds.values())
    assert total == people.report["vehicle_trips"] == (people.trips.mode == CAR).sum()
    by_zone = sum(part["vehicle_trips"] for zone in zones.values() for part in zone.values())
    assert by_zone == total


def test_modes_purposes_and_durations(people: Population) -> None:
    zones = people.report["zones"]
    for zone, density in (("dense", "dense"), ("la_turbie", "village"), ("roquebrune", "town")):
        found = np.array([zones[zone]["resident"]["mode_shares"][mode] for mode in MODES])
        # fitted by density class, not by zone: places of one class differ by what lies near
        assert np.abs(found - target_shares(density, LEDGER)).max() < (0.01 if zone == "dense" else 0.07)
        assert zones[zone]["resident"]["trips_per_person"] == pytest.approx(3.0, abs=0.1)
    shares = people.report["purpose_shares"]
    assert 0.22 <= shares["work"] + shares["business"] <= 0.27
    assert 0.10 <= shares["school"] <= 0.13
    assert 0.18 <= shares["shop"] <= 0.20
    assert 0.20 <= shares["leisure"] + shares["visit"] <= 0.22
    assert 0.10 <= shares["escort"] <= 0.12
    walk_min = people.trips.duration_s[people.trips.mode == MODES.index("walk")] / 60.0
    assert walk_min.mean() == pytest.approx(14.0, abs=5.0)
    assert people.report["mode_choice"]["walks_and_rides_off_the_paths"] < 200


def test_cars_start_when_they_do(people: Population) -> None:
    trips, persons = people.trips, people.persons
    local = (trips.mode == CAR) & (persons.kind[trips.person] < 2)
    found = np.bincount((trips.depart_s[local] // 3_600.0).astype(int) % 24, minlength=24) / local.sum()
    expected = np.array(LOCAL_CAR_STARTS) / sum(LOCAL_CAR_STARTS)
    assert np.corrcoef(found, expected)[0, 1] > 0.95
    assert 1.0 - np.abs(found - expected).sum() / 2.0 > 0.9, "nine in ten cars start in the right hour"
    for sequence in (0, 1):
        commutes = (persons.kind[trips.person] == 1) & (trips.sequence == sequence)
        assert 1.2 <= trips.depart_s[commutes].std() / 3_600.0 <= 1.65


def test_through_traffic_runs_from_end_to_end_of_the_motorway(riviera: Territory, people: Population) -> None:
    trips = people.trips
    passing = people.persons.kind[trips.person] == 2
    gates = riviera.gateways
    on_motorway = np.char.startswith(gates.group, "A8")
    assert np.isin(trips.origin_link[passing], gates.in_link[on_motorway]).all()
    assert np.isin(trips.destination_link[passing], gates.out_link[on_motorway]).all()
    assert len(np.unique(trips.origin_link[passing])) == 2
    assert (riviera.streets.road_class[trips.origin_link[passing]] == 0).all()


def test_the_village_crop_has_a_population_of_its_own() -> None:
    crop = Territory.load(NETWORKS / "la_turbie_crop")
    made = synthesise(crop, NETWORKS / "la_turbie_crop" / "population.toml", LEDGER, seed=1)
    assert made.report["kinds"]["resident"]["persons"] == 1_910
    cars = made.trips.mode == CAR
    assert (made.trips.origin_link[cars] != made.trips.destination_link[cars]).all()
    assert 5_000 < cars.sum() < 15_000


def test_fitted_figures_hold(people: Population) -> None:
    rows = hold_against([people], french_figures(), LEDGER)
    fitted = [row for row in rows if row.figure.list == "fitted"]
    assert len(fitted) >= 40
    assert all(row.holds is not None for row in fitted), "each is measured of somebody"
    assert [
        (row.figure.measure, row.figure.of, row.figure.group, row.error) for row in fitted if not row.holds
    ] == []
    assert {row.figure.measure for row in fitted if row.figure.rule == "two standard errors"} == {
        "illectronism_share"
    }


def test_modes_hold_for_all_to_whom_they_were_fitted(people: Population) -> None:
    rows = hold_against([people], french_figures(), LEDGER, everyone=True)
    modes = [row for row in rows if row.figure.measure == "mode_share"]
    assert len(modes) == 12
    assert all(row.holds for row in modes)


def test_held_out_figures_are_told_with_their_error_and_judged_by_none(people: Population) -> None:
    rows = [row for row in hold_against([people], french_figures(), LEDGER) if row.figure.list == "held_out"]
    by_name = {(row.figure.measure, row.figure.of, row.figure.group): row for row in rows}
    assert all(row.holds is None for row in rows)
    assert all(row.standard_error > 0.0 for row in rows)
    # an area of 10 km cannot hold the trips of a country, and its short ways are walked
    assert by_name["commute_median_km", "all", ("village",)].error < -4.0
    assert by_name["trip_length_km", "all", ("dense", "town")].error < -1.0
    assert by_name["mode_minutes", "walk", ()].error > 4.0
    hours = [row for row in rows if row.figure.measure == "car_start_share"]
    assert sum(row.simulated for row in hours) == pytest.approx(1.0)
    assert sum(abs(row.error) for row in hours) / 2.0 < 0.1, "nine in ten cars start in the right hour"
    cars = {row.figure.of: row.simulated for row in rows if row.figure.measure == "mode_share_by_cars"}
    assert cars["0 car"] < cars["1 car"] < cars["2 car"]
    assert cars["0 transit"] > cars["1 transit"] > cars["2 transit"]
    assert cars["0 walk"] > cars["1 walk"] > cars["2 walk"]


def test_monaco_is_flagged_and_not_compared(people: Population) -> None:
    told = people.report["calibration"]
    assert not told["calibrated"]
    assert "people of dense/Monaco (legal regime Monaco) are given statistics of France" in told["reasons"]
    here = compared_areas(people, "France")
    names = [
        area["name"] for area, compared in zip(people.report["areas"], here, strict=True) if not compared
    ]
    assert names == ["dense/Monaco"]
    for area in people.report["areas"]:
        assert area["density_class"] in ("dense", "town", "village")
        assert "DEGURBA" in area["class_source"]
