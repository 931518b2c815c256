"""The Riviera's networks without their substation, and in a storm: the order, in town and village."""

from __future__ import annotations

import time
from functools import cache

import numpy as np
import pytest

from tests.conftest import ROOT
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.utilities.failures.damages import Damages
from twin.utilities.failures.dispatch import BY_REPORT, RepairRules
from twin.utilities.failures.events import no_damages
from twin.utilities.failures.faults import Faults
from twin.utilities.failures.laid import laid_cascade, services
from twin.utilities.failures.storms import storm_damages, storm_gusts

LEDGER = Parameters.defaults()
MINUTE, HOUR = 60.0, 3_600.0
pytestmark = pytest.mark.one_interpreter("arithmetic on arrays over a whole territory, the same on each")


@cache
def riviera() -> Territory:
    return Territory.load(ROOT / "networks" / "riviera")


def substation_lost(work_h: float = 2.0) -> Damages:
    nodes = riviera().utilities.nodes
    names = nodes.node_id[nodes.kind == "hv_mv_substation"]
    n = len(names)
    begin, endless, work = np.full(n, 8 * HOUR), np.full(n, np.inf), np.full(n, work_h * HOUR)
    return Damages(names, begin, endless, work, np.full(n, "power"), np.full(n, "vandalism"))


def a_day(
    damages: Damages,
    parameters: Parameters = LEDGER,
    rules: RepairRules = BY_REPORT,
    seed: int = 1,
    n_steps: int = 1440,
    travel_min: float = 10.0,
) -> tuple[Faults, np.ndarray]:
    """The day stepped, and levels (n_steps, n_nodes) of the nodes."""
    layers = riviera().utilities
    faults, n_nodes = Faults(layers, parameters, seed, damages, None, rules), layers.nodes.n_nodes
    level = np.empty((n_steps, n_nodes), dtype=np.float32)
    for step in range(n_steps):
        all_of = faults.step(step * MINUTE, MINUTE, lambda origin, element, moment_s: travel_min * MINUTE)
        level[step] = all_of[:n_nodes]
    return faults, level


@cache
def lost() -> tuple[Faults, np.ndarray]:
    return a_day(substation_lost())


@pytest.mark.parametrize("focus", ["dense", "la_turbie"])
def test_without_the_substation_each_focus_falls_in_its_order_and_comes_back(focus):
    territory, (faults, level) = riviera(), lost()
    places, layers = territory.places, territory.utilities
    here = np.isin(places.zone, territory.zones.rows(focus, "test"))
    got = services(layers, places.place_id[here], level)
    (power,) = [each for each in faults.repairs.visits if each.crew.startswith("power")]
    back = int(np.ceil(power.done_at / MINUTE))
    assert (got.power[480:back] == 0.0).all()
    assert (got.power[back:] == 1.0).all()
    assert (got.fibre[480:back] == 0.0).all(), "the box at home has no power"
    covered = ~np.isnan(got.mobile[0])
    battery = round(LEDGER["utilities.site_battery_min"])
    assert covered.mean() > 0.9
    assert (got.mobile[480 : 480 + battery, covered] == 1.0).all()
    assert (got.mobile[480 + battery : back, covered] == 0.0).all()
    alone = round(LEDGER["utilities.restart_min"])
    assert (got.mobile[back + alone, covered] == 1.0).mean() > 0.5
    assert (got.water == 1.0).all(), "tanks last longer than two hours"
    assert (got.mobile[-1, covered] == 1.0).all()


def test_the_order_is_told_line_by_line():
    faults, _ = lost()
    lines = faults.story(MINUTE).lines()
    substation = lines[0]
    assert (substation.kind, substation.why, substation.at_s) == ("hv_mv_substation", "broken", 8 * HOUR)
    assert substation.crew.startswith("power crew")
    assert all(each.root_id == substation.element_id for each in lines), "one damage is behind it all"
    first = {kind: min(each.at_s for each in lines if each.kind == kind) for kind in {x.kind for x in lines}}
    assert first["station"] == first["pump"] == 8 * HOUR
    assert first["site"] == 8 * HOUR + LEDGER["utilities.site_battery_min"] * MINUTE
    assert "exchange" not in first, "its battery lasts"
    sites = [each for each in lines if each.kind == "site"]
    assert all(each.why == "no power" and each.cause_id.startswith("power:") for each in sites)
    rounds = {kind: {each.round for each in lines if each.kind == kind} for kind in ("mv_trunk", "pump")}
    assert max(rounds["mv_trunk"]) < min(rounds["pump"]), "who needs power falls after what brings it"
    by_hand = [each for each in sites if each.crew.startswith("telecom")]
    alone = [each for each in sites if not each.crew.startswith("telecom")]
    restart = LEDGER["utilities.restart_min"] * MINUTE
    assert by_hand, "some do not start alone"
    assert {each.restored_s for each in alone} == {substation.restored_s + restart}
    assert min(each.restored_s for each in by_hand) > substation.restored_s + restart
    visits = sorted(each.arrived_at for each in faults.repairs.visits if each.crew.startswith("telecom"))
    assert len(visits) == len(by_hand), "one technician a site"
    texts = faults.story(MINUTE).texts()
    assert "hv_mv_substation" in texts[0]
    assert texts[0].startswith("08:00:00")
    assert "down: broken (vandalism)" in texts[0]


def test_as_many_sites_restart_alone_as_the_press_counted():
    layers = riviera().utilities
    site = layers.nodes.kind == "site"
    alone = [
        np.isfinite(
            laid_cascade(layers, LEDGER, seed, crews=True).elements.restart_s[: len(site)][site]
        ).mean()
        for seed in range(1, 9)
    ]
    assert 0.75 < np.mean(alone) < 0.9, "80 to 85 % after a cut of two hours"


def test_endless_batteries_never_lose_more_and_short_ones_lose_more():
    endless = {"utilities.site_battery_min": 240, "utilities.exchange_battery_h": 24}
    short = {"utilities.site_battery_min": 0, "utilities.exchange_battery_h": 1}
    short_s, endless_s = (LEDGER.replaced(each, "here") for each in (short, endless))
    levels = [a_day(substation_lost(), each, n_steps=900)[1] for each in (short_s, endless_s)]
    known = lost()[1][:900]
    assert (levels[1] >= known).all()
    assert levels[0].sum() < known.sum() < levels[1].sum()


def test_jammed_streets_keep_everybody_waiting_longer():
    damages = storm_damages(riviera().utilities, storm_gusts(40.0, 4.0, 6.0), LEDGER, 1, 8)
    free, jammed = (a_day(damages, n_steps=600, travel_min=each)[1].sum() for each in (5.0, 60.0))
    assert jammed < free


def test_a_storm_of_twenty_events_with_crews_and_a_calm_day_are_quick():
    began = time.process_time()
    faults, level = a_day(storm_damages(riviera().utilities, storm_gusts(40.0, 14.0, 8.0), LEDGER, 1, 20))
    storm_s = time.process_time() - began
    began = time.process_time()
    _, calm = a_day(no_damages())
    calm_s = time.process_time() - began
    assert (faults.damages.cause == "storm").sum() == 20
    assert faults.repairs.visits
    assert (level < 0.5).any()
    assert (calm == 1.0).all()
    assert storm_s < 60.0, "seconds of a processor; two or three where nothing else runs"
    assert calm_s < 10.0
