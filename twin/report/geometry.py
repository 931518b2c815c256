"""Lines of links as short SVG paths: simplified, on the right of the street's axis, in tenths of a pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely

from twin.report.drawn import Bounds, DrawnNetwork, Floats

TENTHS = 10
"""Units of a drawing per pixel: coordinates and widths are whole numbers of tenths."""
TOLERANCE_PX = 0.35
"""How far a simplified line may leave the given one."""
MARGIN = 0.04
"""Share of the frame left free around what it shows."""


@dataclass(frozen=True)
class MapFrame:
    """A rectangle of the territory on a drawing of a given width."""

    west_m: float
    north_m: float
    m_per_px: float
    width_px: float
    height_px: float

    @classmethod
    def around(
        cls, bounds_m: Bounds, width_px: float, least_ratio: float = 0.5, most_ratio: float = 0.85
    ) -> MapFrame:
        """The frame that holds the bounds and a margin, no flatter and no higher than the ratios allow."""
        west, south, east, north = bounds_m
        across, up = max(east - west, 50.0), max(north - south, 50.0)
        across, up = across * (1 + 2 * MARGIN), up * (1 + 2 * MARGIN)
        ratio = min(max(up / across, least_ratio), most_ratio)
        m_per_px = max(across / width_px, up / (width_px * ratio))
        height_px = width_px * ratio
        middle_x, middle_y = (west + east) / 2, (south + north) / 2
        return cls(
            middle_x - m_per_px * width_px / 2,
            middle_y + m_per_px * height_px / 2,
            m_per_px,
            width_px,
            height_px,
        )

    def units(self, points_m: Floats) -> Floats:
        """Local metres (n, 2) to drawing units, y down."""
        scale = TENTHS / self.m_per_px
        moved = (np.asarray(points_m, dtype=np.float64) - (self.west_m, self.north_m)) * (scale, -scale)
        return np.asarray(moved, dtype=np.float64)

    @property
    def view_box(self) -> str:
        """The drawing's viewBox."""
        return f"0 0 {round(self.width_px * TENTHS)} {round(self.height_px * TENTHS)}"

    def shows(self, units: Floats) -> bool:
        """Whether the box around some points (in drawing units) touches the frame."""
        low, high = units.min(axis=0), units.max(axis=0)
        right, bottom = self.width_px * TENTHS, self.height_px * TENTHS
        return bool(high[0] >= 0 and high[1] >= 0 and low[0] <= right and low[1] <= bottom)


def bounds_of(network: DrawnNetwork, zones: tuple[str, ...] = ()) -> Bounds:
    """Box around all links, or around those of some zones; the whole where the zones have none."""
    chosen = [
        line for line, zone in zip(network.lines_m, network.zone, strict=True) if not zones or zone in zones
    ] or list(network.lines_m)
    points = np.concatenate(chosen) if chosen else np.zeros((1, 2))
    west, south = points.min(axis=0)
    east, north = points.max(axis=0)
    return float(west), float(south), float(east), float(north)


def simplified(lines: Sequence[Floats], tolerance: float) -> list[Floats]:
    """Lines without the points that lie within `tolerance` of what remains (Douglas and Peucker, 1973).

    >>> [line.tolist() for line in simplified([np.array([[0.0, 0.0], [5.0, 0.1], [9.0, 0.0]])], 0.5)]
    [[[0.0, 0.0], [9.0, 0.0]]]
    """
    if not lines:
        return []
    row = np.repeat(np.arange(len(lines)), [len(line) for line in lines])
    strings = shapely.linestrings(np.concatenate(lines), indices=row)
    thinned = shapely.simplify(strings, tolerance, preserve_topology=False)
    points, row = shapely.get_coordinates(thinned, return_index=True)
    parts = np.split(points, np.searchsorted(row, np.arange(1, len(lines))))
    return [part if len(part) else line for part, line in zip(parts, lines, strict=True)]


def beside(points: Floats, distance: float) -> Floats:
    """The same line moved to its right by `distance`, y pointing down; corners are not drawn out."""
    if distance == 0 or len(points) < 2:
        return points
    steps = np.diff(points, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    lengths[lengths == 0] = 1.0
    right = np.column_stack([-steps[:, 1], steps[:, 0]]) / lengths[:, None]
    corner = np.vstack([right[:1], right[:-1] + right[1:], right[-1:]])
    size = np.hypot(corner[:, 0], corner[:, 1])
    size[size < 0.5] = 1.0
    return points + corner / size[:, None] * distance


def path_of(points: Floats) -> str:
    """A path in whole units, each step relative to the last point; a lone point stays visible.

    >>> path_of(np.array([[1.2, 2.0], [11.0, 2.4], [11.0, -8.0]]))
    'M1 2l10 0 0-10'
    """
    whole = np.rint(points).astype(np.int64)
    steps = np.diff(whole, axis=0)
    steps = steps[(steps != 0).any(axis=1)]
    text = "".join(f" {x} {y}" if y >= 0 else f" {x}{y}" for x, y in steps.tolist()) or " 0 0"
    text = text.replace(" -", "-")
    return f"M{whole[0, 0]} {whole[0, 1]}l{text.lstrip()}"
