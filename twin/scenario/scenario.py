"""A scenario: a baseline and typed modifications, as frozen values."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, SerializeAsAny, model_validator

from twin.clock import parse_month
from twin.errors import InputError
from twin.scenario.actors import Provider, SensorFleet, Share
from twin.scenario.files import Merged, merge_chain, read_file, read_text
from twin.scenario.ledger import Parameters
from twin.scenario.modifications import AddSensorFleet, AppShare, DataAgreement, Modification
from twin.scenario.selectors import Model, Name
from twin.scenario.wording import fault, nearest

SCHEMA_VERSION = 1
REPORTED_ONLY = frozenset({"title", "description", "focus"})
"""Keys that select or name what is reported and never enter the simulation."""


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _month(text: str) -> str:
    try:
        parse_month(text)
    except InputError as error:
        raise fault(error.what, error.right) from None
    return text


class Scenario(Model):
    """A question asked of a territory; made by `load`, `loads` or `varied`.

    >>> scenario = Scenario.loads('title = "A day"\\nterritory = "riviera"\\napp_share = 0.3')
    >>> scenario.app_share, scenario.focus
    (0.3, 'all')
    """

    schema_version: Literal[1] = Field(SCHEMA_VERSION, description="1")
    title: Name = Field(description="a text")
    description: str = Field("", description="a text")
    territory: Name = Field(description="a folder in networks/, or a path relative to the scenario file")
    focus: Annotated[Name | Annotated[tuple[Name, ...], Field(min_length=1)], BeforeValidator(_tuple)] = Field(
        "all", description='"all", a zone, or a list of zones'
    )
    month: Annotated[str, AfterValidator(_month)] = Field("2027-01", description="a month YYYY-MM")
    seed: Annotated[int, Field(ge=0, lt=2**63)] = Field(1, description="a whole number, 0 or more")
    app_share: Share = Field(
        default_factory=lambda: float(Parameters.defaults()["scenario.app_share"]),
        description="share of travellers who consult a provider, between 0 and 1",
    )
    demand_scale: Annotated[float, Field(gt=0, le=10)] = Field(1.0, description="a factor above 0 and up to 10")
    providers: Annotated[tuple[Provider, ...], BeforeValidator(_tuple)] = Field(
        (), alias="provider", description="[[provider]] tables"
    )
    sensor_fleets: Annotated[tuple[SensorFleet, ...], BeforeValidator(_tuple)] = Field(
        (), alias="sensor_fleet", description="[[sensor_fleet]] tables"
    )
    parameters: dict[str, Any] = Field(default_factory=dict, description="a table of ledger names and values")
    modifications: tuple[SerializeAsAny[Modification], ...] = Field(
        (), alias="modification", description="[[modification]] tables"
    )
    _merged: Merged | None = PrivateAttr(None)
    _inherited_ledger: tuple[str, ...] = PrivateAttr(())
