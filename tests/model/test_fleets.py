"""Fleets of devices in the model: they see its truth, err as they should, and change nothing of it."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from tests.model.village import scenario, world
from twin.errors import InputError
from twin.indicators import fleets
from twin.indicators.focus import focuses_of
from twin.indicators.indicator import Indicator
from twin.indicators.records import DayRecord
from twin.knowledge.rights import Right
from twin.model.record import record_of
from twin.model.twin_model import TwinModel
from twin.study.digests import truth_digest

HOUR_S = 3_600
UNTIL_S = 10 * HOUR_S
LIVE = {
    "camera": "count = 40\nplacement = 'coverage'\ninterval_s = 900",
    "bluetooth_reader": "count = 40\nplacement = 'coverage'",
    "noise_sensor": "",
    "air_quality_sensor": "noise = 0.0",
    "street_lamp": "",
    "presence_counter": "",
    "feeder_monitor": "",
    "bin_sensor": "share = 0.8",
}


def fleet(kind: str, more: str = "") -> str:
    return f'[[sensor_fleet]]\nname = "{kind}"\nkind = "{kind}"\nowner = "city"\n{more}\n'


def model_of(tables: str, until_s: int = UNTIL_S) -> TwinModel:
    here = world()
    model = TwinModel(
        scenario(tables), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )
    model.run_until(until_s)
    return model


@cache
def morning() -> tuple[TwinModel, DayRecord]:
    model = model_of("".join(fleet(*each) for each in LIVE.items()))
    return model, record_of(model)


def rows(record: DayRecord, name: str) -> dict[str, np.ndarray]:
    columns = record.observations
    mine = columns["dataset"] == record.datasets.index(name)
    return {key: column[mine] for key, column in columns.items()}


def value(measure: Indicator, record: DayRecord, name: str, focus: str = "all") -> float:
    zone = focuses_of(record.territory, focus)[0]
    return measure.measure(record, zone)[f"fleet:{name}"]


def test_devices_leave_the_truth_as_it_is():
    assert truth_digest(record_of(model_of(""))) == truth_digest(morning()[1])


@pytest.mark.parametrize("kind", sorted(LIVE))
def test_every_kind_reports_by_its_own_clock_and_reads_what_stands_before_it(kind):
    model, record = morning()
    mine, own = rows(record, kind), record.fleets[kind]
    assert len(mine["result"]) > 0
    assert set(mine["datastream"].tolist()) <= set(own.row.tolist())
    interval_s = 108_000 / own.n_intervals
    assert (mine["phenomenon_time_s"] % interval_s == 0).all()
    late_s = mine["result_time_s"] - mine["phenomenon_time_s"]
    assert late_s.min() > 0.0
    assert (mine["result"] >= 0.0).all()
    assert own.feature == record.feature_of(kind)
    tally = own.tally
    assert tally.n_arrived.sum() == len(mine["result"])
    due = len(own.row) * UNTIL_S // interval_s
    assert tally.n_arrived.sum() + tally.n_lost.sum() + tally.n_down.sum() <= due
    ledger = model.parameters
    if kind in ("noise_sensor", "bin_sensor"):
        error = value(fleets.fleet_rmse, record, kind)
        assert error == pytest.approx(ledger[f"sensing.{kind}_noise"], rel=0.1)


def test_streets_are_louder_and_fouler_where_more_drive():
    _, record = morning()
    flow = record.exits[: UNTIL_S // 900].sum(axis=0).astype(np.float64)
    for kind in ("noise_sensor", "air_quality_sensor"):
        mine = rows(record, kind)
        n = np.bincount(mine["datastream"], minlength=len(flow))
        mean = np.bincount(mine["datastream"], weights=mine["result"], minlength=len(flow)) / np.maximum(n, 1)
        known, busy = n > 0, flow > np.quantile(flow[n > 0], 0.8)
        assert mean[known & busy].mean() > mean[known & ~busy].mean() + 3.0, kind
        at_night = mine["phenomenon_time_s"] <= 4 * HOUR_S
        at_peak = (mine["phenomenon_time_s"] > 7 * HOUR_S) & (mine["phenomenon_time_s"] <= 9 * HOUR_S)
        on_busy = busy[mine["datastream"]]
        assert mine["result"][at_peak & on_busy].mean() > mine["result"][at_night & on_busy].mean() + 3.0


def test_lamps_burn_until_sunrise_and_bins_fill_with_those_at_home():
    model, record = morning()
    lamps = rows(record, "street_lamp")
    for hour, watts in ((3, model.parameters["utilities.lamp_w"]), (10, 0.0)):
        found = lamps["result"][lamps["phenomenon_time_s"] == hour * HOUR_S]
        assert found.mean() == pytest.approx(watts, rel=0.02, abs=0.01)
    bins = rows(record, "bin_sensor")
    at = [bins["result"][bins["phenomenon_time_s"] == hour * HOUR_S].mean() for hour in (1, 5, 7)]
    assert at[0] < at[1], "waste of the night"
    assert at[2] < at[1], "some were emptied at six"


def test_counters_of_people_and_of_power_read_the_days_consumption():
    model, record = morning()
    ground = model.device_ground
    for kind, name in (("presence_counter", "present"), ("feeder_monitor", "station_power")):
        mine = rows(record, kind)
        span = (8 * HOUR_S * 1_000, (8 * HOUR_S + 900) * 1_000)
        seen = ground.during(name, *span)
        at = mine["phenomenon_time_s"] == 8 * HOUR_S + 900
        right = seen[mine["datastream"][at]]
        assert right.sum() > 0.0
        assert np.abs(mine["result"][at] - right).max() <= 0.7 * right.max()
        assert mine["result"][at].sum() == pytest.approx(right.sum(), rel=0.1)


def test_what_tells_of_a_home_is_personal_and_stays_with_its_owner():
    model, record = morning()
    assert "bin_sensor" in record.personal_datasets
    assert not {"presence_counter", "noise_sensor", "feeder_monitor"} & set(record.personal_datasets)
    bins = model.state.platform.dataset("bin_sensor")
    with pytest.raises(InputError, match="personal data"):
        model.state.platform.rights.grant(bins, "Azimut", Right())


def test_indicators_tell_what_a_fleet_costs_and_sees():
    _, record = morning()
    for name, own in record.fleets.items():
        per = {each.name: value(each, record, name) for each in (
            fleets.fleet_cost_per_observation, fleets.fleet_carbon_per_observation,
            fleets.fleet_cost_per_inhabitant, fleets.fleet_energy)}  # fmt: skip
        assert all(each >= 0.0 for each in per.values()), name
        assert per["fleet_cost_per_observation"] > 0.0
        assert 0.0 < value(fleets.fleet_completeness, record, name) <= 1.0
        coverage = value(fleets.fleet_coverage, record, name)
        assert 0.0 < coverage <= 1.0, name
        if name in ("street_lamp", "presence_counter", "feeder_monitor"):
            assert coverage > 0.9, "all spots have one"
        if own.battery:
            assert per["fleet_energy"] == pytest.approx(own.gateways * 10.0 * 30.0 / 1_000.0)
    # by hand: 40 cameras of 20 W through 30 hours, of 3,000 euros and 70 kg, that live three years
    kwh = 40 * 20.0 * 30.0 / 1_000.0
    assert value(fleets.fleet_energy, record, "camera") == pytest.approx(kwh)
    visits, n = record.fleets["camera"].visits, len(rows(record, "camera")["result"])
    eur = 40 * 3_000.0 / (3 * 365) * 1.25 + 0.2 * kwh + 45.0 * visits.hours.sum() + 0.5 * visits.km.sum()
    assert value(fleets.fleet_cost_per_observation, record, "camera") == pytest.approx(eur / n)
    grams = 40 * 70e3 / (3 * 365) * 1.25 + 21.7 * kwh + 250.0 * visits.km.sum()
    assert value(fleets.fleet_carbon_per_observation, record, "camera") == pytest.approx(grams / n)
    assert value(fleets.fleet_latency_p95, record, "camera") >= 5.0


def test_parking_sensors_see_cars_that_stand_and_need_them_to_be_known():
    limited = "[parameters]\n'parking.limited' = 1\n"
    with pytest.raises(InputError, match="where cars stand is not known while parking is not limited"):
        model_of(fleet("parking_sensor"), 0)
    model = model_of(limited + fleet("parking_sensor", "noise = 0.0\nloss = 0.0"), 3 * HOUR_S)
    record = record_of(model)
    mine = rows(record, "parking_sensor")
    last = mine["phenomenon_time_s"] == 3 * HOUR_S
    stands = model.parking.supply.spaces - model.state.parking.free
    assert last.any()
    assert (mine["result"][last] == stands[mine["datastream"][last]]).all()
    assert mine["result"][last].sum() > 0.0
    units = record.fleets["parking_sensor"].units
    assert (units == model.parking.supply.spaces[record.fleets["parking_sensor"].row]).all()


@pytest.mark.parametrize(
    ("tables", "line"),
    [
        (fleet("noise_sensor", "places = { use = 'home' }"), "a noise_sensor stands at a link"),
        (fleet("bin_sensor", "links = { ref = 'D2564' }"), "a bin_sensor stands at a place"),
        (fleet("pressure_logger"), "utility networks are not reckoned"),
        (fleet("water_meter", "placement = 'value'\ncount = 3"), "placement"),
    ],
)
def test_wrong_orders_are_one_line(tables, line):
    with pytest.raises(InputError, match=line) as error:
        model_of(tables, 0)
    assert "\n" not in str(error.value)


def test_pressure_and_heat_are_told_when_the_day_is_over_and_outages_take_what_they_should():
    pytest.importorskip("power_grid_model", reason="the extra 'utilities' is not installed")
    pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")
    heat = '[[modification]]\nkind = "district_heat"\nat = [7.401, 43.745]\n'
    lost = '[[modification]]\nkind = "substation_loss"\nzone = "la_turbie"\nfrom = "01:00"\nuntil = "03:00"\n'
    watch = "".join(fleet(kind) for kind in ("pressure_logger", "heat_meter", "feeder_monitor"))
    spec = scenario(f"{watch}{heat}{lost}").varied("utilities", True).varied("month", "2027-01")
    here = world()
    model = TwinModel(spec, rng=1, territory=here.territory, population=here.population, habits=here.habits)
    model.run_until(5 * HOUR_S)
    assert model.state.platform.visible("city", "pressure_logger", 1e9).n_rows == 0
    record = record_of(model)
    pressure, warm = rows(record, "pressure_logger"), rows(record, "heat_meter")
    assert pressure["phenomenon_time_s"].min() == 900.0
    assert (pressure["result_time_s"] > pressure["phenomenon_time_s"]).all()
    assert value(fleets.fleet_rmse, record, "pressure_logger") == pytest.approx(0.3, rel=0.15)
    assert warm["result"].max() > 1.0
    stations = rows(record, "feeder_monitor")
    dark = (stations["phenomenon_time_s"] > 1.5 * HOUR_S) & (stations["phenomenon_time_s"] <= 2.5 * HOUR_S)
    before = stations["phenomenon_time_s"] <= HOUR_S
    assert before.sum() > 0
    assert dark.sum() < 0.5 * before.sum(), "monitors on the mains are down with their station"
    down = record.fleets["feeder_monitor"].tally.n_down
    assert down.max() >= 4, "an hour or more of quarters that were not made"


def heard(more: str) -> float:
    """Mean share of packets of the village's bins that a gateway hears."""
    bins = next(each for each in model_of(fleet("bin_sensor", more), 0).fleets if each.name == "bin_sensor")
    return float(bins.table.heard.mean())


