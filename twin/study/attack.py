"""Attacks on what a run would publish of its residents, and on their raw traces as control."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from twin.errors import InputError
from twin.indicators.focus import WHOLE, every_focus
from twin.knowledge.privacy_release import BudgetLedger, NoiseKey
from twin.knowledge.privacy_tables import loss_of_tables
from twin.scenario.ledger import Parameters
from twin.scenario.scenario import Scenario
from twin.scenario.wording import nearest
from twin.study import store
from twin.study.attack_kinds import ABOUT, KINDS, Attacked
from twin.study.progress import Progress, silent, within
from twin.study.releases import PRESENCE, publish_plan, release_plan_of
from twin.study.traces import PLANNING, ResidentDays, check_days, resident_days


def attack(
    folder: str | Path,
    kind: str,
    *,
    days: int = 14,
    focus: str = WHOLE,
    key: NoiseKey | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Attack what the run in a folder would publish: ``published``, ``raw`` and ``chance``, and how.

    ``focus`` names the zone or pool whose inhabitants are attacked. ``key`` is the publisher's secret; a
    fresh one if not given. ``days``: see `twin.study.traces`.
    """
    if kind not in KINDS:
        raise InputError("--kind", f"no attack {kind!r}", "one of " + ", ".join(KINDS))
    if days < 1:
        raise InputError("--days", f"{days}", "1 or more")
    home = Path(folder)
    manifest = store.read_manifest(home, "run")
    known_focus(focus, manifest["inhabitants"])  # its keys are every focus there is
    scenario = Scenario.from_tables(manifest["scenario"], str(home))
    check_days(scenario, days)
    lived = resident_days(home, days, progress=within(progress, 0.0, 0.7))
    progress(0.7, "attacking")
    found = attack_days(lived, kind, scenario.ledger(), manifest["seed"], key or NoiseKey.fresh(), focus)
    return {"kind": kind, "seed": manifest["seed"], "focus": focus, **found, **lived.about()}


def attack_days(
    days: ResidentDays, kind: str, parameters: Parameters, seed: int, key: NoiseKey, focus: str = WHOLE
) -> dict[str, Any]:
    """The same on days that are at hand."""
    if not len(days.journeys_of(PLANNING).person):
        raise InputError("traces", "no resident made a trip", "a run in which residents travel")
    plan = release_plan_of(days, parameters, seed)
    ledger = BudgetLedger(float(parameters["knowledge.privacy_epsilon"]))
    published = publish_plan(plan, key, ledger, ABOUT)
    found = KINDS[kind](Attacked(days, published, lives_in(days, focus), seed))
    presence = plan.table(PRESENCE)
    sums, shown = presence.sums, np.isfinite(published.shown[PRESENCE])
    release = {
        "epsilon": loss_of_tables(plan.tables),
        "grid": f"{plan.grid.cell_m:g} m, days laid on one another",
        "cells": int((sums > 0).sum()),
        "cells_shown": int(shown.sum()),
        "share_of_presence_shown": float(sums[shown].sum() / sums.sum()),
        "tables": [
            {
                "name": each.name,
                "epsilon": each.policy.epsilon,
                "most_a_person": each.policy.most,
                "least_shown": each.policy.least_shown if not each.counted_by else None,
                "cells_shown": int(np.isfinite(published.shown[each.name]).sum()),
            }
            for each in plan.tables
        ],
    }
    return {**found, "release": release, "budget": [list(row) for row in ledger.rows]}


def known_focus(focus: str, known: Iterable[str]) -> str:
    """The focus, if it is one of those known."""
    names = list(known)
    if focus not in names:
        raise InputError("--focus", f"no zone {focus!r}", nearest(focus, names))
    return focus


def lives_in(days: ResidentDays, focus: str) -> np.ndarray:
    """Who lives in a zone or pool of zones (n_persons,) bool."""
    known = {each.name: each for each in every_focus(days.territory)}
    zones = known[known_focus(focus, known)].zones
    zone = days.persons.zone
    return np.ones(len(zone), dtype=np.bool_) if not zones else np.isin(zone, zones)
