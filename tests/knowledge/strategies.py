"""Random observations: few links and moments, so that ties and repeats happen often."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from twin.knowledge.datasets import Observations, observations

N_LINKS = 4
moments_s = st.integers(0, 40).map(float)


@st.composite
def chunks(draw: st.DrawFn, max_rows: int = 12) -> Observations:
    """Rows in any order; results come some time after what they describe."""
    row = st.tuples(
        st.integers(0, N_LINKS - 1), moments_s, st.integers(0, 15).map(float), st.integers(1, 90_000)
    )
    rows = draw(st.lists(row, max_size=max_rows))
    link, seen_s, late_s, value_ms = (
        (np.array(column) for column in zip(*rows, strict=True)) if rows else [np.empty(0)] * 4
    )
    return observations(link.astype(np.int32), seen_s, seen_s + late_s, value_ms / 1_000)
