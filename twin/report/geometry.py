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

    def lines(self, lines_m: Sequence[Floats]) -> list[Floats]:
        """The same of each line."""
        if not lines_m:
            return []
        points_m, ends = joined(lines_m)
        return np.split(self.units(points_m), ends[:-1])

    def shows(self, lines: Sequence[Floats]) -> np.ndarray:
        """(n,) whether the box around each line (in drawing units) touches the frame."""
        if not lines:
            return np.zeros(0, dtype=np.bool_)
        points, ends = joined(lines)
        begins = np.append(0, ends[:-1])
        low, high = np.minimum.reduceat(points, begins), np.maximum.reduceat(points, begins)
        most = np.array([self.width_px, self.height_px]) * TENTHS
        return np.asarray(((high >= 0) & (low <= most)).all(axis=1))


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
    return all_beside([points], np.array([distance]))[0]


def all_beside(lines: Sequence[Floats], distance: Floats) -> list[Floats]:
    """The same of each line, by its own distance (n_lines,)."""
    if not lines:
        return []
    points, ends = joined(lines)
    steps = np.diff(points, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    lengths[lengths == 0] = 1.0
    right = np.column_stack([-steps[:, 1], steps[:, 0]]) / lengths[:, None]
    right[ends[:-1] - 1] = 0.0  # no step leads from one line to the next
    nothing = np.zeros((1, 2))
    corner = np.vstack([nothing, right]) + np.vstack([right, nothing])
    size = np.hypot(corner[:, 0], corner[:, 1])
    size[size < 0.5] = 1.0
    far = np.repeat(distance, [len(line) for line in lines])
    return np.split(points + corner / size[:, None] * far[:, None], ends[:-1])


def joined(lines: Sequence[Floats]) -> tuple[Floats, np.ndarray]:
    """The points of all lines (n, 2), and where among them each line ends."""
    return np.concatenate(lines), np.cumsum([len(line) for line in lines])


def path_of(points: Floats) -> str:
    """A path in whole units, each step relative to the last point; a lone point stays visible.

    >>> path_of(np.array([[1.2, 2.0], [11.0, 2.4], [11.0, -8.0]]))
    'M1 2l10 0 0-10'
    """
    return paths_of([points])[0]


def paths_of(lines: Sequence[Floats]) -> list[str]:
    """The same of each line."""
    if not lines:
        return []
    points, ends = joined(lines)
    whole = np.rint(points).astype(np.int64)
    steps = np.diff(whole, axis=0, append=whole[-1:])
    words = ["" if not (x or y) else f" {x} {y}" if y >= 0 else f" {x}{y}" for x, y in steps.tolist()]
    written, begin = [], 0
    for (x, y), end in zip(whole[np.append(0, ends[:-1])].tolist(), ends.tolist(), strict=True):
        text = "".join(words[begin : end - 1]) or " 0 0"
        written.append(f"M{x} {y}l{text.replace(' -', '-').lstrip()}")
        begin = end
    return written
