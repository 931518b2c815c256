"""What happens to the utility networks on a day, and what stands ready against it, in words of a scenario.

Each of these switches the networks on; without any, and without the scenario's own `utilities = true`,
nothing of them is reckoned. What is named here is found on a territory by `twin.model.utility_orders`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from twin.scenario.ledger import Parameters
from twin.scenario.modification import Modification, OfWholeDays
from twin.scenario.reading import as_tuple
from twin.scenario.selectors import Name, Names
from twin.scenario.wording import fault

SKILLS = ("power", "water", "heat", "telecom")
"""What crews can mend."""
FALLBACKS = ("counters", "repairs")
"""What can go on by hand when its digital way fails.

By hand clerks serve on paper; crews are called by a radio of their own, and somebody stands by to throw
switches on the spot.
"""
POLICIES = ("requests", "nearest", "customers", "critical")
"""Whom crews go to first: reported first; the nearest; most places behind it; critical ones, then most."""
CAUSES = ("digging", "burst", "vandalism")
LEVELS = ("hv_mv", "mv_lv")
MOST_GUST_MPS = 100.0
MOST_EVENTS = 1_000
LEDGER_ROWS = {
    "rotating_cuts": {"share": "utilities.cut_share"},
}
"""Keys of a kind that the ledger fills where a scenario is silent."""

Hours = Annotated[float, Field(ge=0, le=720)]


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else as_tuple(value)


def _default(kind: str, key: str) -> float:
    return float(Parameters.defaults()[LEDGER_ROWS[kind][key]])


class UtilityEvent(Modification):
    """Something that happens to elements of the networks: while it lasts, or from then on until mended."""

    @property
    def until_mended(self) -> bool:
        """Whether only a crew ends it."""
        return self.until is None or ":" not in self.until


class ElementFailure(UtilityEvent):
    """Nodes or edges of the networks break; without `until` they stay so until a crew has mended them."""

    kind: Literal["element_failure"] = "element_failure"
    element: Names = Field(description="ids of utility nodes or edges")
    work_h: Hours | None = Field(
        None, description="hours of work on the spot, 0 to 720; omitted: the ledger's for such an element"
    )


class SubstationLoss(UtilityEvent):
    """A substation is lost: by its id, the nearest to a place, or all of a zone.

    At `level` "hv_mv" a zone without one loses the one nearest to it; "mv_lv" are the stations in streets.
    """

    kind: Literal["substation_loss"] = "substation_loss"
    substation: Name | None = Field(None, description="the id of a substation or station")
    place: Name | None = Field(None, description="the id of a place, for the substation nearest to it")
    zone: Name | None = Field(None, description="the name of a zone, for all substations in it")
    level: Literal["hv_mv", "mv_lv"] = Field("hv_mv", description="one of " + ", ".join(LEVELS))
    work_h: Hours | None = Field(
        None, description="hours of work on the spot, 0 to 720; omitted: the ledger's"
    )

    @model_validator(mode="after")
    def _one_of_three(self) -> SubstationLoss:
        if sum(each is not None for each in (self.substation, self.place, self.zone)) != 1:
            raise fault("says not which", "one of substation, place and zone")
        return self


class Storm(UtilityEvent):
    """A storm damages what stands in the wind: by gusts of the hours from `from` on, or as many as given."""

    kind: Literal["storm"] = "storm"
    gust_mps: Annotated[
        tuple[Annotated[float, Field(ge=0, le=MOST_GUST_MPS)], ...],
        BeforeValidator(as_tuple),
        Field(min_length=1, max_length=48),
    ] = Field(description=f"gusts in m/s of one hour after another, 0 to {MOST_GUST_MPS:g}")
    n_events: Annotated[int, Field(ge=0, le=MOST_EVENTS)] | None = Field(
        None, description=f"damages in all, 0 to {MOST_EVENTS}; omitted: as many as the gusts bring"
    )

    @model_validator(mode="after")
    def _lasts_as_its_gusts(self) -> Storm:
        if self.until is not None and ":" in self.until:
            raise fault("lasts as many hours as it has gusts", "from alone", ("until",))
        return self


class RotatingCuts(UtilityEvent):
    """Too little power is shared: feeders are cut one after another, each for a time."""

    kind: Literal["rotating_cuts"] = "rotating_cuts"
    share: Annotated[float, Field(gt=0, le=1)] = Field(
        default_factory=lambda: _default("rotating_cuts", "share"),
        description="share of places without power at a time, above 0 and up to 1",
    )
    cut_h: Annotated[float, Field(gt=0, le=24)] | None = Field(
        None, description="hours that each cut lasts, above 0 and up to 24; omitted: the ledger's"
    )
    spared: Names = Field((), description="ids of places whose feeders are never cut, such as hospitals")

    @model_validator(mode="after")
    def _ends(self) -> RotatingCuts:
        if self.until_mended:
            raise fault("cuts go round until an end", "HH:MM", ("until",))
        return self


class RandomFailures(UtilityEvent):
    """Elements fail by their age and material, as on any day."""

    kind: Literal["random_failures"] = "random_failures"
    stress: Annotated[float, Field(ge=0, le=10_000)] = Field(
        1.0, description="a factor on all rates, 0 to 10000"
    )


class PhysicalDamage(UtilityEvent):
    """Somebody or something harms elements between `from` and `until`: named ones, or so many drawn."""

    kind: Literal["physical_damage"] = "physical_damage"
    cause: Literal["digging", "burst", "vandalism"] = Field(description="one of " + ", ".join(CAUSES))
    number: Annotated[int, Field(ge=0, le=MOST_EVENTS)] = Field(
        1, description=f"how many elements, 0 to {MOST_EVENTS}"
    )
    element: Names = Field((), description="ids of utility nodes or edges; omitted: drawn")


class PlannedWorks(UtilityEvent):
    """Elements are taken out of service for works, and back when these end."""

    kind: Literal["planned_works"] = "planned_works"
    element: Names = Field(description="ids of utility nodes or edges")

    @model_validator(mode="after")
    def _has_an_end(self) -> PlannedWorks:
        for key, moment in (("from", self.from_), ("until", self.until)):
            if moment is None or ":" not in moment:
                raise fault("planned works begin and end at a time of day", "HH:MM", (key,))
        return self


class Batteries(OfWholeDays):
    """Stores of power (batteries, UPS, generators' fuel) last so many times as long; "inf": for ever."""

    kind: Literal["batteries"] = "batteries"
    factor: Annotated[float, Field(ge=0, le=1_000)] | Literal["inf"] = Field(
        description='a factor between 0 and 1000, or "inf"'
    )

    @property
    def times(self) -> float:
        """How many times as long stores last."""
        return float(self.factor)


class ManualFallback(OfWholeDays):
    """Services go on by hand when their digital way fails."""

    kind: Literal["manual_fallback"] = "manual_fallback"
    services: Annotated[
        tuple[Literal["counters", "repairs"], ...],
        BeforeValidator(_several),
        Field(min_length=1),
    ] = Field(("counters", "repairs"), description="a list out of " + ", ".join(FALLBACKS))


class Crews(OfWholeDays):
    """Crews that mend what breaks: how many of each skill, from where, and whom they go to first."""

    kind: Literal["crews"] = "crews"
    number: Annotated[int, Field(ge=0, le=200)] | None = Field(
        None, description="crews of each skill, a whole number from 0 to 200; omitted: the ledger's"
    )
    skills: Annotated[
        tuple[Literal["power", "water", "heat", "telecom"], ...],
        BeforeValidator(_several),
        Field(min_length=1),
    ] = Field(("power", "water", "heat", "telecom"), description="a list out of " + ", ".join(SKILLS))
    policy: Literal["requests", "nearest", "customers", "critical"] = Field(
        "requests", description="one of " + ", ".join(POLICIES)
    )
    critical: Names = Field((), description="ids of places that come first, such as hospitals")
    depot: Name | None = Field(None, description="the id of a place; omitted: the operator's own ground")


EVENTS: tuple[type[Modification], ...] = (
    ElementFailure,
    SubstationLoss,
    Storm,
    RotatingCuts,
    PlannedWorks,
    RandomFailures,
    PhysicalDamage,
)
READINESS: tuple[type[Modification], ...] = (Batteries, ManualFallback, Crews)
UTILITY_KINDS: tuple[type[Modification], ...] = (*EVENTS, *READINESS)
"""Kinds that switch the networks on."""
