"""Fleets of devices through the model's day: on the air, seen to by crews, observed, and counted after."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from twin.clock import HORIZON_MS, HORIZON_S
from twin.indicators.fleets_record import FleetRecord
from twin.indicators.utilities_record import UtilitiesRecord
from twin.kernels.observe import LinkExits
from twin.model.metering import publish
from twin.sensing.device_fleets import share_the_air
from twin.sensing.fleets import Fleet, StepTruth, observe
from twin.sensing.kinds import LORAWAN, DeviceSettings
from twin.sensing.lives import grown_devices
from twin.sensing.visits import Visits, plan_visits

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel

NOBODY = LinkExits(*(np.empty(0, dtype=np.int32) for _ in range(4)))


def open_fleets(model: TwinModel, fleets: list[Fleet]) -> None:
    """All fleets on the same air, of all ages, and the tours of the day's crews."""
    ground, parameters = model.device_ground, model.parameters
    mine = [each for each in fleets if each.table is not None]
    pairs = [(each, ground.spots[each.name]) for each in mine]
    ground.gateways = share_the_air(pairs, parameters, model.seed_)
    for fleet, spots in pairs:
        assert fleet.table is not None
        grown_devices(fleet.table, fleet.settings.rule, model.seed_, model.month, parameters)
        crews = int(np.ceil(fleet.units.sum() / parameters["sensing.devices_per_crew"]))
        ground.visits[fleet.name] = plan_visits(
            fleet.table, spots.street[fleet.table.feature], ground.depot, ground.ways, parameters,
            drifts=fleet.settings.kind.drifts, crews=crews,
        )  # fmt: skip


def observe_over(model: TwinModel, record: UtilitiesRecord | None) -> None:
    """What can be observed only when the day is over: rows carry the moments at which they were told."""
    late = [each for each in model.fleets if each.table is not None and each.settings.kind.late]
    if not late:
        return
    ground, state = model.device_ground, model.state
    ground.close(record)
    nobody = np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int8)
    truth = StepTruth(
        0, HORIZON_MS, NOBODY, *nobody, model.territory.streets.link_key, surroundings=ground, over=True
    )
    for fleet in late:
        publish(state.platform, fleet, observe(fleet, truth, model.seed_))


def fleets_record_of(model: TwinModel) -> dict[str, FleetRecord]:
    """Fleets that stand somewhere, by the name of their dataset, with what the day did to them.

    Kinds from outside of which the ledger knows no price are left out.
    """
    found = {}
    for fleet in model.fleets:
        if fleet.n_devices and f"sensing.{fleet.kind}_cost_eur" in model.parameters:
            found[fleet.dataset.name] = _record_of(model, fleet)
    return found


def _record_of(model: TwinModel, fleet: Fleet) -> FleetRecord:
    ground, settings = model.device_ground, fleet.settings
    visits = ground.visits.get(fleet.name, Visits.none())
    if fleet.table is None or fleet.tally is None:
        stands = fleet.link if len(fleet.link) else fleet.place
        due, nowhere = int(HORIZON_S // fleet.dataset.cadence_s), np.empty(0, dtype=np.int32)
        return FleetRecord(
            fleet.dataset.owner, fleet.kind, fleet.dataset.feature, stands, np.ones(len(stands)), due,
            None, visits, 0.0, False, nowhere, nowhere,
        )  # fmt: skip
    assert isinstance(settings, DeviceSettings)
    owner, gateways = fleet.dataset.owner, 0.0
    if settings.radio == LORAWAN:  # an owner's gateways are those of all its fleets: by devices
        own = [each for each in model.fleets if each.table is not None and each.dataset.owner == owner]
        sends = sum(each.n_devices for each in own if each.settings.radio == LORAWAN)
        gateways = ground.gateways[owner] * fleet.n_devices / sends
    return FleetRecord(
        owner, fleet.kind, fleet.dataset.feature, fleet.table.feature, fleet.units.astype(np.float64),
        HORIZON_S // settings.rule.interval_s, fleet.tally, visits, gateways, settings.kind.battery,
        ground.spots[fleet.name].street, ground.spots[fleet.name].candidates,
        fleet.dataset.personal,
    )  # fmt: skip
