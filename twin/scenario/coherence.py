"""What no table of a scenario shows alone: moments within a step, orders that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from twin.clock import SLICE_S, format_time_s, parse_month
from twin.errors import InputError
from twin.scenario.modification import Modification
from twin.scenario.modifications import LEVERS, ClassifySecondary, SchoolStreet
from twin.scenario.weather import Rain

if TYPE_CHECKING:
    from twin.scenario.scenario import Scenario

CITY = "city"
STEP = "mobility.step_s"
EVER = 12 * 10_000
"""A month after all that can be written."""


class _Classes(NamedTuple):
    """Links classified as secondary: by which order, in which months, at which times, honoured how far."""

    order: Modification
    part: ClassifySecondary
    months: tuple[int, int]

    @property
    def key(self) -> str:
        """The key that says how far, as written; the kind where it says so by itself."""
        return "respect" if self.order.kind == self.part.kind else "kind"

    def meets(self, other: _Classes) -> bool:
        """Whether both hold at some moment."""
        times = (self.part.from_s, self.part.until_s), (other.part.from_s, other.part.until_s)
        return _overlap(*times) and _overlap(self.months, other.months)


def check_coherent(scenario: Scenario) -> None:
    """Refuse what could not be carried out, whatever the territory.

    Raises
    ------
    InputError
        A step that does not divide a quarter of an hour; a moment or a refresh within a step; classes of
        roads in force at one time that a provider is to honour at different shares.
    """
    step_s = float(scenario.ledger()[STEP])
    if step_s < 1.0 or step_s != int(step_s) or SLICE_S % int(step_s):
        where = scenario.where("parameters", STEP)
        raise InputError(where, f"{step_s:g} s", f"whole seconds that divide {SLICE_S} s")
    _check_moments(scenario, int(step_s))
    for provider in scenario.providers:
        if provider.refresh_s % step_s:
            what = f"{provider.refresh_s:g} s is no whole number of the model's steps"
            raise InputError(provider.where("refresh_s"), what, f"a multiple of {step_s:g} s")
        if provider.name == CITY:
            raise InputError(provider.where("name"), f"{CITY!r} is the road manager", "another name")
    _check_respect(scenario)


def _check_moments(scenario: Scenario, step_s: int) -> None:
    """Whatever begins or ends on the streets does so between two steps."""
    for order, part in _parts(scenario):
        if not isinstance(part, (*LEVERS, Rain)):
            continue
        for key, moment_s in (("from", part.from_s), ("until", part.until_s)):
            if moment_s % step_s:
                where = order.where("hours" if isinstance(order, SchoolStreet) else key)
                what = f"{format_time_s(moment_s)} lies within a step of the model"
                raise InputError(where, what, f"a multiple of {step_s / 60:g} minutes")


def _check_respect(scenario: Scenario) -> None:
    """Each provider honours the classes in force on one share of its routes."""
    classes = [
        _Classes(order, part, _months(order))
        for order, part in _parts(scenario)
        if isinstance(part, ClassifySecondary)
    ]
    own: list[float | None] = [provider.respect for provider in scenario.providers]
    own = own or [None]
    for one, other in combinations(classes, 2):
        if not one.meets(other):
            continue
        pairs = [(_share(one.part, each), _share(other.part, each)) for each in own]
        for first, second in pairs:
            if first is not None and second is not None and first != second:
                what = f"{second:g}, and {first:g} at the same time by {one.order.where()}"
                raise InputError(other.order.where(other.key), what, "one share for all classes in force")


def _share(part: ClassifySecondary, own: float | None) -> float | None:
    return own if part.respect is None else part.respect


def _parts(scenario: Scenario) -> Iterator[tuple[Modification, Modification]]:
    """Orders and the kinds known to the model of which each is made."""
    for order in scenario.modifications:
        for part in order.told_parts():
            yield order, part


def _months(order: Modification) -> tuple[int, int]:
    """The first month in which an order holds, and the first in which it does not any more."""
    begin, end = order.from_, order.until
    first = parse_month(begin) if begin and ":" not in begin else 0
    return first, parse_month(end) if end and ":" not in end else EVER


def _overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return one[0] < other[1] and other[0] < one[1]
