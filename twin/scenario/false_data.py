"""Observations that are wrong, in words of a scenario: devices that fail badly, and people who lie by data.

They act between what a fleet observes and the platform; the streets know nothing of them. Whoever attacks
has what the table names and no more: so many phones, or the devices on these links or in these places.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from twin.scenario.modification import Modification
from twin.scenario.selectors import LinkSelector, Name, PlaceSelector
from twin.scenario.wording import fault

FAULTS = ("stuck", "drift", "noise", "offset")
MEANS = ("replay", "spoof", "ghosts", "sybil", "tamper", "stealthy")
PHONES_ONLY = ("spoof", "ghosts", "sybil")
"""Means that need phones: they add to, or change, what a provider hears from its users."""


class FalseObservations(Modification):
    """Some datastreams of a fleet say what is not so, from a moment of the day until another."""

    fleet: Name = Field(
        description="the name of a fleet of sensors, or PROVIDER.probes for a provider's phones"
    )
    links: LinkSelector | None = Field(
        None, description="a table that names links; omitted: all of the fleet"
    )
    places: PlaceSelector | None = Field(
        None, description="a table that names places, for meters; omitted: all of the fleet"
    )
    count: Annotated[int, Field(gt=0)] | None = Field(
        None, description="a whole number above 0: so many of them, drawn; omitted: all"
    )
    size: Annotated[float, Field(ge=-1e6, le=1e6)] | None = Field(
        None, description="how strong; what it counts depends on the way, omitted: the ledger's"
    )

    @property
    def way(self) -> str:
        """In which way observations are wrong: one of `FAULTS` or `MEANS`."""
        raise NotImplementedError


class SensorFault(FalseObservations):
    """Devices that go on reporting, wrongly.

    stuck: the last result for ever; drift: a relative error that grows by ``size`` an hour; noise: relative
    noise of standard deviation ``size``; offset: every result ``size`` too high, in the fleet's unit.
    """

    kind: Literal["sensor_fault"] = "sensor_fault"
    fault: Literal["stuck", "drift", "noise", "offset"] = Field(description="one of " + ", ".join(FAULTS))

    @property
    def way(self) -> str:
        """The fault."""
        return self.fault


class Attack(FalseObservations):
    """False data sent on purpose.

    replay: what the devices reported ``size`` seconds before; spoof: phones whose passages take ``size``
    times as long; ghosts: ``size`` phones that stand in a queue on each link, where there may be none;
    sybil: ``size`` invented users an hour who pass each link at its legal speed; tamper: meters that read
    ``size`` times too much (below 1: too little); stealthy: ``size`` vehicles an hour too many along a way
    from gate to gate that passes no counter but those named.
    """

    kind: Literal["attack"] = "attack"
    means: Literal["replay", "spoof", "ghosts", "sybil", "tamper", "stealthy"] = Field(
        description="one of " + ", ".join(MEANS)
    )

    @model_validator(mode="after")
    def _needs_links(self) -> Attack:
        if self.means in PHONES_ONLY and self.links is None:
            raise fault(
                "does not say where", 'a table that names links, for example {ref = "D2564"}', ("links",)
            )
        if self.size is not None and self.size < 0.0 and self.means != "stealthy":
            raise fault(f"{self.size:g} is below 0", "0 or more", ("size",))
        return self

    @property
    def way(self) -> str:
        """The means."""
        return self.means


FALSE_DATA_KINDS: tuple[type[FalseObservations], ...] = (SensorFault, Attack)
