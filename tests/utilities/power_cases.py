"""Published distribution networks, as facts: IEEE 33 buses, CIGRE medium and low voltage.

IEEE 33: Baran and Wu, Network reconfiguration in distribution systems for loss reduction and load
balancing, IEEE Trans. Power Delivery 4(2), 1989. CIGRE: Benchmark systems for network integration of
renewable and distributed energy resources, Task Force C6.04.02, brochure 575, 2014 (European, balanced,
without generators; medium voltage with its switches S1, S2, S3 open).
"""

from __future__ import annotations

import numpy as np

from twin.utilities.power.grid import Buses, PowerGrid, PowerLines, Sources, Transformers

# ohm, ohm, kW, kvar of each branch and of the load at its far end
IEEE_33 = """0 1 .0922 .047 100 60|1 2 .493 .2511 90 40|2 3 .366 .1864 120 80|3 4 .3811 .1941 60 30
4 5 .819 .707 60 20|5 6 .1872 .6188 200 100|6 7 .7114 .2351 200 100|7 8 1.03 .74 60 20
8 9 1.044 .74 60 20|9 10 .1966 .065 45 30|10 11 .3744 .1238 60 35|11 12 1.468 1.155 60 35
12 13 .5416 .7129 120 80|13 14 .591 .526 60 10|14 15 .7463 .545 60 20|15 16 1.289 1.721 60 20
16 17 .732 .574 90 40|1 18 .164 .1565 90 40|18 19 1.5042 1.3554 90 40|19 20 .4095 .4784 90 40
20 21 .7089 .9373 90 40|2 22 .4512 .3083 90 50|22 23 .898 .7091 420 200|23 24 .896 .7011 420 200
5 25 .203 .1034 60 25|25 26 .2842 .1447 60 25|26 27 1.059 .9337 60 20|27 28 .8042 .7006 120 70
28 29 .5075 .2585 200 600|29 30 .9744 .963 150 70|30 31 .3105 .3619 210 100|31 32 .341 .5302 60 40"""

# km, cable (0) or overhead line (1); the last three are open at the far end, a bus of their own here
CIGRE_MV = """1 2 2.82 0|2 3 4.42 0|3 4 .61 0|4 5 .56 0|5 6 1.54 0|7 8 1.67 0|8 9 .32 0|9 10 .77 0
10 11 .33 0|3 8 1.3 0|12 13 4.89 1|13 14 2.99 1
6 15 .24 0|11 16 .49 0|14 17 2.0 1"""
MV_KINDS = ((0.501, 0.716, 151.1749e-9, 145.0), (0.51, 0.366, 10.09679e-9, 195.0))
# bus, kVA, power factor
MV_LOADS = """1 15300 .98|3 285 .97|4 445 .97|5 750 .97|6 565 .97|8 605 .97|10 490 .97|11 340 .97
12 15300 .98|14 215 .97|1 5100 .95|3 265 .85|7 90 .85|9 675 .85|10 80 .85|12 5280 .95|13 40 .85|14 390 .85"""

# km, kind of cable or line
CIGRE_LV = """2 3 .035 u1|3 4 .035 u1|4 5 .035 u1|5 6 .035 u1|6 7 .035 u1|7 8 .035 u1|8 9 .035 u1
9 10 .035 u1|10 11 .035 u1|4 12 .03 u3|5 13 .035 u3|13 14 .035 u3|14 15 .035 u3|15 16 .03 u3
7 17 .03 u3|10 18 .03 u3|11 19 .03 u3|21 22 .2 u2|24 25 .03 o1|25 26 .03 o1|26 27 .03 o1
27 28 .03 o1|28 29 .03 o1|29 30 .03 o1|30 31 .03 o1|31 32 .03 o1|26 33 .03 o2|33 34 .03 o2
34 35 .03 o3|34 36 .03 o3|33 37 .03 o3|28 38 .03 o2|38 39 .03 o2|38 40 .03 o3|39 41 .03 o3
31 42 .03 o3|32 43 .03 o3"""
LV_KINDS = {"u1": (0.162, 0.0832), "u2": (0.2647, 0.0823), "u3": (0.822, 0.0847),
            "o1": (0.4917, 0.2847), "o2": (1.3207, 0.321), "o3": (2.0167, 0.3343)}  # fmt: skip
