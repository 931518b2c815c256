"""Advice for many: a hierarchy changes who is searched for, never who is advised what."""

from __future__ import annotations

import numpy as np
import pytest

import twin.routing.advising as doors
from tests.oracles import BLOCKED_MS
from tests.routing.hierarchy_worlds import Town, draws, jittered_grid, riviera, some_links
from twin.kernels.advice import Asking, Counsel
from twin.kernels.search import Ground
from twin.routing.advising import Advisor, searched
from twin.routing.hierarchy import customize, paths
from twin.routing.search import NO_DRAWS, bounds_to, static_weights
from twin.routing.topology import workspace_for

N_ASKING = 300


@pytest.fixture(scope="module", params=["grid", "riviera"])
def town(request: pytest.FixtureRequest) -> Town:
    return jittered_grid(30, 0.05) if request.param == "grid" else riviera(with_bans=True)


def advisor_of(town: Town) -> Advisor:
    return Advisor(town.topology, town.x_m, town.y_m)


def asked(town: Town, advisor: Advisor, moment: int) -> tuple[Ground, Counsel, Asking]:
    """Travellers on the best routes of empty roads, some of which have since become slow or closed."""
    n_links = town.tail.shape[0]
    hierarchy = doors.build_hierarchy(advisor.topology, town.x_m, town.y_m)
    origins, destinations = some_links(town, N_ASKING, 1), some_links(town, N_ASKING, 2)
    cost_ms, routes = paths(customize(hierarchy, town.weight_ms), origins, destinations)
    there = np.flatnonzero((routes.start >= 0) & (cost_ms > 0))
    slow = 1.0 + 4.0 * (draws(n_links, 20 + moment) < 0.2)
    live_ms = np.minimum(town.weight_ms * slow, BLOCKED_MS).astype(np.int64)
    live_ms[draws(n_links, 40 + moment) < 0.01] = BLOCKED_MS
    honouring_ms = np.minimum(np.where(draws(n_links, 60) < 0.3, 2 * live_ms, live_ms), BLOCKED_MS)
    asking = Asking(
        pool=routes.pool,
        start=routes.start[there],
        end=routes.end[there],
        person=there.astype(np.uint64),
        honours=draws(there.shape[0], 80) < 0.4,
    )
    ends = routes.pool[asking.end - 1]
    bounds = bounds_to(advisor.topology, town.weight_ms, ends)
    ground = Ground(advisor.topology, bounds, workspace_for(advisor.topology), NO_DRAWS)
    return ground, Counsel(static_weights(live_ms), static_weights(honouring_ms), 0.05, 2_000), asking


@pytest.mark.parametrize("least_asking", [1, 60, 10**9])
def test_a_hierarchy_changes_no_advice(
    town: Town, least_asking: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doors, "LEAST_ASKING", least_asking)
    advisor = advisor_of(town)
    for moment in (0, 1, 0):
        ground, counsel, asking = asked(town, advisor, moment)
        found, better = searched(ground, counsel, asking)
        rows, routes = advisor.better_routes(ground, counsel, asking)
        assert 20 < rows.shape[0] < asking.start.shape[0] - 20
        assert rows.tolist() == better.tolist()
        for k, row in enumerate(rows.tolist()):
            assert routes.of(k).tolist() == found.of(row).tolist()
    assert (advisor.hierarchy is None) == (least_asking == 10**9)


def test_weights_asked_for_again_are_kept(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two sets a moment, plain and honouring; the hierarchy gets each once, and only some are kept."""
    monkeypatch.setattr(doors, "LEAST_ASKING", 1)
    monkeypatch.setattr(doors, "METRICS_KEPT", 4)
    advisor = advisor_of(town)
    kept = []
    for moment in (0, 1, 0, 2):
        advisor.better_routes(*asked(town, advisor, moment))
        kept.append(list(advisor.metrics))
    ids = [{id(metric) for metric in metrics} for metrics in kept]
    assert [len(each) for each in ids] == [2, 4, 4, 4]
    assert ids[1] == ids[2]
    assert len(ids[2] & ids[3]) == 2


def test_nobody_gains_where_nobody_asks(town: Town) -> None:
    advisor = advisor_of(town)
    ground, counsel, asking = asked(town, advisor, 0)
    nobody = asking._replace(
        start=asking.start[:0], end=asking.end[:0], person=asking.person[:0], honours=asking.honours[:0]
    )
    rows, routes = advisor.better_routes(ground, counsel, nobody)
    assert rows.shape == routes.start.shape == (0,)
