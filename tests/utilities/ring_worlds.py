"""Small networks for failures: feeders of stations with ties, fibre, a mobile site, a pump and its tank."""

from __future__ import annotations

from collections.abc import Sequence

from twin.territory.tables import INFERRED
from twin.territory.utilities.draft import Draft, Edge, Node
from twin.territory.utilities.tables import POWER, TELECOM, WATER, Utilities

DEGREES_PER_M = 1.0 / 111_195.0


def ring(n_feeders: int, n_stations: int, ties: Sequence[tuple[int, int]] = ()) -> Utilities:
    """Feeders of stations in a row, each with one house at low voltage; `ties` join stations by number.

    Station s of feeder f has the number f * n_stations + s and the id "s<number>"; the cable to it is
    "c<number>", its house hangs on "h<number>" over "l<number>". An exchange feeds the substation's fibre
    and a mobile site by station 0, a pump by the last station fills a tank for every house.
    """
    draft = Draft()

    def node(name: str, utility: int, kind: str, east_m: float, north_m: float) -> str:
        at = 7.4 + east_m * DEGREES_PER_M, 43.7 + north_m * DEGREES_PER_M
        return draft.node(Node(name, utility, kind, *at, INFERRED, area="zone" if utility == WATER else ""))

    def edge(name: str, utility: int, kind: str, tail: str, head: str) -> None:
        draft.edge(Edge(utility, kind, tail, head, 100.0, INFERRED, name))

    substation = node("sub", POWER, "hv_mv_substation", 0.0, 0.0)
    exchange = node("exchange", TELECOM, "exchange", 10.0, 0.0)
    fibre = node("fibre", TELECOM, "distribution_point", 20.0, 0.0)
    site = node("site", TELECOM, "site", 30.0, 0.0)
    edge("f0", TELECOM, "fibre_feeder", exchange, fibre)
    edge("f1", TELECOM, "backhaul", fibre, site)
    source, pump, tank, tap = (
        node(name, WATER, kind, 50.0, 0.0)
        for name, kind in (("well", "source"), ("pump", "pump"), ("tank", "tank"), ("tap", "junction"))
    )
    for name, ends in (("w0", (source, pump)), ("w1", (pump, tank)), ("w2", (tank, tap))):
        edge(name, WATER, "main", *ends)
    for number in range(n_feeders * n_stations):
        feeder, row = divmod(number, n_stations)
        station = node(f"s{number}", POWER, "station", 100.0 * (row + 1), 100.0 * feeder)
        house = node(f"h{number}", POWER, "lv_node", 100.0 * (row + 1), 100.0 * feeder + 30.0)
        kind, before = ("mv_cable", f"s{number - 1}") if row else ("mv_trunk", substation)
        edge(f"c{number}", POWER, kind, before, station)
        edge(f"l{number}", POWER, "lv_cable", station, house)
        place = f"p{number}"
        for each in (house, tap, fibre, site):
            draft.depend("place", place, each)
    for number, (a, b) in enumerate(ties):
        edge(f"t{number}", POWER, "mv_tie", f"s{a}", f"s{b}")
    last = n_feeders * n_stations - 1
    for kind, name, support in (
        ("site", site, "h0"),
        ("exchange", exchange, "h0"),
        ("pump", pump, f"h{last}"),
    ):
        draft.depend(kind, name, support)
    draft.depend("hv_mv_substation", substation, fibre)
    return draft.finished()
