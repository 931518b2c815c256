"""What happens to elements: by age and length, by the wind, by works and cuts; ids decide, not rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.utilities.ring_worlds import ring
from twin.errors import InputError
from twin.scenario.ledger import Parameters
from twin.territory.territory import Territory
from twin.territory.utilities.tables import Utilities
from twin.utilities.failures.ageing import failures_per_year
from twin.utilities.failures.damages import Damages, damages_of, join_damages, no_damages
from twin.utilities.failures.events import (
    feeder_of_places,
    physical_damage,
    planned_works,
    random_failures,
    rotating_cuts,
)
from twin.utilities.failures.inventory import inventory_of
from twin.utilities.failures.sorts import dense_of, overhead_of, sorts_of
from twin.utilities.failures.storms import chance_broken, read_gusts, storm_damages, storm_gusts

pytestmark = pytest.mark.one_interpreter("arithmetic over arrays that no interpreter changes")

LEDGER = Parameters.defaults()
HOUR = 3_600.0
RING = ring(3, 4)


@pytest.fixture(scope="module")
def riviera() -> Utilities:
    return Territory.load(ROOT / "networks" / "riviera").utilities


def rows_of(damages: Damages) -> set[tuple[str, float]]:
    return set(zip(damages.element_id.tolist(), damages.at_s.tolist(), strict=True))


def turned(layers: Utilities) -> Utilities:
    """The same layers with the edges in another order."""
    edges = layers.edges
    columns = {
        name: column[::-1] if len(column) == edges.n_edges else column
        for name, column in edges.columns().items()
    }
    return replace(layers, edges=replace(edges, **columns))


def test_each_sort_fails_as_often_as_the_ledger_says(riviera):
    known = inventory_of(riviera)
    yearly, sorts = failures_per_year(riviera, LEDGER), sorts_of(known)
    air = overhead_of(riviera, known, LEDGER)
    cables = (sorts == "mv_line") & (known.length_m > 0.0) & ~air
    km = known.length_m[cables].sum() / 1000.0
    assert yearly[cables].sum() / km == pytest.approx(0.03, rel=0.1), "ages even out"
    hung = air & (known.length_m > 0.0)
    assert yearly[hung].sum() / known.length_m[hung].sum() * 1000.0 == pytest.approx(0.08, rel=0.15)
    mains = (sorts == "main") & (known.length_m > 0.0)
    shares, breaks = LEDGER["utilities.main_materials"], LEDGER["utilities.main_breaks_per_km"]
    expected = sum(a * b for a, b in zip(shares, breaks, strict=True))
    assert yearly[mains].sum() / known.length_m[mains].sum() * 1000.0 == pytest.approx(expected, rel=0.1)


def test_what_is_older_fails_more_often_and_the_mean_is_kept(riviera):
    steep = LEDGER.replaced({"utilities.failure_growth": 0.1}, "here")
    level = LEDGER.replaced({"utilities.failure_growth": 0.0}, "here")
    many, few = failures_per_year(riviera, steep), failures_per_year(riviera, level)
    assert many.sum() == pytest.approx(few.sum(), rel=0.1)
    ratio = many[few > 0.0] / few[few > 0.0]
    assert ratio.min() < 0.2
    assert ratio.max() > 3.0


def test_failures_of_many_days_are_as_many_as_expected_and_more_stress_keeps_those_of_less(riviera):
    days = [random_failures(riviera, LEDGER, 1, day, 60.0) for day in range(5)]
    expected = failures_per_year(riviera, LEDGER).sum() * 5 * 60.0 / 365.25
    assert sum(each.n_damages for each in days) == pytest.approx(expected, abs=4.0 * np.sqrt(expected))
    few, many = (random_failures(riviera, LEDGER, 1, 3, stress) for stress in (20.0, 100.0))
    assert 0 < few.n_damages < many.n_damages
    assert rows_of(few) <= rows_of(many)
    assert np.isinf(few.until_s).all()
    assert (few.work_s > 0.0).all()
    assert rows_of(random_failures(riviera, LEDGER, 2, 3, 20.0)) != rows_of(few)


def test_the_order_of_rows_changes_no_draw():
    gusts = storm_gusts(45.0, 12.0, 10.0)
    mixed = turned(RING)
    for make in (
        lambda layers: random_failures(layers, LEDGER, 1, 0, 3000.0),
        lambda layers: storm_damages(layers, gusts, LEDGER.replaced({"utilities.line_gust_mps": 50}, "x"), 1),
        lambda layers: physical_damage(layers, LEDGER, 1, "digging", np.array([1.0, 2.0, 3.0])),
        lambda layers: rotating_cuts(layers, LEDGER, 1, (0.0, 8 * HOUR), 0.4),
    ):
        plain, other = make(RING), make(mixed)
        assert plain.n_damages > 0
        for name, column in plain.columns().items():
            assert (column == getattr(other, name)).all(), name


def test_a_stronger_storm_breaks_all_that_a_weaker_one_does_no_later(riviera):
    weak, strong = (storm_damages(riviera, storm_gusts(peak, 14.0, 8.0), LEDGER, 1) for peak in (35.0, 45.0))
    assert 0 < weak.n_damages < strong.n_damages
    when = dict(zip(strong.element_id.tolist(), strong.at_s.tolist(), strict=True))
    assert all(when[name] <= at_s for name, at_s in rows_of(weak))
    known = inventory_of(riviera)
    broken = known.rows(strong.element_id, "here")
    hung = overhead_of(riviera, known, LEDGER)
    assert (hung[broken] | (known.kind[broken] == "site")).all(), "what lies in the ground stands"
    dense = dense_of(riviera, known, LEDGER)
    lines = known.length_m > 0.0
    assert (
        known.length_m[broken][~dense[broken]].sum() / known.length_m[lines & ~dense].sum()
        > known.length_m[broken][dense[broken]].sum() / known.length_m[lines & dense].sum()
    ), "outside the town lines hang in the air"
    assert storm_damages(riviera, storm_gusts(45.0, 14.0, 8.0), LEDGER, 1, 20).n_damages == 20


def test_fragility_is_lognormal_and_a_long_line_is_as_weak_as_its_spans():
    layers = ring(1, 1)
    always = LEDGER.replaced({"utilities.overhead_mv": (1.0, 1.0)}, "here")
    known = inventory_of(layers)
    chance = chance_broken(layers, np.array([0.0, 75.0]), always)[:, known.row_of["c0"]]
    assert chance[0] == 0.0
    assert chance[1] == pytest.approx(1.0 - 0.5**2), "100 m are two spans"


def test_gusts_are_read_line_by_line(tmp_path):
    file = tmp_path / "gusts.csv"
    file.write_text("hour,gust_mps\n0,10\n1,32.5\n")
    assert read_gusts(file).gust_mps.tolist() == [10.0, 32.5]
    for text, what in (
        ("hour,gust\n0,1\n", "lacks columns"),
        ("hour,gust_mps\n1,1\n", "hour 1"),
        ("hour,gust_mps\n0,x\n", "two numbers"),
        ("hour,gust_mps\n0,400\n", "400 m/s"),
    ):
        file.write_text(text)
        with pytest.raises(InputError, match=what):
            read_gusts(file)
    with pytest.raises(InputError, match="cannot be read"):
        read_gusts(tmp_path / "none.csv")


def test_cuts_rotate_fairly_for_two_hours_and_spare_whom_they_should(riviera):
    known = inventory_of(riviera)
    head, places = feeder_of_places(riviera, known)
    spared = (str(places[head >= 0][0]),)
    cuts = rotating_cuts(riviera, LEDGER, 1, (8 * HOUR, 20 * HOUR), 0.25, spared)
    assert (cuts.until_s - cuts.at_s <= 2 * HOUR).all()
    customers = np.bincount(head[head >= 0], minlength=known.n_elements)
    rows = known.rows(cuts.element_id, "here")
    for at_s in np.unique(cuts.at_s):
        cut = customers[rows[cuts.at_s == at_s]].sum()
        assert cut == pytest.approx(0.25 * len(places), rel=0.25)
    counts = np.bincount(rows, minlength=known.n_elements)
    able = np.setdiff1d(np.unique(head[head >= 0]), head[np.isin(places, spared)])
    assert np.ptp(counts[able]) <= 1, "nobody twice before everybody once"
    assert counts[head[np.isin(places, spared)]].sum() == 0
    assert set(known.kind[rows].tolist()) == {"mv_trunk"}
    with pytest.raises(InputError, match="rotating cuts"):
        rotating_cuts(riviera, LEDGER, 1, (5.0, 1.0), 0.2)


def test_diggers_meet_what_lies_in_the_ground_and_works_end():
    known = inventory_of(RING)
    few, many = (physical_damage(RING, LEDGER, 1, "digging", np.arange(n) * HOUR) for n in (2, 5))
    assert rows_of(few) <= rows_of(many)
    met = known.rows(many.element_id, "here")
    assert (known.length_m[met] > 0.0).all()
    assert not overhead_of(RING, known, LEDGER)[met].any()
    given = physical_damage(RING, LEDGER, 1, "burst", np.array([HOUR]), np.array(["w2"]))
    assert (given.skill.tolist(), given.cause.tolist()) == (["water"], ["burst"])
    works = planned_works(RING, {"c1": (HOUR, 2 * HOUR)})
    assert works.until_s.tolist() == [2 * HOUR]
    for wrong, what in (({"c99": (0.0, 1.0)}, "no such"), ({"c1": (2.0, 1.0)}, "a time that ends")):
        with pytest.raises(InputError, match=what):
            planned_works(RING, wrong)
    with pytest.raises(InputError, match="one of burst, digging, vandalism"):
        physical_damage(RING, LEDGER, 1, "mice", np.array([1.0]))
    with pytest.raises(InputError, match="not negative"):
        random_failures(RING, LEDGER, 1, 0, -1.0)


def test_tables_join_in_the_order_of_moments_and_work_varies_around_its_median(riviera):
    rows = np.flatnonzero(sorts_of(inventory_of(riviera)) == "mv_line")
    table = damages_of(riviera, rows, np.zeros(len(rows)), "wear", LEDGER, 1)
    assert np.median(table.work_s) / HOUR == pytest.approx(LEDGER["utilities.work_h"][0], rel=0.05)
    assert np.log(table.work_s).std() == pytest.approx(LEDGER["utilities.work_spread"], rel=0.05)
    both = join_damages(planned_works(RING, {"c2": (5.0, 9.0)}), planned_works(RING, {"c1": (1.0, 9.0)}))
    assert both.element_id.tolist() == ["c1", "c2"]
    assert join_damages(no_damages(), both).n_damages == 2
