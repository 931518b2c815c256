"""The utility layers of a territory: what is mapped, completed along the streets for every place."""

from __future__ import annotations

from twin.scenario.ledger import Parameters
from twin.territory.tables import Places, Streets, Zones
from twin.territory.utilities.dependencies import LaidNetworks, depend
from twin.territory.utilities.draft import Draft
from twin.territory.utilities.gateways import lay_data_center, lay_gateways
from twin.territory.utilities.heat import HeatDeclared, lay_heat
from twin.territory.utilities.observed import ObservedElements, enter_observed, mapped_in
from twin.territory.utilities.plan import make_plan
from twin.territory.utilities.power import lay_power
from twin.territory.utilities.tables import Utilities
from twin.territory.utilities.telecom import lay_telecom
from twin.territory.utilities.water import lay_water


def lay_utilities(
    tables: tuple[Streets, Places, Zones],
    observed: ObservedElements,
    parameters: Parameters,
    heat: HeatDeclared | None = None,
) -> Utilities:
    """Layers over a territory's streets, places and zones.

    Parameters
    ----------
    tables
        Streets, places and zones: all that the layers are laid along, so a part of a territory gets its
        own layers from its own tables.
    observed
        What the map shows of utilities; every element arrives as one row.
    heat
        A district heating that a study declares; without it there is one only where the map shows one.
    """
    draft = Draft()
    enter_observed(observed, draft)
    if not tables[1].n_places:
        return draft.finished()
    plan = make_plan(tables, observed, parameters, draft)
    reach = lay_telecom(plan)
    lay_gateways(plan, reach)
    lay_data_center(plan, reach)
    laid = LaidNetworks(lay_power(plan), lay_water(plan), lay_heat(plan, heat), reach)
    depend(plan, laid)
    return draft.finished()


EVERYWHERE = (-180.0, -90.0, 180.0, 90.0)


def with_district_heat(
    layers: Utilities, tables: tuple[Streets, Places, Zones], parameters: Parameters, heat: HeatDeclared
) -> Utilities:
    """The layers of a territory laid again with a district heating; all that others lay stays as it was."""
    return lay_utilities(tables, mapped_in(layers, EVERYWHERE), parameters, heat)
