"""Maps as inline SVG: streets as wide as their flow, coloured by delay or by difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from twin.report.drawn import WHOLE, Bounds, DrawnNetwork, HomeMap, LinkFlows, LinkMap
from twin.report.geometry import (
    TENTHS,
    TOLERANCE_PX,
    MapFrame,
    all_beside,
    bounds_of,
    path_of,
    paths_of,
    simplified,
)
from twin.report.scales import DELAY_COLOURS, MINUTES_BREAKS, Scale, measured
from twin.report.svg import group, picture, tag
from twin.report.words import number

WIDE_PX = 1080.0
HALF_PX = 528.0
BUILT_GRID_M = 15.0
"""Buildings closer than this are one dot of the backdrop."""
DOT_PX, DOT_CLOSE_PX = 2.6, 4.0
"""Homes on a map of the whole area, and of a part of it."""
_BAR_STEPS_M = (50, 100, 200, 250, 500, 1_000, 2_000, 5_000, 10_000)


@dataclass(frozen=True)
class Drawing:
    """A map ready for the page: its markup and what the page's script needs to redraw it."""

    key: str
    drawn: LinkMap
    frame: MapFrame
    svg: Markup
    n_drawn: int


def backdrop(network: DrawnNetwork, row: int) -> Markup:
    """Built-up area and street axes in metres, written once and used by every map of the territory."""
    built = Markup("")
    if len(network.built_m):
        cells = np.unique(np.rint(network.built_m / BUILT_GRID_M).astype(np.int64), axis=0)
        cells = cells[np.lexsort((cells[:, 0], -cells[:, 1]))] * (1, -1)
        steps = np.diff(cells, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
        dots = "".join(f"m{x} {y}h0" if y >= 0 else f"m{x}{y}h0" for x, y in steps.tolist())
        built = tag("path", d=f"M0 0{dots}", id=f"built-{row}", transform=f"scale({BUILT_GRID_M:g})")
    axes = paths_of(simplified([line * (1, -1) for line in network.lines_m], 2.0))
    return group([built, tag("path", d="".join(axes), id=f"axes-{row}")])


def draw_map(
    key: str, drawn: LinkMap, network: DrawnNetwork, flows: tuple[LinkFlows, ...], scale: Scale
) -> Drawing:
    """One map, from the paper upwards: zones, buildings, axes, links, names, scale bar, attribution."""
    bounds = drawn.bounds_m or bounds_of(network)
    frame = (
        MapFrame.around(bounds, WIDE_PX)
        if drawn.wide
        else MapFrame.around(bounds, HALF_PX, *_half_ratios(drawn))
    )
    row = flows[drawn.scenario].network
    links, n_drawn = _links(drawn, network, flows, scale, frame)
    links_drawn = group(links, class_="links")
    parts = [*under(network, row, frame, drawn.focus), links_drawn, *over(network, frame)]
    words = (
        f"{drawn.title}. {n_drawn} links of {network.name} are drawn; their values are in the page's data."
    )
    svg = picture(
        parts,
        drawn.title,
        words,
        viewBox=frame.view_box,
        class_=f"map {'map-wide' if drawn.wide else 'map-half'} m-{drawn.measure}",
        data_map=key,
        preserveAspectRatio="xMidYMid meet",
    )
    return Drawing(key, drawn, frame, svg, n_drawn)


@dataclass(frozen=True)
class HomeDrawing:
    """A map of homes ready for the page."""

    key: str
    drawn: HomeMap
    svg: Markup
    n_drawn: int


def draw_homes(key: str, drawn: HomeMap, network: DrawnNetwork) -> HomeDrawing:
    """Homes as dots on the same ground, the furthest from services on top; a dot for homes that share one."""
    bounds = drawn.bounds_m or bounds_of(network)
    frame = MapFrame.around(bounds, WIDE_PX) if drawn.wide else MapFrame.around(bounds, HALF_PX, 0.78, 0.78)
    dot_px = DOT_CLOSE_PX if drawn.bounds_m else DOT_PX
    at = np.rint(frame.units(drawn.points_m)).astype(np.int64)
    inside = np.all((at >= 0) & (at <= np.array([frame.width_px, frame.height_px]) * TENTHS), axis=1)
    classes = np.searchsorted(MINUTES_BREAKS, drawn.minutes, side="right")
    dots = []
    for row, colour in enumerate(DELAY_COLOURS):
        own = np.unique(at[inside & (classes == row)] // (TENTHS // 2), axis=0) * (TENTHS // 2)
        path = "".join(f"M{x} {y}h0" for x, y in own.tolist())
        width = round(dot_px * TENTHS)
        attributes = {"d": path, "stroke": colour, "stroke_width": width, "data_class": row}
        dots.append(tag("path", **attributes) if path else Markup(""))
    homes = group(dots, class_="homes")
    parts = [*under(network, drawn.network, frame, drawn.focus), homes, *over(network, frame)]
    n_drawn = int(inside.sum())
    words = (
        f"{drawn.title}. {n_drawn} homes of {network.name} are drawn; their minutes are in the page's data."
    )
    size = "map-wide" if drawn.wide else "map-half"
    svg = picture(
        parts, drawn.title, words, viewBox=frame.view_box, class_=f"home-map {size}", data_homes=key
    )
    return HomeDrawing(key, drawn, svg, n_drawn)


def under(network: DrawnNetwork, row: int, frame: MapFrame, focus: str) -> list[Markup]:
    """What lies below a map's subject: paper, zones, buildings and axes."""
    paper = tag("rect", class_="paper", width="100%", height="100%")
    return [paper, _zones(network, frame, focus), _backdrop_used(network, row, frame)]


def over(network: DrawnNetwork, frame: MapFrame) -> list[Markup]:
    """What stands above it: names, scale bar, north, attribution."""
    return [_names(network, frame), _furniture(network, frame)]


def _links(
    drawn: LinkMap, network: DrawnNetwork, flows: tuple[LinkFlows, ...], scale: Scale, frame: MapFrame
) -> tuple[list[Markup], int]:
    """Every link in the frame that carries something at any hour, faint ones below."""
    flow, value = measured(drawn, flows, network.length_m / network.free_speed_mps)
    delay = flows[drawn.scenario].day_delay_s
    classes = scale.classes(value)
    widths = scale.drawn_px(flow, classes)
    pairs = [flows[drawn.scenario]] + ([flows[drawn.against]] if drawn.against is not None else [])
    alive = np.any([each.flow_veh.max(axis=0) > 0 for each in pairs], axis=0)
    lines = frame.lines(network.lines_m)
    seen = alive & frame.shows(lines)
    if drawn.values is not None:
        seen &= widths != 0
    order = np.lexsort((np.arange(len(flow)), widths))
    links = order[seen[order]]
    thinned = simplified([lines[link] for link in links], TOLERANCE_PX * TENTHS)
    wide = widths[links].astype(np.float64)
    aside = np.where(np.asarray(network.two_way)[links], (wide / 2 + 0.25) * TENTHS, 0.0)
    written = [
        tag(
            "path",
            class_=f"k{classes[link]}" if classes[link] >= 0 else "kx",
            stroke_width=round(float(widths[link]) * TENTHS),
            data_row=link,
            data_link=network.link_id[link],
            data_flow=float(flow[link]),
            data_delay=None if np.isnan(delay[link]) else float(delay[link]),
            d=path,
        )
        for link, path in zip(links.tolist(), paths_of(all_beside(thinned, aside)), strict=True)
    ]
    return written, len(written)


def _zones(network: DrawnNetwork, frame: MapFrame, focus: str) -> Markup:
    """Outlines of the zones whose ring is known; those in focus are lit."""
    lit = network.zones_in(focus.split(","))
    drawn = [
        tag(
            "path",
            d="".join(
                path_of(ring) + "z"
                for ring in simplified([frame.units(ring) for ring in each.rings_m], TENTHS)
            ),
            class_="zone zone-focus" if each.name in lit else "zone",
        )
        for each in sorted(network.outlines, key=lambda zone: zone.name in lit)
        if each.rings_m
    ]
    return group(drawn, class_="zones")


def _backdrop_used(network: DrawnNetwork, row: int, frame: MapFrame) -> Markup:
    """The shared backdrop, moved and scaled into this frame."""
    scale = TENTHS / frame.m_per_px
    move = f"translate({-frame.west_m * scale:.1f} {frame.north_m * scale:.1f}) scale({scale:.5f})"
    built = max(2.0 * frame.m_per_px, BUILT_GRID_M) / BUILT_GRID_M
    parts = [tag("use", href=f"#axes-{row}", class_="axes", stroke_width=f"{0.7 * frame.m_per_px:.2f}")]
    if len(network.built_m):
        parts.insert(0, tag("use", href=f"#built-{row}", class_="built", stroke_width=f"{built:.2f}"))
    return group(parts, transform=move, class_="backdrop")


def _names(network: DrawnNetwork, frame: MapFrame) -> Markup:
    """Names of zones and of the roads that leave, where they do not run into each other."""
    right, bottom = frame.width_px, frame.height_px
    taken = [(0.0, 0.0, 50.0, 76.0), (right - 44, 0.0, right, 56.0), (0.0, bottom - 44, right, bottom)]
    written = []
    labels = [(each.label, each.label_m, "zone-name") for each in network.outlines if each.name != WHOLE]
    labels += [(each.name, (each.x_m, each.y_m), "gate-name") for each in network.gates]
    for text, place_m, class_ in labels:
        x, y = (frame.units(np.array([place_m]))[0] / TENTHS).tolist()
        half = 4.0 * len(text) + 6.0
        if not (-20 <= x <= frame.width_px + 20 and -20 <= y <= frame.height_px + 20):
            continue
        x = min(max(x, half), frame.width_px - half)
        y = min(max(y, 24.0), bottom - 58.0)
        box = (x - half, y - 12.0, x + half, y + 12.0)
        if any(_overlap(box, other) for other in taken):
            continue
        taken.append(box)
        written.append(tag("text", text, x=round(x * TENTHS), y=round(y * TENTHS), class_=class_))
    return group(written, class_="names")


def _furniture(network: DrawnNetwork, frame: MapFrame) -> Markup:
    """Scale bar, north arrow and attribution, inside the picture so that a copy keeps them."""
    longest = frame.width_px * 0.2 * frame.m_per_px
    bar_m = max((step for step in _BAR_STEPS_M if step <= longest), default=_BAR_STEPS_M[0])
    end = 14 + bar_m / frame.m_per_px
    base = frame.height_px - 14
    text = f"{number(bar_m)} m" if bar_m < 1_000 else f"{number(bar_m / 1_000)} km"
    top = 16.0
    right = frame.width_px - 20
    north = f"M{_tenths(right)} {_tenths(top)}l45 120-45-30-45 30z"
    parts = [
        tag("path", d=f"M140 {_tenths(base - 5)}v50H{_tenths(end)}v-50", class_="scale-bar"),
        tag("text", text, x=_tenths((14 + end) / 2), y=_tenths(base - 7), class_="furniture middle"),
        tag("path", d=north, class_="north"),
        tag("text", "N", x=_tenths(right), y=_tenths(top + 26), class_="furniture middle"),
        tag(
            "text",
            network.attribution,
            x=_tenths(frame.width_px - 8),
            y=_tenths(frame.height_px - 8),
            class_="furniture end",
        ),
    ]
    return group(parts, class_="furnishing")


def _half_ratios(drawn: LinkMap) -> tuple[float, float]:
    """Least and most height over width: maps that stand side by side, each zoomed, are alike in shape."""
    return (0.78, 0.78) if drawn.bounds_m else (0.5, 0.85)


def frame_bounds(network: DrawnNetwork, focus: Sequence[str]) -> Bounds:
    """Box around the links of a focus; the whole territory for the focus `all`."""
    return bounds_of(network, () if WHOLE in focus else network.zones_in(focus))


def _tenths(px: float) -> int:
    return round(px * TENTHS)


def _overlap(one: tuple[float, float, float, float], other: tuple[float, float, float, float]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
