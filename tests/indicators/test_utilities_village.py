"""What the people of a real village lose when its substation fails: batteries, skills, stores, paper."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.indicators.small_day import small_day
from tests.indicators.utility_days import utilities_record
from twin.clock import MS
from twin.indicators.focus import Focus, every_focus
from twin.indicators.records import DayRecord
from twin.indicators.utilities_coping import LOSSES, PROCEDURES, PersonHours, person_hours
from twin.indicators.utilities_networks import resilience_triangle, saidi
from twin.indicators.utilities_people import by_group, total_lost
from twin.population.synthesis import synthesise
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.utilities.failures.cascade import run
from twin.utilities.failures.laid import laid_cascade, outage, services

pytestmark = pytest.mark.one_interpreter("sums over one population that is drawn alike on each")

LEDGER = Parameters.defaults()
HOUR_S, STEP_S = 3_600.0, 300.0
N_STEPS = round(30 * HOUR_S / STEP_S)
BEGIN_H, END_H = 10, 16
AS_LAID, NO_STORE, ENDLESS = 1.0, 0.0, np.inf


@pytest.fixture(scope="module")
def plain() -> DayRecord:
    """A day on which everybody goes when planned, and cars take ten minutes."""
    folder = ROOT / "networks" / "la_turbie_crop"
    territory = Territory.load(folder)
    population = synthesise(territory, folder / "population.toml", LEDGER, seed=1)
    trips = population.trips
    departed_ms = np.rint(trips.depart_s * MS).astype(np.int64)
    lasts_s = np.where(np.isnan(trips.duration_s), 600.0, trips.duration_s)
    arrived_ms = departed_ms + np.rint(lasts_s * MS).astype(np.int64)
    return replace(
        small_day(), territory=territory, population=population, parameters=LEDGER, departed_ms=departed_ms,
        arrived_ms=arrived_ms,
    )  # fmt: skip


def after_the_loss(
    plain: DayRecord, stores: float = AS_LAID, fallback: bool = False, **rows: Any
) -> DayRecord:
    """The same day without its substation from ten until four, with stores times a factor."""
    ledger = LEDGER.replaced({f"indicators.{name}": value for name, value in rows.items()}, "here")
    layers = plain.territory.utilities
    cascade = laid_cascade(layers, LEDGER, 1)
    store_s = cascade.elements.store_s
    kept = np.zeros_like(store_s)
    kept[store_s > 0.0] = store_s[store_s > 0.0] * stores
    cascade.elements = replace(cascade.elements, store_s=kept)
    cascade.left_s = kept.copy()
    substations = layers.nodes.node_id[layers.nodes.kind == "hv_mv_substation"]
    broken = {str(name): (BEGIN_H * HOUR_S, END_H * HOUR_S) for name in substations}
    level = run(cascade, outage(layers, broken, N_STEPS, STEP_S), STEP_S)
    got = services(layers, plain.territory.places.place_id, level)
    shares = {name: getattr(got, name) for name in ("power", "water", "heat", "fibre", "mobile")}
    day = utilities_record(plain.territory.places.place_id, shares, STEP_S, manual_fallback=fallback)
    made = replace(plain, utilities=day, parameters=ledger)
    vars(made)["access"] = plain.access
    return made


def hours(record: DayRecord) -> PersonHours:
    assert record.utilities is not None
    return person_hours(record, record.utilities)


def test_endless_batteries_never_lose_more_to_anybody(plain: DayRecord) -> None:
    none, laid, endless = (hours(after_the_loss(plain, stores)) for stores in (NO_STORE, AS_LAID, ENDLESS))
    for name in LOSSES:
        assert (laid.lost[name] <= none.lost[name] + 1e-9).all(), name
        assert (endless.lost[name] <= laid.lost[name] + 1e-9).all(), name
    assert endless.lost["mobile"].sum() == 0.0, "sites go on, and a phone lasts ten hours"
    assert 0.0 < laid.lost["mobile"].sum() < none.lost["mobile"].sum()
    assert endless.lost["power"].sum() == pytest.approx(laid.lost["power"].sum()), "nobody stores power here"


def test_the_whole_village_is_without_power_for_six_hours(plain: DayRecord) -> None:
    record = after_the_loss(plain)
    village = next(each for each in every_focus(record.territory) if each.name == "la_turbie")
    assert saidi(record, village)[0].value == pytest.approx(360.0)
    curve = {each.group: each.value for each in resilience_triangle(record, village)}
    assert curve["service:power"] == pytest.approx(6.0)
    # sites last 25 minutes, and take ten to restart alone or as long as it takes somebody to come
    assert 5.5 < curve["service:mobile"] < 12.0
    assert curve["service:water"] == 0.0, "its tank lasts"


def test_groups_lose_unlike(plain: DayRecord) -> None:
    """Those who stay at home lose as much of power; who does nothing online loses none of it."""
    record = after_the_loss(plain)
    whole, found = Focus("all", ()), hours(record)
    procedures = by_group(record, whole, found.lost[PROCEDURES], per_head=True)
    assert procedures["skill:advanced"] > 0.0
    fibre = by_group(record, whole, found.exposed["fibre"], per_head=True)
    bridged = by_group(record, whole, found.bridged["phone instead of line"], per_head=True)
    rate = [
        bridged[f"skill:{each}"] / fibre[f"skill:{each}"] for each in ("none", "weak", "basic", "advanced")
    ]
    assert rate == sorted(rate)
    total = by_group(record, whole, total_lost(found))
    assert sum(value for group, value in total.items() if group.startswith("age:")) == pytest.approx(
        total[""]
    )


@pytest.mark.parametrize(
    ("row", "less", "more", "service"),
    [
        ("phone_battery_h", 4.0, 24.0, "mobile"),
        ("phone_for_line_by_skill", [0.0] * 4, [1.0] * 4, "fibre"),
        ("counter_for_app_share", 0.0, 1.0, PROCEDURES),
    ],
)
def test_whatever_is_done_instead_takes_something_off(
    plain: DayRecord, row: str, less: Any, more: Any, service: str
) -> None:
    """On paper, so that there are counters to go to; phones matter as long as their sites stand."""
    stores = ENDLESS if service == "mobile" else AS_LAID
    few, many = (
        hours(after_the_loss(plain, stores, fallback=True, **{row: value})) for value in (less, more)
    )
    assert (many.lost[service] <= few.lost[service] + 1e-9).all()
    assert many.lost[service].sum() < few.lost[service].sum()


def test_paper_at_counters_takes_something_off_and_nothing_elsewhere(plain: DayRecord) -> None:
    plain_hours, paper = hours(after_the_loss(plain)), hours(after_the_loss(plain, fallback=True))
    assert paper.lost[PROCEDURES].sum() < plain_hours.lost[PROCEDURES].sum()
    for name in LOSSES[:-1]:
        assert paper.lost[name].tolist() == plain_hours.lost[name].tolist()


def test_stores_of_water_and_cars_matter_once_the_tank_is_empty(plain: DayRecord) -> None:
    dry = [
        hours(after_the_loss(plain, NO_STORE, stored_water_l=litres, neighbour_helps=helps)).lost["water"]
        for litres, helps in ((0.0, 0.0), (9.0, 0.0), (0.0, 1.0))
    ]
    assert dry[0].sum() > 0.0
    assert dry[1].sum() < dry[0].sum()
    assert dry[2].sum() == pytest.approx(dry[0].sum()), "all is dry at once: there is none to fetch"
