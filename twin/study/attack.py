"""Attacks on what a run would publish of its residents, and on their raw traces as control."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from twin.errors import InputError
from twin.knowledge import privacy_attacks as attacks
from twin.knowledge.privacy_release import BudgetLedger, NoiseKey, Policy, clipped, counts_of, publish
from twin.knowledge.privacy_unicity import crowds, drawn_points, unicity
from twin.knowledge.traces import Sightings, Traces, traces_of
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.study import store
from twin.study.traces import resident_sightings

RAW_CELL_M, RAW_SPAN_H = 200.0, 1.0
COARSER = ((200.0, 1.0), (400.0, 1.0), (1000.0, 1.0), (1000.0, 4.0), (2000.0, 6.0), (4000.0, 12.0))
KNOWN_POINTS = 4
MOST_PEOPLE = 2_000
TRIALS = 20_000
QUERIES = 10_000
RELEASE = "residents by cell and hour"


class Published(NamedTuple):
    """What a run would publish, and what stands behind it; counts and shown (n_cells * n_spans,)."""

    policy: Policy
    kept: Traces
    counts: np.ndarray
    shown: np.ndarray
    ledger: BudgetLedger


def attack(folder: str | Path, kind: str, *, days: int = 14, key: NoiseKey | None = None) -> dict[str, Any]:
    """Attack what the run in a folder would publish: ``published``, ``raw`` and ``chance``, and how.

    ``key`` is the publisher's secret; a fresh one if not given. ``days``: see `twin.study.traces`.
    """
    if kind not in KINDS:
        raise InputError("--kind", f"no attack {kind!r}", "one of " + ", ".join(KINDS))
    if days < 1:
        raise InputError("--days", f"{days}", "1 or more")
    home = Path(folder)
    manifest = store.read_manifest(home, "run")
    seen, about = resident_sightings(home, days)
    parameters = Scenario.from_tables(manifest["scenario"], str(home)).ledger()
    found = attack_sightings(seen, kind, parameters, manifest["seed"], key or NoiseKey.fresh())
    return {"kind": kind, "seed": manifest["seed"], **found, **about}


def attack_sightings(
    seen: Sightings, kind: str, parameters: Parameters, seed: int, key: NoiseKey
) -> dict[str, Any]:
    """The same on sightings that are at hand."""
    if not len(seen.person):
        raise InputError("traces", "no resident made a trip", "a run in which residents travel")
    published = publish_presence(seen, Policy.of(parameters), seed, key)
    shown = np.isfinite(published.shown)
    found = KINDS[kind](seen, published, seed)
    release = {
        "grid": f"{published.policy.cell_m:g} m x {published.policy.span_h:g} h, days laid on one another",
        "epsilon": published.ledger.spent,
        "most_cells_a_person": published.policy.most_cells,
        "least_shown": published.policy.least_shown,
        "cells": int((published.counts > 0).sum()),
        "cells_shown": int(shown.sum()),
        "share_of_presence_shown": float(published.counts[shown].sum() / published.counts.sum()),
    }
    return {**found, "release": release, "budget": [list(row) for row in published.ledger.rows]}


def publish_presence(seen: Sightings, policy: Policy, seed: int, key: NoiseKey) -> Published:
    """Residents by cell and hour of the day, each in few cells, with noise, paid for."""
    traces = traces_of(seen, policy.cell_m, policy.span_h, by_day=False)
    n_cells = (int(traces.point.max(initial=0)) // traces.n_spans + 1) * traces.n_spans
    kept = clipped(traces, policy.most_cells, seed)
    counts = counts_of(kept, n_cells)
    ledger = BudgetLedger(policy.epsilon)
    return Published(policy, kept, counts, publish(counts, policy, key, RELEASE, ledger), ledger)


def attack_unicity(seen: Sightings, published: Published, seed: int) -> dict[str, Any]:
    """Share singled out: raw by four points of a trace; published by all cells in which a person counts.

    In a table of counts a person is alone where a cell shows one or nobody.
    """
    raw = traces_of(seen, RAW_CELL_M, RAW_SPAN_H)
    people, known = drawn_points(raw, KNOWN_POINTS, MOST_PEOPLE, seed)
    if not len(people):
        raise InputError("traces", f"nobody has {KNOWN_POINTS} distinct points", "more days")
    own = [_cells_of(published.kept, person) for person in people.tolist()]
    smallest = [_smallest(published.shown[cells]) for cells in own]
    n_people = len(np.unique(raw.person))
    by_grid = [
        {"cell_m": cell_m, "span_h": span_h, "raw": unicity(traces_of(seen, cell_m, span_h), 4, seed, 500)}
        for cell_m, span_h in COARSER
    ]
    return {
        "published": float(np.mean([least <= 1 for least in smallest])),
        "raw": float(np.mean(crowds(raw, known) == 1)),
        "chance": 1.0 / n_people,
        "people": len(people),
        "known_points": KNOWN_POINTS,
        "raw_grid": f"{RAW_CELL_M:g} m x {RAW_SPAN_H:g} h",
        "raw_by_points": {str(n): unicity(raw, n, seed, 500) for n in (1, 2, 3, 4, 5)},
        "raw_by_grid": by_grid,
    }


def attack_membership(seen: Sightings, published: Published, seed: int) -> dict[str, Any]:
    """Area under the curve of telling who was counted, by one who knows everybody else."""
    cells, keys = _trials(published)
    open_to = attacks.membership(published.counts, cells, published.policy, keys, seed)
    control = attacks.membership(published.counts, cells, None, keys, seed)
    return {
        "published": open_to.auc,
        "raw": control.auc,
        "chance": 0.5,
        "trials": TRIALS,
        "privacy_loss_at_least": open_to.loss,
        "privacy_loss_declared": published.policy.epsilon,
    }


def attack_reconstruction(seen: Sightings, published: Published, seed: int) -> dict[str, Any]:
    """Share of persons whose cell is told from a decoy, by one who knows everybody else."""
    cells, keys = _trials(published)
    bare = attacks.subtract_seed_noise(published.shown, published.policy, seed, RELEASE, published.counts)
    return {
        "published": attacks.reconstruction(published.counts, cells, published.policy, keys, seed),
        "raw": attacks.reconstruction(published.counts, cells, None, keys, seed),
        "chance": 0.5,
        "trials": TRIALS,
        "cells_told_by_the_scenario_seed": bare,
    }


def attack_differencing(seen: Sightings, published: Published, seed: int) -> dict[str, Any]:
    """Share of small cells whose exact count is the difference of two sums.

    Chance is the share that is right by always naming the commonest small count.
    """
    n_spans, least = published.kept.n_spans, published.policy.least_people
    counts, shown = (each.reshape(-1, n_spans) for each in (published.counts, published.shown))
    open_to = attacks.differencing(counts, shown, least, QUERIES)
    control = attacks.differencing(counts, None, least, QUERIES)
    small = counts[(counts > 0) & (counts < least)]
    return {
        "published": open_to.recovered / max(open_to.small, 1),
        "raw": control.recovered / max(control.small, 1),
        "chance": float(np.bincount(small).max() / len(small)) if len(small) else 0.0,
        "small_cells": open_to.small,
        "queries": open_to.queries,
        "cells_recovered": open_to.recovered,
        "cells_recovered_raw": control.recovered,
    }


KINDS: Mapping[str, Callable[[Sightings, Published, int], dict[str, Any]]] = {
    "unicity": attack_unicity,
    "reconstruction": attack_reconstruction,
    "membership": attack_membership,
    "differencing": attack_differencing,
}


def _trials(published: Published) -> tuple[list[np.ndarray], list[NoiseKey]]:
    """Cells of the persons attacked in turn, and a key of its own for each trial."""
    starts = published.kept.first
    points = published.kept.point
    rows = (np.arange(TRIALS) % (len(starts) - 1)).tolist()
    return [points[starts[k] : starts[k + 1]] for k in rows], [NoiseKey.fresh() for _ in rows]


def _cells_of(kept: Traces, person: int) -> np.ndarray:
    low, high = np.searchsorted(kept.person, [person, person + 1])
    return kept.point[low:high]


def _smallest(shown: np.ndarray) -> float:
    """The smallest crowd that the table puts a person in; infinite where it shows none of the cells."""
    seen = shown[np.isfinite(shown)]
    return float(seen.min()) if len(seen) else np.inf
