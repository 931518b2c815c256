"""Who holds which data and who may read them, as a scenario changes it: held, shared, published, pooled.

A reader is a holder ("city") or a service of one ("city/water"). What these kinds order is written into
the matrix of rights by `twin.knowledge.holders`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from twin.scenario.ledger import Parameters
from twin.scenario.modification import Modification, OfWholeDays, Share
from twin.scenario.modifications import MODIFICATIONS
from twin.scenario.reading import as_tuple
from twin.scenario.selectors import Name
from twin.scenario.wording import fault

HOLDER_KINDS = ("city", "operator", "calculator", "partner", "citizens")
OPEN_LICENCES = ("Licence Ouverte 2.0", "ODbL 1.0", "CC BY 4.0", "CC0 1.0")
"""Licences under which data are open: two that French administrations use (decree 2017-638), and two more."""

Seconds = Annotated[float, Field(ge=0, le=31_536_000)]
Days = Annotated[float, Field(gt=0, le=36_500)]


class HoldDataset(OfWholeDays):
    """Somebody holds a dataset, on terms: another holder of one that there is, or one more."""

    kind: Literal["hold_dataset"] = "hold_dataset"
    dataset: Name = Field(description="the name of a dataset, for example city.closures or that of a fleet")
    holder: Name | None = Field(None, description="who holds it; omitted: who did")
    holder_kind: Literal["city", "operator", "calculator", "partner", "citizens"] = Field(
        "city", description="one of " + ", ".join(HOLDER_KINDS)
    )
    service: str | None = Field(
        None, description="the holder's service that keeps it; empty: all its services"
    )
    licence: Name | None = Field(None, description="a text")
    purpose: Name | None = Field(None, description="what it is collected for")
    personal: bool | None = Field(None, description="true or false: is it about persons")
    retention_days: Days | None = Field(None, description="days after which it is erased, above 0")
    documented: bool | None = Field(None, description="true or false: are its columns described")


class HandedOver(Modification):
    """What a reader gets of a dataset: how late, how coarse."""

    dataset: Name = Field(description="the name of a dataset")
    lag_s: Seconds = Field(0.0, description="seconds after the holder has it, 0 or more")
    span_s: Seconds = Field(
        0.0, description="seconds that a row handed over spans (the mean of its results), 0: as observed"
    )


class ShareDataset(HandedOver):
    """A holder lets one reader read a dataset; of personal data those who consent, for a purpose."""

    kind: Literal["share_dataset"] = "share_dataset"
    reader: Name = Field(description='a holder, or "holder/service"')
    purpose: str = Field("", description="what for; needed where the dataset is personal")
    consented: bool = Field(
        False, description="true where those that it is about have consented; needed where it is personal"
    )


class PublishDataset(HandedOver):
    """A holder publishes a dataset: anybody may read it."""

    kind: Literal["publish_dataset"] = "publish_dataset"
    licence: Literal["Licence Ouverte 2.0", "ODbL 1.0", "CC BY 4.0", "CC0 1.0"] = Field(
        "Licence Ouverte 2.0", description="one of " + ", ".join(OPEN_LICENCES)
    )
    documented: bool = Field(True, description="true or false: are its columns described")


class TerritorialPlatform(OfWholeDays):
    """A territorial data platform: holders read of each other's datasets, and services of one holder too.

    Which datasets are opened is drawn by name: those of a smaller share are among those of a larger one.
    """

    kind: Literal["data_platform"] = "data_platform"
    members: Annotated[tuple[Name, ...], BeforeValidator(as_tuple), Field(min_length=1)] = Field(
        description="a list of holders"
    )
    transversality: Share = Field(
        default_factory=lambda: float(Parameters.defaults()["data_platform.transversality"]),
        description="share of a holder's datasets that its other services may read, 0 (silos) to 1",
    )
    pooled: Share = Field(
        default_factory=lambda: float(Parameters.defaults()["data_platform.pooled"]),
        description="share of a holder's datasets that other holders on the platform may read, 0 to 1",
    )
    lag_s: Seconds = Field(0.0, description="seconds after the holder has it, 0 or more")

    @model_validator(mode="after")
    def _each_once(self) -> TerritorialPlatform:
        if len(set(self.members)) != len(self.members):
            raise fault("a holder is named twice", "each member once", ("members",))
        return self


DATA_KINDS = (HoldDataset, ShareDataset, PublishDataset, TerritorialPlatform)
for _kind in DATA_KINDS:
    MODIFICATIONS.add(_kind.model_fields["kind"].default, _kind)
