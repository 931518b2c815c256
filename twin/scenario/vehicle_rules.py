"""Rules for some vehicles: a low-emission zone that bars them, a toll that charges them.

Both are known to everybody, every day: drivers plan by them, providers reckon with them.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BeforeValidator, Field

from twin.clock import N_SLICES, SLICE_S
from twin.scenario.ledger import Parameters
from twin.scenario.modification import OfWholeDays, OnLinks, Share
from twin.scenario.modifications import LEDGER_ROWS, MODIFICATIONS
from twin.scenario.reading import one_or_more
from twin.scenario.spans import Spans, ends_s
from twin.scenario.vehicles import CRITAIR_CLASSES, FUELS, VEHICLE_CLASSES

ALL_DAY = "00:00-30:00"
LEDGER_ROWS["low_emission_zone"] = {"compliance": "scenario.low_emission_zone_compliance"}

CritAir = Literal["E", "1", "2", "3", "4", "5", "none"]
Fuel = Literal["petrol", "diesel", "electric", "hybrid", "plug_in"]
VehicleClass = Literal["car", "van", "lorry"]
Euros = Annotated[float, Field(ge=0, le=1_000)]


class _OfVehicles(OnLinks, OfWholeDays):
    """A rule on links, at some hours of every day."""

    hours: Spans = Field(
        (ALL_DAY,), description='spans of the day, for example ["07:00-20:00"]; omitted: all day'
    )

    @property
    def spans_s(self) -> tuple[tuple[int, int], ...]:
        """Begin and end of each span [s]."""
        return ends_s(self.hours)

    def holds(self, moment_s: np.ndarray | float) -> np.ndarray:
        """Whether it holds at moments of the day [s], (n,) bool."""
        moment = np.asarray(moment_s)
        within = [(begin <= moment) & (moment < end) for begin, end in self.spans_s]
        return np.asarray(np.logical_or.reduce(within))

    def slices(self) -> np.ndarray:
        """Quarters of an hour that it touches (N_SLICES,) bool."""
        touched = np.zeros(N_SLICES, dtype=np.bool_)
        for begin, end in self.spans_s:
            touched[begin // SLICE_S : -(-end // SLICE_S)] = True
        return touched


class LowEmissionZone(_OfVehicles):
    """Streets that some vehicles may not enter, by Crit'Air class or fuel (CGCT art. L2213-4-1).

    Of the barred vehicles a share complies, by a draw of each vehicle: those that only pass drive round;
    of those with an end inside, a household takes a clean car that stands at home, who has none rides,
    carriers send a clean vehicle, commuters park before the zone. Who lives there and can do none of it
    still comes home. The others drive on as before.
    """

    kind: Literal["low_emission_zone"] = "low_emission_zone"
    barred: Annotated[tuple[CritAir, ...], BeforeValidator(one_or_more)] = Field(
        (), description="Crit'Air classes that are barred, among " + ", ".join(CRITAIR_CLASSES)
    )
    barred_fuels: Annotated[tuple[Fuel, ...], BeforeValidator(one_or_more)] = Field(
        (), description="fuels that are barred whatever the class, among " + ", ".join(FUELS)
    )
    vehicles: Annotated[tuple[VehicleClass, ...], BeforeValidator(one_or_more), Field(min_length=1)] = Field(
        ("car", "van", "lorry"), description="classes it holds for, among car, van, lorry; omitted: all"
    )
    compliance: Share = Field(
        default_factory=lambda: float(Parameters.defaults()[LEDGER_ROWS["low_emission_zone"]["compliance"]]),
        description="share of barred vehicles that comply, between 0 and 1",
    )

    def bars(self, vehicle_class: np.ndarray, fuel: np.ndarray, critair: np.ndarray) -> np.ndarray:
        """Vehicles that it bars, (n,) bool, by their rows of classes, fuels and Crit'Air classes."""
        dirty = np.isin(critair, [CRITAIR_CLASSES.index(each) for each in self.barred])
        dirty |= np.isin(fuel, [FUELS.index(each) for each in self.barred_fuels])
        meant = np.isin(vehicle_class, [VEHICLE_CLASSES.index(each) for each in self.vehicles])
        return np.asarray(dirty & meant)


class Toll(_OfVehicles):
    """A charge for driving onto named links from any other, or by a gateway: a toll gate, a cordon.

    Drivers weigh it by their value of time when they choose a route; neither mode nor hour of the trip
    changes. What is paid goes to the city.
    """

    kind: Literal["toll"] = "toll"
    eur: Euros = Field(description="EUR a time for a car, 0 to 1000")
    eur_van: Euros | None = Field(None, description="EUR for a van; omitted: as a car")
    eur_lorry: Euros | None = Field(None, description="EUR for a lorry; omitted: as a van")

    @property
    def eur_by_class(self) -> np.ndarray:
        """EUR by row of vehicle class (n_classes,); buses of the timetable pay nothing."""
        van = self.eur if self.eur_van is None else self.eur_van
        return np.array([self.eur, van, van if self.eur_lorry is None else self.eur_lorry, 0.0])


for _kind in (LowEmissionZone, Toll):
    MODIFICATIONS.add(_kind.model_fields["kind"].default, _kind)
