"""What owners believe of the streets beside what is true, from a run's table of pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from twin.clock import SLICES_PER_H
from twin.indicators.records import ROAD_MANAGER
from twin.report.drawn import DrawnPicture, Floats
from twin.units import KMH_PER_MPS

SHOWN_PAIRS = 300
_QUANTITIES = (
    ("flow", "veh/h", "flow_veh", "true_flow_veh", SLICES_PER_H),
    ("speed", "km/h", "speed_mps", "true_speed_mps", KMH_PER_MPS),
)


def pictures_of(pictures: pd.DataFrame, links: pd.DataFrame, scenario: int) -> tuple[DrawnPicture, ...]:
    """One picture per owner and quantity that it knows anything of, by link and quarter of an hour."""
    if "true_flow_veh" not in pictures:
        return ()
    link, place = _coded(pictures["link_id"])
    length_km = links.set_index("link_id")["length_m"].reindex(link).to_numpy() / 1_000.0
    driven_km = float((links["flow_veh"] * links["length_m"]).sum()) / 1_000.0
    owners, owned = _coded(pictures["owner"])
    found = []
    for owner in sorted(owners, key=lambda name: (name != ROAD_MANAGER, name)):
        own = np.flatnonzero(owned == owners.index(owner))
        own = own[np.lexsort((place[own], pictures["slice"].to_numpy()[own]))]
        for what, unit, belief, truth, factor in _QUANTITIES:
            pairs = pictures[[truth, belief]].to_numpy(dtype=np.float64)[own]
            is_known = np.isfinite(pairs).all(axis=1)
            if is_known.any():
                at = place[own[is_known]]
                km = float(np.nansum(length_km[at] * pictures["true_flow_veh"].to_numpy()[own[is_known]]))
                n_links = np.unique(at).shape[0]
                coverage = n_links / max(len(links), 1), km / driven_km if driven_km else 0.0
                found.append(_picture(owner, scenario, (what, unit), coverage, pairs[is_known] * factor))
    return tuple(found)


def _coded(words: pd.Series) -> tuple[list[str], np.ndarray]:
    """The different words of a column, and for each row which of them it is; -1: none."""
    coded = pd.Categorical(words)
    return [str(each) for each in coded.categories], coded.codes.astype(np.int64)


def residuals_of(pictures: pd.DataFrame, links: pd.DataFrame, owner: str = ROAD_MANAGER) -> Floats | None:
    """Per link what the owner counted over what passed, less one; None if it counted nowhere."""
    if "true_flow_veh" not in pictures:
        return None
    known = pictures[(pictures["owner"] == owner) & pictures["flow_veh"].notna()]
    if not len(known):
        return None
    sums = known.groupby(known["link_id"].astype(str))[["flow_veh", "true_flow_veh"]].sum()
    ratio = sums["flow_veh"] / sums["true_flow_veh"] - 1.0
    found: Floats = links["link_id"].astype(str).map(ratio).to_numpy(dtype=np.float64)
    return found


def _picture(
    owner: str, scenario: int, what: tuple[str, str], coverage: tuple[float, float], pairs: np.ndarray
) -> DrawnPicture:
    """Bias and error over all pairs; an even sample of them for the drawing."""
    truth, belief = pairs[:, 0], pairs[:, 1]
    shown = pairs[np.unique(np.linspace(0, len(pairs) - 1, min(SHOWN_PAIRS, len(pairs))).astype(np.int64))]
    positive = truth > 0
    error = np.abs(belief[positive] / truth[positive] - 1.0)
    return DrawnPicture(
        owner=owner,
        scenario=scenario,
        what=what[0],
        unit=what[1],
        coverage_links=coverage[0],
        coverage_flow=min(coverage[1], 1.0),
        bias=float((belief - truth).sum() / truth.sum()) if truth.sum() else float("nan"),
        median_error=float(np.median(error)) if len(error) else float("nan"),
        n_pairs=len(pairs),
        pairs=tuple((round(float(t), 1), round(float(b), 1)) for t, b in shown),
    )
