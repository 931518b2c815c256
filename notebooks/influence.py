# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Who moves whom
#
# Do itinerary calculators influence users more than road managers do? Here the sentence is a number that
# can come out either way: the day with an actor, held against the day without it, with the same people, the
# same habits and the same random numbers. What is meant by each word: `docs/influence.md`.
#
# This page reads the committed table of the study (`make influence`); nothing is simulated but one small day
# at the end.

# %%
from pathlib import Path

import pandas as pd

from benchmarks.pictures import influence_chart
from benchmarks.studies.influence import FLAGSHIP, finished
from benchmarks.studies.influence_summary import column, curve, judgement, ratio_at, verdicts
from twin import Scenario
from twin.study.influence import influence

HOME = next(home for home in (Path.cwd(), *Path.cwd().parents) if (home / "scenarios").is_dir())
TABLE = HOME / "benchmarks" / "studies" / "influence.csv"
lines = finished(TABLE)
print(f"{len(lines)} days")

# %% [markdown]
# ## Both focuses, by app share and respect of the law
#
# A bad morning: one lane of the A8 eastbound, an incident on the way into Monaco, and small streets of both
# places classified as secondary. Below, the ratio of what calculators and road manager move; above the
# dotted line calculators move more.

# %%
influence_chart(TABLE)

# %% [markdown]
# ## The ratio, and what may be said of it
#
# At respect 0 the class moves nobody, so there is no ratio. The class acts through calculators only; the
# closed motorway acts on everybody.

# %%
days = [("works", share, respect) for share in FLAGSHIP.shares[1:] for respect in FLAGSHIP.respects]
days += [("closed", share, None) for share in FLAGSHIP.some_shares[1:]]
ratios = [
    {"day": day[0], "app share": day[1], "respect": day[2], "measure": measure, **vars(ratio)}
    | {"calculators move more": judgement(ratio)}
    for day in days
    for measure in ("km", "min")
    for ratio in (ratio_at(lines, *day, measure),)
]
pd.DataFrame(ratios).round(3)

# %% [markdown]
# ## The village and the dense zone see different pictures
#
# Through traffic on local streets with homes on them or schools near, mean over seeds.

# %%
local = {
    (focus, f"respect {respect:g}"): curve(lines, FLAGSHIP, respect, f"local_km_{focus}").means
    for focus in FLAGSHIP.focuses
    for respect in FLAGSHIP.respects
}
pd.DataFrame(local, index=[f"{share:.0%}" for share in FLAGSHIP.shares]).round(0)

# %% [markdown]
# And what providers know there: links without a probe for 15 minutes, nowhere a parameter.

# %%
providers = [each.name for each in FLAGSHIP.scenario("works").providers]
blind = {
    (focus, name): [
        pd.Series(column(lines, "works", share, 0.0, f"blind_{name}_{focus}")).mean()
        for share in FLAGSHIP.shares[1:]
    ]
    for focus in FLAGSHIP.focuses
    for name in providers
}
pd.DataFrame(blind, index=[f"{share:.0%}" for share in FLAGSHIP.shares[1:]]).round(3)

# %% [markdown]
# ## What it contradicts

# %%
print("\n".join(verdicts(lines, FLAGSHIP)))

# %% [markdown]
# ## One small day, now
#
# The village alone, one seed: who moves whom, by hour of departure.

# %%
small = Scenario.loads(
    """
title = "Works in the main street"
territory = "la_turbie_crop"
app_share = 0.4
[[provider]]
name = "Boussole"
market_share = 1.0
[[modification]]
kind = "reduce_capacity"
links = { ref = "D2564" }
capacity_vph = 150
from = "07:00"
until = "10:00"
""",
    folder=HOME / "scenarios",
)
found = influence(small, seeds=1)
moved = pd.DataFrame([vars(row) for row in found.moving if row.measure == "vehicle_km"])
print(found.note["vehicle_km"])
moved[moved["group"].str.startswith("hour:") & (moved["mean"] > 0)][["actor", "group", "mean", "unit"]]