LV_LOADS = """2 200 .95|12 15 .95|16 52 .95|17 55 .95|18 35 .95|19 47 .95|22 100 .85|24 120 .9|35 20 .9
36 20 .9|37 25 .9|40 25 .9|41 8 .9|42 16 .9|43 8 .9"""
# from, to, kVA, relative short-circuit voltage, its resistive part
LV_UNITS = (
    (1, 2, 500.0, 4.123106, 1.0),
    (20, 21, 150.0, 4.126896, 1.003125),
    (23, 24, 300.0, 4.115529, 0.99375),
)


def rows(text: str) -> list[list[str]]:
    return [each.split() for line in text.splitlines() for each in line.split("|")]


def named(kind: str, n: int) -> np.ndarray:
    return np.array([f"{kind} {row}" for row in range(n)], dtype=np.str_)


def case(
    rated_v: list[float],
    lines: list[tuple[float, ...]],
    units: list[tuple[float, ...]],
    source: tuple[int, float],
    load_bus: list[int],
) -> PowerGrid:
    """A network of lines (tail, head, ohm, ohm, F, A) and transformers (tail, head, VA, uk, W)."""
    n = len(rated_v)
    column = np.array(lines, dtype=float).reshape(-1, 6).T
    unit = np.array(units, dtype=float).reshape(-1, 5).T
    volts = np.array(rated_v, dtype=float)
    ends, unit_ends = column[:2].astype(np.int32), unit[:2].astype(np.int32)
    nothing = np.zeros(len(units))
    return PowerGrid(
        Buses(named("bus", n), volts),
        PowerLines(named("line", len(lines)), ends[0], ends[1], *column[2:]),
        Transformers(
            named("unit", len(units)), unit_ends[0], unit_ends[1],
            volts[unit_ends[0]], volts[unit_ends[1]], unit[2], unit[3], unit[4], nothing, nothing,
        ),
        Sources(np.array([source[0]], dtype=np.int32), np.array([source[1]]), np.array([1e9])),
        np.array(load_bus, dtype=np.int32),
    )  # fmt: skip


def of_kva(text: str) -> tuple[list[int], np.ndarray, np.ndarray]:
    """Bus, W and var of loads given by kVA and power factor."""
    table = np.array(rows(text), dtype=float)
    active = 1000.0 * table[:, 1] * table[:, 2]
    return table[:, 0].astype(int).tolist(), active, 1000.0 * table[:, 1] * np.sqrt(1.0 - table[:, 2] ** 2)


def ieee_33() -> tuple[PowerGrid, np.ndarray, np.ndarray]:
    table = np.array(rows(IEEE_33), dtype=float)
    lines = [(a, b, r, x, 0.0, 1e5) for a, b, r, x in table[:, :4].tolist()]
    loads = table[:, 1].astype(int).tolist()
    return case([12_660.0] * 33, lines, [], (0, 1.0), loads), 1000.0 * table[:, 4], 1000.0 * table[:, 5]


def cigre_mv() -> tuple[PowerGrid, np.ndarray, np.ndarray]:
    lines = []
    for tail, head, km, kind in rows(CIGRE_MV):
        r, x, farad, ampere = MV_KINDS[int(kind)]
        lines.append((int(tail), int(head), r * float(km), x * float(km), farad * float(km), ampere))
    units = [(0, low, 25e6, 0.1200107, 0.0016 * 25e6) for low in (1, 12)]
    at, active, reactive = of_kva(MV_LOADS)
    return case([110_000.0] + [20_000.0] * 17, lines, units, (0, 1.03), at), active, reactive


def cigre_lv() -> tuple[PowerGrid, np.ndarray, np.ndarray]:
    at_mv = (0, 1, 20, 23)
    lines = [(0, top, 1e-4, 1e-4, 0.0, 1e5) for top in at_mv[1:]]
    for tail, head, km, kind in rows(CIGRE_LV):
        r, x = LV_KINDS[kind]
        lines.append((int(tail), int(head), r * float(km), x * float(km), 0.0, 1000.0))
    units = [(a, b, kva * 1e3, uk / 100, ur / 100 * kva * 1e3) for a, b, kva, uk, ur in LV_UNITS]
    rated = [20_000.0 if bus in at_mv else 400.0 for bus in range(44)]
    at, active, reactive = of_kva(LV_LOADS)
    return case(rated, lines, units, (0, 1.0), at), active, reactive
