"""What a day of water is held against: pressures at occupied junctions, velocities in mains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from twin.territory.tables import Flags, Floats, Ints, Texts
from twin.units import L_PER_M3, MM_PER_M
from twin.utilities.water.day import BAR_PER_M, NOT_VERIFIABLE, WaterDay
from twin.utilities.water.laid import LaidWater


@dataclass(frozen=True)
class PressureCheck:
    """Least and greatest pressure at the main over a day, of occupied junctions (n,) [bar].

    `row` is the utility node, `within` whether it always kept to the band, `verifiable` whether its
    height is observed or given.
    """

    row: Ints
    name: Texts
    least_bar: Floats
    greatest_bar: Floats
    within: Flags
    verifiable: Flags

    @property
    def share(self) -> float:
        """Share of junctions within the band; NaN where none is occupied."""
        return float(self.within.mean()) if len(self.within) else float("nan")

    def exceptions(self) -> list[str]:
        """One line for each junction outside the band, marked where its height is assumed."""
        return [
            f"{name}: {low:.2f} to {high:.2f} bar" + ("" if sure else f" ({NOT_VERIFIABLE})")
            for name, low, high, fits, sure in zip(
                self.name.tolist(),
                self.least_bar.tolist(),
                self.greatest_bar.tolist(),
                self.within.tolist(),
                self.verifiable.tolist(),
                strict=True,
            )
            if not fits
        ]

    def told(self) -> str:
        """The check in a line, with what of it is not verifiable."""
        sure = int(self.verifiable.sum())
        mark = "" if sure == len(self.row) else f"; {len(self.row) - sure} {NOT_VERIFIABLE}"
        return f"{100.0 * self.share:.1f} % of {len(self.row)} occupied junctions within the band{mark}"


def pressure_check(laid: LaidWater, day: WaterDay, occupied: Flags) -> PressureCheck:
    """Pressures of a day at the junctions of occupied places (n_places,) against the ledger's band."""
    low_bar, high_bar = laid.parameters["utilities.main_pressure_bar"]
    rows = np.unique(laid.node_of_place[occupied & (laid.node_of_place >= 0)]).astype(np.int32)
    bar = day.pressure_m[:, rows] * BAR_PER_M
    least, greatest = bar.min(axis=0, initial=np.inf), bar.max(axis=0, initial=-np.inf)
    return PressureCheck(
        row=rows,
        name=laid.layers.nodes.node_id[rows],
        least_bar=least,
        greatest_bar=greatest,
        within=(least >= low_bar) & (greatest <= high_bar),
        verifiable=day.verifiable[rows],
    )


def velocities_mps(laid: LaidWater, day: WaterDay) -> Floats:
    """Greatest velocity of a day in each main of the zones (n_mains,) [m/s]."""
    diameter_m = laid.layers.edges.diameter_mm[laid.mains] / MM_PER_M
    fastest = np.abs(day.flow_lps).max(axis=0, initial=0.0) / L_PER_M3
    return np.asarray(fastest / (np.pi * diameter_m**2 / 4.0))
