"""One step of a day as a list of phases, each with what it reads and what it writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twin.clock import MS
from twin.kernels.observe import LinkExits
from twin.mobility.passages import Passages
from twin.model import networks, parking, travel
from twin.model.blindness import drop_lost
from twin.model.false_data import falsified
from twin.model.metering import consumption_of, publish
from twin.model.state import Access
from twin.model.street_supply import carry_out
from twin.sensing.fleets import StepTruth, observe

if TYPE_CHECKING:
    from twin.model.twin_model import TwinModel


@dataclass(frozen=True)
class Phase:
    """A named part of a step.

    Parameters
    ----------
    reads, writes
        Groups of the state (`twin.model.state.KINDS`); what is written may be read.
    actor
        Whether an actor acts in it: then nothing that is truth may be read.
    """

    name: str
    run: Callable[[TwinModel, Access, int], None]
    reads: frozenset[str]
    writes: frozenset[str]
    actor: bool = False


def _manage(model: TwinModel, state: Access, moment_s: int) -> None:
    model.manager.act(state, moment_s)


def _learn(model: TwinModel, state: Access, moment_s: int) -> None:
    for agent in model.providers:
        if state.servers.provider[agent.row]:
            agent.learn(state, moment_s)


def _advise(model: TwinModel, state: Access, moment_s: int) -> None:
    state.advice.clear()
    for agent in model.providers:
        requests = state.requests.get(agent.name)
        if requests is not None and state.servers.provider[agent.row]:
            state.advice[agent.name] = agent.advise(state.pictures[agent.name], requests, moment_s)


def _load(model: TwinModel, state: Access, moment_s: int) -> None:
    loader, log = state.loader, state.log
    log.last = loader.advance(moment_s, moment_s + model.step_s)
    log.parts.append(log.last)
    waiting = loader.waiting
    late = waiting[loader.vehicles.release_ms[waiting] < (moment_s + model.step_s) * MS]
    at_gate = int(model.from_gate[late].sum())
    log.max_gate_queue_veh = max(log.max_gate_queue_veh, at_gate)
    log.max_origin_queue_veh = max(log.max_origin_queue_veh, late.shape[0] - at_gate)


def _sense(model: TwinModel, state: Access, moment_s: int) -> None:
    if not state.devices:
        return
    truth = StepTruth(
        start_ms=moment_s * MS,
        end_ms=(moment_s + model.step_s) * MS,
        events=_events(state.log.last),
        trip_key=state.loader.vehicles.key,
        trip_sends=model.with_others(model.trip_sends),
        link_key=model.territory.streets.link_key,
        period=model.month,
        queued=_events(state.loader.queued(moment_s + model.step_s, moment_s, state.log.last)),
        consumption=consumption_of(model, state.itineraries),
        surroundings=model.device_ground,
        outages=model.device_ground.outages(state),
    )
    model.device_ground.begin(state)
    for fleet in state.devices.values():
        rows = observe(fleet, truth, model.seed_)
        rows = falsified(model, fleet, rows, moment_s, moment_s + model.step_s)
        publish(state.platform, fleet, drop_lost(fleet, rows, state.utilities, state.servers))


def _events(passages: Passages) -> LinkExits:
    return LinkExits(passages.trip, passages.link, passages.enter_ms, passages.exit_ms)


def _groups(*names: str) -> frozenset[str]:
    return frozenset(names)


PHASES: tuple[Phase, ...] = (
    Phase("manage", _manage, _groups("orders"), _groups("orders", "platform"), actor=True),
    Phase("supply", carry_out, _groups("orders", "utilities"), _groups("supply", "standing")),
    Phase("learn", _learn, _groups("platform", "servers"), _groups("pictures", "platform"), actor=True),
    Phase("depart", travel.depart, _groups("shared"), _groups("itineraries", "loader", "parking")),
    Phase(
        "signs",
        travel.follow_signs,
        _groups("orders", "loader", "utilities"),
        _groups("loader", "guidance", "platform"),
    ),
    Phase("ask", travel.ask, _groups("loader", "guidance", "parking", "utilities"), _groups("requests")),
    Phase("advise", _advise, _groups("requests", "pictures", "servers"), _groups("advice"), actor=True),
    Phase("take", travel.take, _groups("advice", "orders"), _groups("loader", "guidance")),
    Phase("load", _load, _groups("supply"), _groups("loader", "log")),
    Phase("arrive", travel.arrive, _groups("loader", "parking"), _groups("itineraries")),
    Phase(
        "sense",
        _sense,
        _groups("log", "loader", "itineraries", "utilities", "servers", "parking"),
        _groups("devices", "platform"),
    ),
)
"""The order of a step: orders, streets, knowledge, travellers, traffic, and what devices saw of it."""

FAIL = Phase("fail", networks.fail, _groups("loader", "log", "supply"), _groups("utilities", "servers"))


def with_utilities(phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
    """The order of a step where utility networks are reckoned: first what fails, and who is without."""
    return (FAIL, *phases)


PARK = Phase("park", parking.park, _groups("supply", "orders"), _groups("loader", "parking"))


def with_parking(phases: tuple[Phase, ...]) -> tuple[Phase, ...]:
    """The order of a step where parking is limited: a space is chosen after the route, before the drive.

    Who is refused a shared vehicle drives from where the car stands.
    """
    place = [phase.name for phase in phases].index("load")
    ordered = (*phases[:place], PARK, *phases[place:])
    return tuple(replace(each, writes=each.writes | {"parking"}) if each.name == "serve" else each
                 for each in ordered)  # fmt: skip
