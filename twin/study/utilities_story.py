"""A cascade told line by line: what failed, when, because of what, restored when, by which crew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from twin.clock import format_time_s

FEW = 3
"""Most elements of one line that are named one by one."""
KINDS = {
    "hv_mv_substation": "HV/MV substation",
    "station": "MV/LV station",
    "mv_node": "medium-voltage node",
    "lv_node": "low-voltage node",
    "site": "mobile site",
    "gateway": "LoRaWAN gateway",
    "distant_data_center": "distant data centre",
    "data_center": "data centre",
}
"""Kinds of elements in words."""
ALONG = ("cable", "trunk", "main", "pipe", "feeder", "distribution", "backhaul", "transit", "branch", "line")
"""How kinds of edges end: what is not reached along them is told of their nodes alone."""


@dataclass(frozen=True)
class StoryLine:
    """Elements of one kind that fell at one time, for one reason; texts in words, "" where there is none."""

    at: str
    what: str
    why: str
    because: str
    restored: str
    crew: str
    n_elements: int

    def spoken(self) -> str:
        """The line as one sentence."""
        because = f", because of {self.because}" if self.because else ""
        back = f"; {self.restored}" if self.restored else ""
        by = f" by {self.crew}" if self.crew else ""
        return f"{self.at} {self.what}: {self.why}{because}{back}{by}"


def story_of(failures: pd.DataFrame) -> tuple[StoryLine, ...]:
    """Lines in the order of time and of rounds, from a result's table `utility_failures`.

    What fell at one time in one round, of one kind, for one reason and because of one kind is one line. Lines
    and mains are told of where they are damaged or switched off themselves.
    """
    if not len(failures):
        return ()
    kind_of = dict(zip(failures["element_id"], failures["kind"], strict=True))
    passive = (failures["why"] == "not reached") & failures["kind"].str.endswith(ALONG)
    table = failures.assign(order=np.arange(len(failures)))[~passive]
    table["cause_kind"] = [kind_of.get(each, "") for each in table["cause_id"]]
    keys = ["at_s", "round", "kind", "why", "cause_kind"]
    parts = sorted(
        (part for _, part in table.groupby(keys, sort=False)),
        key=lambda part: (part["at_s"].iloc[0], part["round"].iloc[0], part["order"].iloc[0]),
    )
    return tuple(_line(part) for part in parts)


def _line(part: pd.DataFrame) -> StoryLine:
    first = part.iloc[0]
    causes = list(dict.fromkeys(each for each in part["cause_id"] if each))
    crews = sorted({each for each in part["crew"] if each})
    return StoryLine(
        at=clock(float(first["at_s"])),
        what=elements_named(str(first["kind"]), part["element_id"].tolist()),
        why=str(first["why"]),
        because=elements_named(str(first["cause_kind"]), causes) if causes else "",
        restored=_restored(part["restored_s"].to_numpy(dtype=np.float64)),
        crew=", ".join(crews) if len(crews) <= FEW else f"{len(crews)} crews",
        n_elements=len(part),
    )


def elements_named(kind: str, ids: Sequence[str]) -> str:
    """Elements of a kind by their ids, or how many there are.

    >>> elements_named("mv_node", ["a", "b"]), elements_named("cabinet", list("abcd"))
    ('medium-voltage node a, b', '4 elements of kind cabinet')
    """
    words = KINDS.get(kind, kind.replace("_", " "))
    if len(ids) <= FEW:
        return f"{words} {', '.join(ids)}".strip()
    return f"{len(ids)} elements of kind {words}" if words else f"{len(ids)} elements"


def clock(at_s: float) -> str:
    """A moment as hours and minutes.

    >>> clock(36_000.0)
    '10:00'
    """
    return format_time_s(int(at_s))[:5]


def _restored(at_s: np.ndarray) -> str:
    """When they worked again: one time, from the first to the last, or not all of them."""
    back = at_s[np.isfinite(at_s)]
    if not len(back):
        return "not restored that day"
    first, last = clock(float(back.min())), clock(float(back.max()))
    when = f"restored {first}" if first == last else f"restored {first} to {last}"
    gone = len(at_s) - len(back)
    return f"{when}, {gone} not that day" if gone else when
