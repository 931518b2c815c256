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
# # The village beside the motorway
#
# La Turbie has 3,180 inhabitants and one main street, the D 2564. Below it runs the A8. On a day of works
# on the motorway, **what do itinerary calculators send through the street, and what can the village do
# about it?**
#
# This page asks one simulated day of one seed, so that it can be run in two minutes. What twenty seeds
# say stands at the end. Open it with `jupytext --to ipynb notebooks/village.py`, or as it is in an editor
# that knows the format.

# %%
from pathlib import Path

import pandas as pd

from benchmarks.pictures import app_share_chart
from twin import Scenario, Territory, compare, run
from twin.indicators.focus import focuses_of
from twin.indicators.through import through_vehicle_km, vehicle_km_of
from twin.scenario.selectors import LinkSelector
from twin.territory.select import select_links

HOME = next(home for home in (Path.cwd(), *Path.cwd().parents) if (home / "scenarios").is_dir())
SCENARIOS = HOME / "scenarios"
SEED = 2

# %% [markdown]
# ## The place, and the street
#
# The street is a list of links, so that nobody has to guess what is meant: all of D 2564 and D 2204 A
# inside the commune.

# %%
riviera = Territory.load(HOME / "networks" / "riviera")
street = select_links(LinkSelector(file=str(SCENARIOS / "village_links.csv")), riviera.streets, riviera.zones)
village = focuses_of(riviera, "la_turbie")[0]
print(f"{riviera.streets.n_links} links, of which {street.size} are the street,")
print(f"{riviera.streets.length_m[street].sum() / 2_000:.1f} km long, counted once for both directions")

# %% [markdown]
# ## A day of works
#
# From 7 to 9 the A8 eastbound has one lane, 1,500 vehicles an hour. First with nobody on an app, then
# with three in ten, then with six in ten. The scenarios differ in that one number; who is in the first
# three is among the six.

# %%
works = Scenario.load(SCENARIOS / "village_a8_one_lane.toml")
days = {share: run(works.varied("app_share", share), seed=SEED) for share in (0.0, 0.3, 0.6)}
days[0.0].map("flow_veh")


# %%
def on_the_street(result) -> dict[str, float]:
    """What happened on the street from 7 to 9, and all day."""
    record = result.record
    everybody = record.by_car
    return {
        "vehicle-km 7 to 9": vehicle_km_of(record, street, everybody, (7.0, 9.0)),
        "of them through": through_vehicle_km(record, street, village, (7.0, 9.0)),
        "of them guided": through_vehicle_km(record, street, village, (7.0, 9.0), guided_only=True),
        "through, all day": through_vehicle_km(record, street, village),
        "delay of all car trips (s)": float(record.delay_s[record.comparable].mean()),
        "trips that ended (share)": float((record.arrived_ms >= 0).mean()),
    }


table = pd.DataFrame({f"app share {share:.0%}": on_the_street(day) for share, day in days.items()})
table.round(3)

# %% [markdown]
# A trip is *through* if it has neither end in the village, and *guided* if it followed at least one
# advice.

# %% [markdown]
# ## What the village can do
#
# The mayor can classify the street as secondary (code des transports, L. 1115-8-1; decree 2022-1119).
# Calculators shall then not send through traffic there, and nobody knows how far they comply. Here they
# comply in full: the best that the lever can do.

# %%
classified = Scenario.load(SCENARIOS / "village_a8_one_lane_classified.toml")
assert classified.app_share == 0.3
answer = run(classified, seed=SEED)
levers = pd.DataFrame(
    {"works, app share 30%": on_the_street(days[0.3]), "and the street classified": on_the_street(answer)}
)
levers["change"] = levers.iloc[:, 1] - levers.iloc[:, 0]
levers.round(3)

# %% [markdown]
# Where it goes instead: flows with the classification, less those without. Both days stand already, so the
# comparison is given them instead of running them again.

# %%
ordinary = works.varied("app_share", 0.3)
comparison = compare(
    ordinary,
    classified,
    seeds=[SEED],
    runner=lambda scenario, **_: days[0.3] if scenario == ordinary else answer,
)
comparison.map("flow_veh")

# %% [markdown]
# And what others pay for it, in the village and in the whole area: time, kilometres on residential
# streets, CO2.

# %%
rows = pd.DataFrame([vars(row) for row in comparison.rows])
wanted = [
    "mean_delay",
    "vehicle_km_residential",
    "co2_on_links",
    "guided_trips",
]
told = rows[rows["indicator"].isin(wanted) & (rows["group"] == "")]
told[["indicator", "focus", "unit", "base", "alternative", "difference"]].reset_index(drop=True)

# %% [markdown]
# ## Twenty seeds
#
# One seed is one day's luck. The study in `benchmarks/studies/village.py` ran the same with twenty; its
# table is committed, and drawn here: through traffic of the whole day on the street, with the 95 %
# interval of the difference from share 0, paired by seed.

# %%
app_share_chart(HOME / "benchmarks" / "studies" / "village.csv")

# %% [markdown]
# ## What this does not say
#
# - Demand is not fitted to counts of these roads: read differences, not levels.
# - The works are a surprise: drivers without an app keep the habits of an ordinary day.
# - With one seed there is no interval; `docs/village.md` has them, and says what they contradict.
