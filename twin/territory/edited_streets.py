"""Streets under edit: who may enter which link, where addresses have moved, and that nothing is cut off."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from twin.errors import InputError
from twin.territory.reach import cut_off
from twin.territory.tables import Flags, Gateways, Ints, Streets, TurnBans
from twin.territory.territory import Territory

MOST_NAMED = 3
"""As many ids are listed in an error; the others are counted."""


@dataclass(frozen=True, eq=False)
class EditedStreets:
    """Streets after some edits.

    Parameters
    ----------
    for_cars, for_buses
        Links that either may enter, (n_links,) bool.
    instead
        The link to which an address on each link has moved, its own where it has not, (n_links,) int32.
    """

    streets: Streets
    turns: TurnBans
    for_cars: Flags
    for_buses: Flags
    instead: Ints

    @staticmethod
    def of(streets: Streets, turns: TurnBans) -> EditedStreets:
        """Nothing edited: every link is open to all."""
        all_ = np.ones(streets.n_links, dtype=np.bool_)
        return EditedStreets(streets, turns, all_, all_, np.arange(streets.n_links, dtype=np.int32))

    def longer(self, streets: Streets, cars: bool) -> EditedStreets:
        """With rows added that buses may enter, and cars or not."""
        n_new = streets.n_links - self.streets.n_links
        return replace(
            self,
            streets=streets,
            for_cars=np.append(self.for_cars, np.full(n_new, cars)),
            for_buses=np.append(self.for_buses, np.ones(n_new, dtype=np.bool_)),
            instead=np.append(self.instead, np.arange(self.streets.n_links, streets.n_links, dtype=np.int32)),
        )


def checked(territory: Territory, before: EditedStreets, after: EditedStreets, where: str) -> EditedStreets:
    """The later streets, if all places and gateways that could be reached can be reached."""
    if after is before or (after.turns is before.turns and after.for_cars is before.for_cars):
        return after
    doors = territory.places.access_link
    lost, places = [], territory.places.place_id
    stray_before, stray = _stray(before, territory.gateways), _stray(after, territory.gateways)
    had = (doors >= 0) & ~stray_before[0][before.instead[np.maximum(doors, 0)]]
    shut = had & stray[0][after.instead[np.maximum(doors, 0)]]
    if shut.any():
        named = few(np.sort(places[shut])[:MOST_NAMED].tolist(), int(shut.sum()))
        lost.append(f"{int(shut.sum())} places ({named})")
    gates = stray[1] & ~stray_before[1]
    if gates.any():
        named = few(np.sort(territory.gateways.gate_id[gates])[:MOST_NAMED].tolist(), int(gates.sum()))
        lost.append(f"{int(gates.sum())} gateways ({named})")
    if lost:
        raise InputError(
            f"{where}: links", f"cuts off {' and '.join(lost)}", "a change that leaves ways there"
        )
    return after


def _stray(made: EditedStreets, gateways: Gateways) -> tuple[Flags, Flags]:
    streets = made.streets
    return cut_off((streets.tail, streets.head, streets.core), made.turns, made.for_cars, gateways)


def few(named: list[str], n_all: int) -> str:
    """Ids of some, and how many more there are.

    >>> few(["a", "b"], 5)
    'a, b and 3 more'
    """
    return ", ".join(named) + (f" and {n_all - len(named)} more" if n_all > len(named) else "")
