"""Faults, reports, crews, switching and the cascade together, on a network small enough to follow by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.territory.utility_worlds import towns
from tests.utilities.ring_worlds import ring
from twin.scenario.ledger import Parameters
from twin.territory.utilities.layers import lay_utilities
from twin.territory.utilities.observed import ObservedElements
from twin.territory.utilities.tables import Utilities
from twin.utilities.failures.crews import crews_of
from twin.utilities.failures.damages import Damages, join_damages, no_damages
from twin.utilities.failures.dispatch import BY_REPORT, RepairRules
from twin.utilities.failures.events import HARMED, physical_damage, planned_works, rotating_cuts
from twin.utilities.failures.faults import Faults
from twin.utilities.failures.inventory import inventory_of

pytestmark = pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")

LEDGER = Parameters.defaults()
MINUTE, HOUR = 60.0, 3_600.0
RING = ring(2, 3, ((2, 5),))
KNOWN = inventory_of(RING)


def broken(*rows: tuple[str, float, float], skill: str = "power") -> Damages:
    names, at_s, work_s = (np.array(each) for each in zip(*rows, strict=True))
    n = len(rows)
    texts = np.full(n, skill), np.full(n, "storm")
    return join_damages(Damages(names, at_s.astype(float), np.full(n, np.inf), work_s.astype(float), *texts))


def lived(
    damages: Damages,
    rules: RepairRules = BY_REPORT,
    parameters: Parameters = LEDGER,
    n_steps: int = 720,
    seed: int = 1,
    layers: Utilities = RING,
) -> tuple[Faults, np.ndarray]:
    faults = Faults(layers, parameters, seed, damages, None, rules)
    level = [
        faults.step(step * MINUTE, MINUTE, lambda origin, element, moment_s: 600.0) for step in range(n_steps)
    ]
    return faults, np.array(level)


def dark(level: np.ndarray, name: str) -> list[int]:
    return np.flatnonzero(level[:, KNOWN.row_of[name]] < 0.5).tolist()


def test_nothing_happens_on_a_day_without_damage():
    faults, level = lived(no_damages())
    ties = KNOWN.kind == "mv_tie"
    assert (level[:, ~ties] == 1.0).all()
    assert faults.cascade.falls == []
    assert faults.repairs.visits == []
    assert faults.story(MINUTE).texts() == []
    assert (faults.carrying == ~ties).all()


def test_an_alarm_a_crew_and_a_visit_follow_a_fault_line_by_line():
    faults, level = lived(broken(("c1", HOUR, 2 * HOUR)))
    (visit,) = faults.repairs.visits
    assert visit.told_at == HOUR + 2 * MINUTE, "the alarm is polled"
    assert visit.arrived_at == visit.left_at + 600.0
    assert visit.done_at == visit.arrived_at + 2 * HOUR
    assert dark(level, "h2") == list(range(60, 65))
    assert dark(level, "c1") == list(range(60, 192))
    lines = faults.story(MINUTE).lines()
    order = [
        (each.at_s, each.element_id, each.why) for each in lines if each.element_id in ("c0", "c1", "h2")
    ]
    assert order == [(HOUR, "c0", "switched off"), (HOUR, "c1", "broken"), (HOUR, "h2", "not reached")]
    told = {each.element_id: each for each in lines}
    assert [told[name].cause_id for name in ("c0", "h0", "h2")] == ["c1", "c0", "c1"], (
        "the nearest that fails"
    )
    assert [told[name].root_id for name in ("c0", "h0", "h2")] == ["c1", "c1", "c1"], "where it began"
    assert told["c1"].restored_s == visit.done_at
    assert (told["c1"].crew, told["h2"].crew) == ("power crew 1", ""), "switching brought the house back"
    assert faults.story(MINUTE).texts() == [
        "01:00:00 mv_trunk c0 down: switched off: fault on mv_cable c1",
        "01:00:00 mv_cable c1 down: broken (storm)",
        "01:00:00 3 lv_cable, 3 lv_node, 1 mv_cable, 3 station not reached by power, because of mv_cable c1",
        "01:02:00 power crew 1 leaves for mv_cable c1, arrives 01:12:00, is done 03:12:00",
        "01:05:00 mv_trunk c0 closed from afar: mv_cable c1 is isolated",
        "01:05:00 mv_tie t0 closed from afar: mv_cable c1 is isolated",
        "01:05:00 3 lv_cable, 3 lv_node, 1 mv_cable, 3 station back, because of mv_cable c1",
        "03:12:00 mv_cable c1 works again after power crew 1 came",
    ]


def test_without_telecom_a_fault_is_learned_of_by_calls_switched_by_the_crew_and_mended_later():
    """The exchange is down from the beginning: no alarm, no switching from afar, and no mobile site."""
    cut = broken(("exchange", 0.0, 30 * HOUR), skill="telecom")
    faults, level = lived(join_damages(cut, broken(("c1", 2 * HOUR, 2 * HOUR))))
    visit = next(each for each in faults.repairs.visits if each.element_id == "c1")
    patrol, late = LEDGER["utilities.patrol_h"] * HOUR, LEDGER["utilities.late_dispatch_min"] * MINUTE
    assert visit.told_at == pytest.approx(2 * HOUR + patrol + late), "nobody can call"
    assert visit.left_at == visit.told_at
    spot = (visit.arrived_at + LEDGER["utilities.isolate_min"] * MINUTE) / MINUTE
    assert dark(level, "h2") == list(range(120, int(np.ceil(spot)))), "isolated by the crew on the spot"
    texts = faults.story(MINUTE).texts()
    assert any("hv_mv_substation sub is no longer watched and switched from afar" in each for each in texts)
    assert any("mv_tie t0 closed by hand" in each for each in texts)


def test_with_a_manual_fallback_the_same_event_costs_less():
    cut = broken(("exchange", 0.0, 30 * HOUR), skill="telecom")
    event = join_damages(cut, broken(("c1", 2 * HOUR, 2 * HOUR)))
    _, digital = lived(event)
    _, by_hand = lived(event, RepairRules(manual_fallback=True))
    houses = KNOWN.kind == "lv_node"
    assert by_hand[:, houses].sum() > digital[:, houses].sum()
    assert len(dark(by_hand, "h2")) == 5


def test_low_voltage_is_learned_of_by_calls_while_phones_work():
    faults, _ = lived(broken(("l1", HOUR, HOUR)))
    (visit,) = faults.repairs.visits
    assert HOUR < visit.told_at < HOUR + LEDGER["utilities.patrol_h"] * HOUR, "one house calls"
    cut = broken(("f1", 0.0, 30 * HOUR), skill="telecom")  # the site is cut off, and the house has no power
    faults, _ = lived(join_damages(cut, broken(("l1", HOUR, HOUR))))
    silent = next(each for each in faults.repairs.visits if each.element_id == "l1")
    assert silent.told_at == HOUR + LEDGER["utilities.patrol_h"] * HOUR


def test_what_lies_behind_a_dead_station_is_learned_of_when_it_lives_again():
    both = join_damages(broken(("s1", HOUR, HOUR)), broken(("l1", HOUR, HOUR)))
    faults, _ = lived(both)
    station, house = (
        next(each for each in faults.repairs.visits if each.element_id == name) for name in ("s1", "l1")
    )
    assert station.told_at < HOUR + 10 * MINUTE
    assert house.told_at > station.done_at, "who calls has no power for another reason until then"


@given(towns(heights=True), st.integers(1, 3), st.sampled_from(sorted(HARMED)))
@settings(max_examples=12, deadline=None)
def test_any_town_lives_through_any_damage(town, n, cause):
    layers = lay_utilities((town.streets, town.places, town.zones), ObservedElements(), LEDGER)
    damages = physical_damage(layers, LEDGER, 1, cause, np.arange(n) * 5.0 * MINUTE)
    faults = Faults(layers, LEDGER, 1, damages, rules=RepairRules("critical"))
    for step in range(40):
        level = faults.step(step * MINUTE, MINUTE)
        assert ((level >= 0.0) & (level <= faults.repairs.health)).all()
    fell = {each.element_id for each in faults.story(MINUTE).lines()}
    assert set(damages.element_id.tolist()) <= fell
    assert all(each.root_id in set(damages.element_id.tolist()) for each in faults.story(MINUTE).lines())


def test_works_and_cuts_end_by_themselves_and_nobody_drives():
    works = planned_works(RING, {"c4": (HOUR, 3 * HOUR)})
    cuts = rotating_cuts(RING, LEDGER, 1, (5 * HOUR, 7 * HOUR), 0.5)
    faults, level = lived(join_damages(works, cuts))
    assert faults.repairs.visits == []
    head = str(cuts.element_id[0])
    row = 0 if head == "c0" else 3
    assert dark(level, f"h{row}") == list(range(300, 420))
    assert dark(level, "h5") == (list(range(300, 420)) if row == 3 else []), "fed over the tie during works"
    why = {each.element_id: each.why for each in faults.story(MINUTE).lines()}
    assert why["c4"] == why[head] == "switched off"
    assert any("rotating cut" in each for each in faults.story(MINUTE).texts())


def test_a_site_that_does_not_start_alone_waits_for_a_crew():
    never = LEDGER.replaced({"utilities.restart_alone": 0.0}, "here")
    cut = broken(("l0", HOUR, HOUR))  # the house of the site, and of the exchange
    for parameters, needs_crew in (
        (never, True),
        (LEDGER.replaced({"utilities.restart_alone": 1.0}, "x"), False),
    ):
        faults, level = lived(cut, parameters=parameters)
        power = next(each for each in faults.repairs.visits if each.element_id == "l0")
        visits = [each for each in faults.repairs.visits if each.element_id == "site"]
        gone = dark(level, "site")
        assert gone[0] == 60 + LEDGER["utilities.site_battery_min"]
        assert bool(visits) == needs_crew
        if needs_crew:
            assert visits[0].crew == "telecom crew 1"
            assert visits[0].told_at >= power.done_at
            assert gone[-1] == np.ceil(visits[0].done_at / MINUTE), "it starts in the step after"
            line = next(each for each in faults.story(MINUTE).lines() if each.element_id == "site")
            assert line.crew == "telecom crew 1"
        else:
            assert gone[-1] < power.done_at / MINUTE + 22, "the exchange restarts first"


def test_nobody_comes_where_there_is_no_crew():
    none = replace(
        crews_of(LEDGER), **{name: column[:0] for name, column in crews_of(LEDGER).columns().items()}
    )
    faults = Faults(RING, LEDGER, 1, broken(("l1", 0.0, HOUR)), none)
    level = [faults.step(step * MINUTE, MINUTE) for step in range(600)]
    assert faults.repairs.visits == []
    assert all(each[KNOWN.row_of["h1"]] == 0.0 for each in level)


@given(st.data())
@settings(max_examples=5, deadline=None)
def test_the_order_of_rows_changes_no_day(data):
    """Edges and damages in another order, the same falls by id."""
    names = data.draw(
        st.lists(st.sampled_from(KNOWN.element_id.tolist()), min_size=1, max_size=4, unique=True)
    )
    damages = broken(*((name, 300.0 * (row + 1), HOUR) for row, name in enumerate(names)))
    edges = RING.edges
    order = data.draw(st.permutations(range(edges.n_edges)))
    columns = {
        name: column[list(order)] if len(column) == edges.n_edges else column
        for name, column in edges.columns().items()
    }
    mixed = replace(RING, edges=replace(edges, **columns))
    back = Damages(**{name: column[::-1] for name, column in damages.columns().items()})
    plain, other = lived(damages, n_steps=300), lived(back, n_steps=300, layers=mixed)
    to = [other[0].known.row_of[name] for name in KNOWN.element_id.tolist()]
    assert (other[1][:, to] == plain[1]).all()
    assert sorted(each.element_id for each in other[0].repairs.visits) == sorted(
        each.element_id for each in plain[0].repairs.visits
    )