def test_more_gateways_hear_more_and_the_more_often_all_send_the_less_is_heard():
    one = heard("options = { gateways = 1 }")
    assert heard("options = { gateways = 3 }") > one + 0.02
    assert heard("options = { gateways = 1 }\ninterval_s = 900") < one


def test_fleets_of_two_owners_collide_on_the_same_air():
    tables = fleet("bin_sensor", "options = { gateways = 1 }\ninterval_s = 900")
    alone = heard("options = { gateways = 1 }\ninterval_s = 900")
    other = tables.replace('"bin_sensor"\nkind', '"rival"\nkind').replace('"city"', '"company"')
    both = next(each for each in model_of(tables + other, 0).fleets if each.name == "bin_sensor")
    assert both.table.heard.mean() < alone - 0.001


def test_the_more_vehicles_have_a_device_the_nearer_is_their_mean_to_that_of_all():
    """On streets and quarters of which even the fewest tell: elsewhere the few tell nothing at all."""
    told = []
    for share in (0.1, 0.7, 1.0):
        tables = f"[parameters]\n'sensing.equipped_share' = {share}\n"
        record = record_of(
            model_of(tables + fleet("bluetooth_reader", "noise = 0.0\nloss = 0.0"), 8 * HOUR_S)
        )
        mine = rows(record, "bluetooth_reader")
        columns = (mine[each].tolist() for each in ("datastream", "phenomenon_time_s", "result"))
        told.append({(link, at_s): shown for link, at_s, shown in zip(*columns, strict=True)})
    few, many, everybody = told
    assert 1.5 * len(few) < len(many) < len(everybody)
    wrong = [sum((each[cell] - everybody[cell]) ** 2 for cell in few) for each in (few, many)]
    assert 0.0 < wrong[1] < wrong[0]
