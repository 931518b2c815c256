"""The order of a cascade, line by line: what failed, when, because of what, restored when, by which crew."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from twin.clock import format_time_s
from twin.territory.utilities.tables import LAID, SOURCE_KINDS, UTILITIES
from twin.utilities.failures.cascade import BROKEN, OPENED, Fall
from twin.utilities.failures.crews import Visit
from twin.utilities.failures.damages import CUT, RESTART, WORKS, Damages
from twin.utilities.failures.inventory import Inventory
from twin.utilities.failures.laid import INPUTS, POWERED
from twin.utilities.failures.switching import Switched

SHOWN = (*POWERED, "tank", *(kind for kinds in SOURCE_KINDS.values() for kind in kinds))
"""Kinds that get a line of their own; others that fall together for one reason are counted."""


@dataclass(frozen=True)
class Line:
    """An element that went down: because of which others, until when, and who mended what it hung on.

    `cause_id` is the element because of which it fell, "" for damage of its own; `root_id` the damage at
    the beginning of the chain. `restored_s` is NaN if it was not; `crew` is "" without a visit.
    """

    at_s: float
    round: int
    element_id: str
    kind: str
    utility: int
    why: str
    cause_id: str
    root_id: str
    restored_s: float
    crew: str


class Story:
    """What happened on a day, from the falls of its cascade, its damages, visits and switching."""

    def __init__(
        self,
        known: Inventory,
        falls: Sequence[Fall],
        step_s: float,
        damages: Damages | None = None,
        visits: Sequence[Visit] = (),
        switched: Sequence[Switched] = (),
        watched: Mapping[int, Sequence[str]] | None = None,
    ) -> None:
        self.known, self.falls, self.step_s, self.visits = known, falls, step_s, visits
        self.damages, self.switched, self.watched = damages, switched, watched or {}
        self._visits: dict[str, list[Visit]] = {}
        for visit in visits:
            self._visits.setdefault(visit.element_id, []).append(visit)
        self._damages: dict[str, list[int]] = {}
        for row, name in enumerate(() if damages is None else damages.element_id.tolist()):
            self._damages.setdefault(name, []).append(row)

    def lines(self) -> list[Line]:
        """Every element that went down, in the order of time and of rounds."""
        found: list[Line] = []
        open_: dict[int, int] = {}
        for fall in self.falls:
            if fall.down and fall.element in open_:
                continue  # it broke while it was down already
            if fall.down:
                open_[fall.element] = len(found)
                found.append(self._line(fall))
            elif fall.element in open_:
                row = open_.pop(fall.element)
                old, back_s = found[row], fall.step * self.step_s
                crew = self._mender(fall, back_s)
                found[row] = Line(**{**old.__dict__, "restored_s": back_s, "crew": crew})
        return found

    def texts(self) -> list[str]:
        """The same for a reader: equipment each by itself, what hangs on it in numbers."""
        told = [*self._fall_texts(), *self._visit_texts(), *self._switch_texts()]
        return [f"{format_time_s(at_s)} {text}" for at_s, _, _, text in sorted(told)]

    def _line(self, fall: Fall) -> Line:
        known, row = self.known, fall.element
        return Line(
            fall.step * self.step_s,
            fall.round,
            str(known.element_id[row]),
            str(known.kind[row]),
            int(known.utility[row]),
            self._why(fall),
            self._id(fall.by),
            self._id(fall.root),
            float("nan"),
            "",
        )

    def _why(self, fall: Fall) -> str:
        if fall.cause == BROKEN:
            return "broken"
        if fall.cause == OPENED:
            return "switched off"
        if fall.cause < len(INPUTS):
            of_water = "not filled" if self.known.kind[fall.element] == "tank" else "no water"
            return ("no power", of_water)[fall.cause]
        return "not reached"

    def _id(self, row: int) -> str:
        return str(self.known.element_id[row]) if row >= 0 else ""

    def _name(self, row: int) -> str:
        return f"{self.known.kind[row]} {self.known.element_id[row]}"

    def _mender(self, fall: Fall, back_s: float) -> str:
        """The crew whose visit let an element come back: to itself, else to where its trouble began."""
        for name in (self._id(fall.element), self._id(fall.root)):
            done = [each for each in self._visits.get(name, ()) if each.done_at <= back_s + self.step_s]
            if done:
                return max(done, key=lambda visit: visit.done_at).crew
        return ""

    def _fall_texts(self) -> list[tuple[float, int, int, str]]:
        told, counted = [], dict[tuple[int, int, bool, int, int], list[int]]()
        closed = {(each.step, each.element) for each in self.switched if each.closed and each.fault >= 0}
        for order, fall in enumerate(self.falls):
            for name in self.watched.get(fall.element, ()):
                text = f"{name} is {'no longer' if fall.down else 'again'} watched and switched from afar"
                told.append((fall.step * self.step_s, 1, order, text))
            if not fall.down and (fall.step, fall.element) in closed:
                continue  # told as switching
            own = fall.cause in (BROKEN, OPENED)
            if self.known.kind[fall.element] in SHOWN or own:
                told.append((fall.step * self.step_s, 1, order, self._text(fall)))
            else:
                key = (fall.step, fall.round if fall.down else 0, fall.down, fall.root, fall.cause)
                counted.setdefault(key, [order]).append(fall.element)
        for (step, _, down, root, cause), (order, *rows) in counted.items():
            kinds, numbers = np.unique(self.known.kind[rows], return_counts=True)
            what = ", ".join(f"{n} {kind}" for kind, n in zip(kinds.tolist(), numbers.tolist(), strict=True))
            layer = UTILITIES[LAID[cause - len(INPUTS)]] if cause >= len(INPUTS) else "what feeds them"
            because = f", because of {self._name(root)}" if root >= 0 else ""
            text = f"{what} not reached by {layer}{because}" if down else f"{what} back{because}"
            told.append((step * self.step_s, 1, order, text))
        return told

    def _text(self, fall: Fall) -> str:
        name = self._name(fall.element)
        if not fall.down:
            crew = self._mender(fall, fall.step * self.step_s)
            return f"{name} works again" + (f" after {crew} came" if crew else "")
        why = self._why(fall)
        if fall.cause == BROKEN:
            why += self._harm(fall)
        elif fall.cause == OPENED:
            why += f": fault on {self._name(fall.by)}" if fall.by >= 0 else self._harm(fall)
        elif fall.by >= 0:
            why += (
                f" from {self._name(fall.by)}"
                if fall.cause < len(INPUTS)
                else f", past {self._name(fall.by)}"
            )
            if fall.root >= 0 and fall.root != fall.by:
                why += f", because of {self._name(fall.root)}"
        return f"{name} down: {why}"

    def _harm(self, fall: Fall) -> str:
        """What broke an element, as its damages of that moment say."""
        if self.damages is None:
            return ""
        now_s = (fall.step + 1) * self.step_s
        rows = self._damages.get(self._id(fall.element), ())
        causes = [str(self.damages.cause[row]) for row in rows if self.damages.at_s[row] < now_s]
        harms = [each for each in causes if each != RESTART]
        names = {WORKS: "planned works", CUT: "rotating cut"}
        return f" ({names.get(harms[-1], harms[-1])})" if harms else ""

    def _visit_texts(self) -> list[tuple[float, int, int, str]]:
        told = []
        for order, visit in enumerate(self.visits):
            name = self._name(self.known.row_of[visit.element_id])
            arrived, done = format_time_s(visit.arrived_at), format_time_s(visit.done_at)
            text = f"{visit.crew} leaves for {name}, arrives {arrived}, is done {done}"
            told.append((visit.left_at, 2, order, text))
        return told

    def _switch_texts(self) -> list[tuple[float, int, int, str]]:
        told = []
        for order, each in enumerate(self.switched):
            if not each.closed or each.fault < 0:
                continue  # an opening is told as a fall
            how = "from afar" if each.remote else "by hand"
            text = f"{self._name(each.element)} closed {how}: {self._name(each.fault)} is isolated"
            told.append((each.step * self.step_s, 0, order, text))
        return told
