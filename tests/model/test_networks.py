"""Utility networks in the model: nothing changes without them, and what fails is felt where it should be."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import networkx as nx
import numpy as np
import pytest

from tests.indicators.small_day import small_day
from tests.model.network_days import BY_HAND, ENDLESS, MORNING, QUIET, day, model_of, same_traffic
from tests.model.test_phases import changed_groups, columns
from tests.model.village import world
from tests.study.stand_in import small_scenario
from twin.errors import InputError
from twin.indicators.powered_times import powered_of
from twin.model.crew_roads import DEPOT, CrewRoads
from twin.model.phases import FAIL
from twin.model.record import record_of
from twin.model.state import Access
from twin.study.digests import truth_digest
from twin.study.network_tables import network_tables
from twin.study.results import Result
from twin.territory.utilities.tables import TELECOM

pytest.importorskip("power_grid_model", reason="the extra 'utilities' is not installed")
pytest.importorskip("epanet", reason="the extra 'utilities' is not installed")


@cache
def breaking() -> str:
    """What hosts calculators is down from 6 to 10, a station broken from 11 on until it is mended."""
    layers = world().territory.utilities
    host = layers.nodes.node_id[layers.nodes_of("hosted", TELECOM)["calculators"]]
    names = f'"{host}"'
    kind = '[[modification]]\nkind = "element_failure"\n'
    return (
        f'{kind}element = [{names}]\nfrom = "06:00"\nuntil = "10:00"\n'
        f'{kind}element = "{station()}"\nfrom = "11:00"\n'
    )


def station() -> str:
    """A transformer station of the village."""
    nodes = world().territory.utilities.nodes
    return str(nodes.node_id[nodes.kind == "station"][3])


def test_networks_to_which_nothing_happens_change_no_trip_and_lose_nothing():
    plain, reckoned = day(""), day(QUIET)
    assert plain.utilities is None
    assert same_traffic(plain, reckoned)
    found = reckoned.utilities
    assert found is not None
    assert len(found.begin_step) == 1
    assert found.asked_kw.sum() > 0.0
    assert np.allclose(found.served_kw, found.asked_kw)
    assert np.allclose(found.served_lps, found.asked_lps, rtol=1e-3, atol=1e-6)
    assert len(found.failures) == 0
    assert truth_digest(plain) != truth_digest(reckoned), "what networks did is in the digest"


@pytest.mark.one_interpreter("lives more days with networks, of which one is lived on each")
def test_a_day_lived_again_by_more_threads_is_the_same_to_its_digest():
    again = model_of(MORNING)
    again.threads = 2
    again.run_day()
    assert truth_digest(record_of(again)) == truth_digest(day(MORNING))


def test_what_networks_did_is_kept_in_the_folder_of_a_result(tmp_path):
    record = day(MORNING)
    found, tables = record.utilities, network_tables(record)
    assert found is not None
    assert set(tables) == {f"network_{each}" for each in ("damages", "visits", "places", "quarters")}
    small = Result.of_day(small_day(), small_scenario(tmp_path))
    replace(small, networks=tables).save(tmp_path / "run")
    kept = Result.load(tmp_path / "run").networks
    places, quarters = kept["network_places"], kept["network_quarters"]
    assert places["asked_kwh"].sum() == pytest.approx(found.asked_kw.sum() / 4.0, rel=1e-5)
    assert quarters["served_kw"].sum() == pytest.approx(found.served_kw.sum(), rel=1e-5)
    lost = places["without_power_min"].to_numpy()
    assert np.isclose(lost[np.isfinite(lost)], 210.0).all(), "three hours and a half"
    assert len(kept["network_damages"]) >= 1


def test_every_balance_of_every_quarter_closes_in_what_fails_too():
    found = day(MORNING).utilities
    assert found is not None
    assert set(found.balance) >= {"power", "water"}
    for name, off in found.balance.items():
        assert len(off) == 120, name
        assert off.max() <= 1e-5, name


def test_without_a_substation_sites_fall_after_their_battery_and_the_calculator_goes_blind():
    lit, dark = day(""), day(MORNING)
    found = dark.utilities
    assert found is not None
    mobile, begin = found.share["mobile"], found.edges_s
    at = np.flatnonzero((mobile == 0).all(axis=1))
    assert begin[at[0]] == (6.5 * 3_600.0 + 25 * 60.0), "25 minutes of battery"
    for name in lit.providers:
        quiet = _traces(dark, name, 7.25, 10.0), _traces(lit, name, 7.25, 10.0)
        assert quiet[1] > 100
        assert quiet[0] == 0, "no phone has a site to send by"
        assert _traces(dark, name, 0.0, 6.5) == _traces(lit, name, 0.0, 6.5)
    assert lit.guided.sum() > 10
    assert dark.guided.sum() < 0.5 * lit.guided.sum(), "who gets no advice follows none"
    counted = [_counts(each, 7.25, 9.75) for each in (dark, lit)]
    assert counted[0] == 0
    assert counted[1] > 0


@pytest.mark.one_interpreter("lives more days with networks, of which one is lived on each")
def test_endless_batteries_leave_the_calculator_its_sight_and_never_lose_more():
    few, endless, lit = day(MORNING), day(MORNING + ENDLESS), day("")
    assert few.utilities is not None
    assert endless.utilities is not None
    assert same_traffic(endless, lit), "the village has no signal; phones and sites work"
    for name in ("power", "water", "mobile", "fibre"):
        lost = [(each.lasts_s @ each.lost(name)).sum() for each in (few.utilities, endless.utilities)]
        assert lost[1] <= lost[0]
    assert (endless.utilities.share["mobile"] == 100).all()


@pytest.mark.one_interpreter("lives more days with networks, of which one is lived on each")
def test_chargers_stand_still_where_there_is_no_power():
    dark, lit = day(MORNING), day("")
    powered = powered_of(dark.utilities)
    assert powered
    hour = 3_600_000
    within = [
        np.isin(each.charging.place, list(powered))
        & (each.charging.start_ms < 10 * hour)
        & (each.charging.end_ms > 6.5 * hour)
        for each in (dark, lit)
    ]
    assert not within[0].any()
    assert within[1].any()
    later = [each.charging.kwh[each.charging.start_ms >= 10 * hour].sum() for each in (dark, lit)]
    assert later[0] > later[1], "what was not charged then is charged when power is back"


@pytest.mark.one_interpreter("lives more days with networks, of which one is lived on each")
def test_what_breaks_is_reported_and_mended_by_a_crew_that_has_driven_there():
    record = day(breaking())
    found = record.utilities
    assert found is not None
    (visit,) = np.flatnonzero(found.visits.element_id == station()).tolist()
    at_s, done_s = 11 * 3_600.0, found.visits.done_s[visit]
    assert at_s < found.visits.leaves_s[visit] < found.visits.arrives_s[visit] < done_s
    (fell,) = np.flatnonzero(found.failures.element_id == station()).tolist()
    assert found.failures.why[fell] == "broken"
    assert found.failures.restored_s[fell] == pytest.approx(done_s, abs=120.0)
    assert found.failures.crew[fell] == found.visits.crew[visit]
    assert found.served_kw.sum() < found.asked_kw.sum()


@pytest.mark.one_interpreter("lives more days with networks, of which one is lived on each")
def test_a_data_centre_that_is_down_blinds_whoever_stands_in_it():
    record = day(breaking())
    found = record.utilities
    assert found is not None
    for name in record.providers:
        assert found.calculator_down[name][26:38].all()
        assert not found.calculator_down[name][44:].any()
    departs_h = record.departed_ms / 3.6e6
    out = record.guided & (departs_h > 6.5) & (departs_h < 9.0)
    assert out.sum() < (day("").guided & (departs_h > 6.5) & (departs_h < 9.0)).sum()


@pytest.mark.one_interpreter("lives more days with networks, of which one is lived on each")
def test_what_stands_ready_is_handed_to_those_who_mend():
    networks = model_of(
        MORNING + BY_HAND + '[[modification]]\nkind = "crews"\nnumber = 3\nskills = "power"\n'
    ).networks
    assert networks is not None
    assert networks.orders.rules.manual_fallback
    assert networks.day.faults.repairs.crews.skill.tolist() == ["power"] * 3
    alone = model_of(MORNING).networks
    assert alone is not None
    assert not alone.orders.rules.manual_fallback


def test_crews_take_the_quickest_way_by_what_links_take_now():
    model = model_of(MORNING)
    model.run_until(8 * 3_600 + 1_800)
    roads = CrewRoads(model)
    access = Access(model.state, "fail", frozenset({"loader", "log", "supply", "utilities"}))
    roads.begin(access, model.now_s)
    streets = model.territory.streets
    stations = np.flatnonzero(model.territory.utilities.nodes.kind == "station")[:4].tolist()
    took = {(a, b): roads.travel_s(a, b, 0.0) for a in [DEPOT, *stations] for b in stations}
    graph = nx.DiGraph()
    graph.add_weighted_edges_from(
        (int(streets.tail[k]), int(streets.head[k]), int(roads.now_ms[k])) for k in _best(roads, streets)
    )
    for (a, b), seconds in took.items():
        origin = roads.depot if a == DEPOT else int(roads.link_of_element[a])
        to = int(roads.link_of_element[b])
        if origin == to:
            continue
        between = nx.shortest_path_length(graph, int(streets.head[origin]), int(streets.tail[to]), "weight")
        ends = (roads.now_ms[origin] + roads.now_ms[to]) / 2.0
        assert seconds >= (between + ends) / 1_000.0 - 1e-6, "no way is quicker than one without banned turns"
        assert seconds <= 2.0 * (between + ends) / 1_000.0 + 60.0
        assert seconds >= roads.expected_s(a, b, 0.0) - 1e-6, "jams never make a way quicker than free flow"
    assert (roads.now_ms > roads.free_ms).any()


def test_crews_are_slower_where_lamps_are_out_at_night():
    model = model_of(MORNING.replace("06:30", "20:00").replace("10:00", "23:00"))
    model.run_until(21 * 3_600)
    access = Access(model.state, "fail", frozenset({"loader", "log", "supply", "utilities"}))
    lit, dark = CrewRoads(model), CrewRoads(model)
    unlit = model.state.utilities.unlit.copy()
    assert unlit.all()
    dark.begin(access, model.now_s)
    (station,) = np.flatnonzero(model.territory.utilities.nodes.kind == "station")[5:6].tolist()
    slow = dark.travel_s(DEPOT, station, 0.0)
    model.state.utilities.unlit[:] = False
    lit.begin(access, model.now_s)
    assert slow == pytest.approx(lit.travel_s(DEPOT, station, 0.0) / 0.8, rel=1e-2)
    assert not lit.is_dark(12 * 3_600.0)
    assert lit.is_dark(29 * 3_600.0)


def test_the_phase_of_failures_changes_what_it_declares_and_no_more():
    model = model_of(MORNING)
    model.run_until(6 * 3_600)
    ever: set[str] = set()
    for _ in range(14):
        for phase in model.phases:
            was = columns(model.state) if phase is FAIL else {}
            phase.run(model, Access(model.state, phase.name, phase.reads | phase.writes), model.now_s)
            ever |= changed_groups(was, columns(model.state)) if phase is FAIL else set()
        model.now_s += model.step_s
    assert model.phases[0] is FAIL
    assert ever == {"utilities"}, "no data centre is down, so that servers answer"
    assert FAIL.writes == {"utilities", "servers"}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('kind = "element_failure"\nelement = "nowhere"\n', "no such utility element"),
        ('kind = "substation_loss"\nsubstation = "nowhere"\n', "no substation 'nowhere'"),
        ('kind = "substation_loss"\nplace = "nowhere"\n', "no place 'nowhere'"),
        ('kind = "substation_loss"\nzone = "nowhere"\n', "no zone 'nowhere'"),
        ('kind = "crews"\ndepot = "nowhere"\n', "no place 'nowhere'"),
        ('kind = "rotating_cuts"\nuntil = "09:00"\nspared = "nowhere"\n', "no place 'nowhere'"),
    ],
)
def test_what_is_not_on_the_territory_is_one_line(text, what):
    with pytest.raises(InputError) as caught:
        model_of("[[modification]]\n" + text)
    assert what in str(caught.value)
    assert "\n" not in str(caught.value)


def _best(roads: CrewRoads, streets) -> list[int]:
    """Of links side by side the quickest."""
    best: dict[tuple[int, int], int] = {}
    for k in range(streets.n_links):
        ends = int(streets.tail[k]), int(streets.head[k])
        if ends not in best or roads.now_ms[k] < roads.now_ms[best[ends]]:
            best[ends] = k
    return list(best.values())


def _observed(record, dataset: str, from_h: float, until_h: float) -> int:
    rows = record.observations
    of = rows["dataset"] == record.datasets.index(dataset)
    at = rows["phenomenon_time_s"]
    return int((of & (at > from_h * 3_600.0) & (at < until_h * 3_600.0)).sum())


def _traces(record, provider: str, from_h: float, until_h: float) -> int:
    return _observed(record, record.probe_datasets[provider], from_h, until_h)


def _counts(record, from_h: float, until_h: float) -> int:
    return _observed(record, "counters", from_h, until_h)
