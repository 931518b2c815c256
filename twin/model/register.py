"""Every array of a day's state, entered in the register of variables; names are ``group.name``."""

from __future__ import annotations

from twin.model.state import KINDS
from twin.variables import Variable, register

LINK, TRIP, NODE, SLOT = ("link",), ("trip",), ("node",), ("slot",)
PLACE, EVENT = ("place in the pool",), ("event",)
REQUEST, PROPOSAL, SLICE = ("request",), ("proposal",), ("slice",)
CALL, LEG, RIDER, RIDE = ("call",), ("leg",), ("rider",), ("ride",)

ROWS = (
    ("loader.pool", PLACE, "int32", "link row", "links of all routes, one after another"),
    ("loader.traffic.links.own_ms", LINK, "int64", "ms", "earliest exit of the first vehicle by itself"),
    ("loader.traffic.links.open_ms", LINK, "int64", "ms", "earliest entry, 2**62 while full"),
    ("loader.traffic.links.queue_ms", LINK, "int64", "ms", "release of the first at the origin"),
    ("loader.traffic.links.queue_head", LINK, "int32", "vehicle row", "first waiting at the origin, -1 none"),
    ("loader.traffic.links.queue_tail", LINK, "int32", "vehicle row", "last waiting at the origin"),
    ("loader.traffic.links.target", LINK, "int32", "link row", "next link of the first vehicle, -1 none"),
    ("loader.traffic.links.n_in", LINK, "int32", "veh", "vehicles that have entered the link"),
    ("loader.traffic.links.n_out", LINK, "int32", "veh", "vehicles that have left the link"),
    ("loader.traffic.links.ring_start", LINK, "int32", "slot row", "first slot of the link"),
    ("loader.traffic.links.storage_veh", LINK, "int32", "veh", "slots of the link"),
    ("loader.traffic.links.free_ms", LINK, "int32", "ms", "supply as last taken up"),
    ("loader.traffic.links.headway_ms", LINK, "int32", "ms", "supply as last taken up"),
    ("loader.traffic.links.hole_ms", LINK, "int32", "ms", "time of a hole to the upstream end"),
    ("loader.traffic.links.closed", LINK, "int32", "", "supply as last taken up"),
    ("loader.traffic.links.next_exit_ms", LINK, "int64", "ms", "earliest next exit by flow capacity"),
    ("loader.traffic.links.next_entry_ms", LINK, "int64", "ms", "earliest next entry by flow capacity"),
    ("loader.traffic.links.link_key", LINK, "uint64", "", "random key of the link"),
    ("loader.traffic.links.priority", LINK, "float64", "veh/s", "weight in merges"),
    ("loader.traffic.links.tail", LINK, "int32", "node row", "where the link begins"),
    ("loader.traffic.links.head", LINK, "int32", "node row", "where it ends"),
    ("loader.traffic.links.full_s", LINK, "int32", "s", "first second in which it was full, -1 never"),
    ("loader.traffic.links.mark", LINK, "int32", "", "scratch of the search for deadlocks"),
    ("loader.traffic.links.head_at", LINK, "int32", "slot", "of the first vehicle, from the first slot"),
    ("loader.traffic.links.entry_at", LINK, "int32", "slot", "of the next to enter, from the first slot"),
    ("loader.traffic.links.spare", LINK, "int32", "", "fills the record up to two cache lines"),
    ("loader.traffic.slots.ms", SLOT, "int64", "ms", "moment the vehicle is ready, or its hole arrives"),
    ("loader.traffic.slots.enter_ms", SLOT, "int64", "ms", "moment the vehicle came"),
    ("loader.traffic.slots.vehicle", SLOT, "int32", "vehicle row", "vehicle in the slot, -1 none"),
    ("loader.traffic.slots.route_at", SLOT, "int32", "place in the pool", "this link on its route"),
    ("loader.traffic.slots.left", SLOT, "int32", "links", "links that follow on its route"),
    ("loader.traffic.slots.target", SLOT, "int32", "link row", "the next of them, -1 none"),
    ("loader.traffic.wake_s", NODE, "int32", "s", "second from which something may move at the node"),
    ("loader.traffic.block_s", ("block",), "int32", "s", "the earliest of them in a block of nodes"),
    ("loader.traffic.due", NODE, "int32", "node row", "scratch: nodes that may act in the step"),
    ("loader.traffic.n_waiting", NODE, "int32", "veh", "vehicles that wait to enter a link of the node"),
    ("loader.traffic.n_full", ("loading",), "int64", "links", "links that are full"),
    ("loader.vehicles.key", TRIP, "uint64", "", "random key of the trip"),
    ("loader.vehicles.route_at", TRIP, "int64", "place in the pool", "present or first link of the route"),
    ("loader.vehicles.route_end", TRIP, "int64", "place in the pool", "one past the route's last link"),
    ("loader.vehicles.release_ms", TRIP, "int64", "ms", "moment the vehicle wishes to enter, -1 not yet"),
    ("loader.vehicles.entered_ms", TRIP, "int64", "ms", "moment it entered its first link, -1 not yet"),
    ("loader.vehicles.arrived_ms", TRIP, "int64", "ms", "moment it left its last link, -1 not yet"),
    ("loader.vehicles.link_enter_ms", TRIP, "int64", "ms", "moment it entered its present link"),
    ("loader.vehicles.queue_next", TRIP, "int32", "trip row", "vehicle behind it in the origin queue"),
    ("loader.vehicles.next_leg", TRIP, "int32", "trip row", "leg of the bus that begins where this one ends"),
    ("loader.vehicles.not_before_ms", TRIP, "int64", "ms", "scheduled departure of a leg"),
    ("loader.vehicles.dwell_ms", TRIP, "int64", "ms", "least stay at the stop before a leg"),
    ("service.arrived_ms", CALL, "int64", "ms", "moment the run arrived at the call, -1 not yet"),
    ("service.left_ms", CALL, "int64", "ms", "moment the run left the call, -1 not yet"),
    ("service.passed", CALL, "bool", "", "the run does not call here today"),
    ("service.ends_at", LEG, "int64", "call row", "call that the leg of a bus leads to"),
    ("riders.ride", RIDER, "int64", "ride row", "ride waited for or sat in, -1 not begun, -2 done"),
    ("riders.ready_ms", RIDER, "int64", "ms", "moment at the stop, once done at the destination"),
    ("riders.run", RIDER, "int32", "run row", "run sat in, -1 none"),
    ("riders.boarded_call", RIDE, "int64", "call row", "call at which the ride was boarded, -1 not yet"),
    ("riders.alighted_call", RIDE, "int64", "call row", "call at which it was left, -1 not yet"),
    ("riders.stranded", RIDER, "bool", "", "came after the last run had left"),
    ("supply.free_ms", LINK, "int64", "ms", "traverse time in free flow, levers in force"),
    ("supply.headway_ms", LINK, "int64", "ms", "least time between vehicles, levers and incidents in force"),
    ("supply.closed", LINK, "bool", "", "nobody may enter from outside the closure"),
    ("itineraries.leaves_ms", TRIP, "int64", "ms", "moment the traveller may leave"),
    ("itineraries.departed_ms", TRIP, "int64", "ms", "moment the traveller left, -1 not yet"),
    ("itineraries.arrived_ms", TRIP, "int64", "ms", "moment the traveller arrived, -1 not yet"),
    ("itineraries.state", TRIP, "int8", "", "planned, waiting, driving, travelling, arrived, no path"),
    ("log.last.trip", EVENT, "int32", "trip row", "who left a link in the last step"),
    ("log.last.link", EVENT, "int32", "link row", "which link"),
    ("log.last.enter_ms", EVENT, "int64", "ms", "when it was entered"),
    ("log.last.exit_ms", EVENT, "int64", "ms", "when it was left"),
    ("orders.closed", LINK, "bool", "", "closed by the road manager, back to the last exit"),
    ("orders.signed", LINK, "bool", "", "closed with a signed diversion"),
    ("orders.classified", LINK, "bool", "", "classed as secondary"),
    ("orders.ever_closed", LINK, "bool", "", "closed at some moment of the day"),
    ("orders.in_force", ("lever",), "bool", "", "levers that hold now"),
    ("guidance.provider", TRIP, "int8", "provider row", "provider consulted, -1 none"),
    ("guidance.guided", TRIP, "bool", "", "has followed an advice"),
    ("guidance.n_reroutes", TRIP, "int16", "times", "routes taken anew on the way"),
    ("guidance.detoured", TRIP, "bool", "", "sent round a closure by its sign"),
    ("requests.trip", REQUEST, "int64", "trip row", "who asks its provider now"),
    ("requests.key", REQUEST, "uint64", "", "random key of the trip"),
    ("requests.person", REQUEST, "uint64", "", "random key of the person"),
    ("requests.group", REQUEST, "int64", "", "rules that hold for the vehicle, 0 none"),
    ("requests.pool", PLACE, "int32", "link row", "how they mean to drive on, one after another"),
    ("requests.start", REQUEST, "int64", "place in the pool", "the link that each is on"),
    ("requests.end", REQUEST, "int64", "place in the pool", "one past the destination"),
    ("advice.trip", PROPOSAL, "int64", "trip row", "who is advised another route"),
    ("advice.pool", PLACE, "int32", "link row", "links of the routes proposed"),
    ("advice.start", PROPOSAL, "int64", "place in the pool", "where each begins"),
    ("advice.end", PROPOSAL, "int64", "place in the pool", "one past its end"),
    ("pictures.plain_ms", LINK, "int32", "ms", "what the provider reckons a link to cost"),
    ("pictures.honouring_ms", LINK, "int32", "ms", "the same where it honours the manager's class"),
    ("pictures.flow_veh", (*SLICE, "link"), "float64", "veh", "what it believed of flows, by slice"),
    ("pictures.speed_mps", (*SLICE, "link"), "float64", "m/s", "what it believed of speeds, by slice"),
    ("pictures.blind_share", SLICE, "float64", "share", "links without a probe, by slice"),
    ("devices.link", ("sensor",), "int32", "link row", "where the device stands"),
    ("devices.key", ("sensor",), "uint64", "", "its random key"),
    ("devices.place", ("sensor",), "int32", "place row", "the building it meters"),
    ("devices.group", ("sensor",), "int32", "row", "the sum that its readings go into"),
    ("devices.points", ("sensor",), "int32", "delivery points", "behind the meter"),
)


def enter_state() -> None:
    """Enter the state's arrays in the register."""
    register(
        *(
            Variable(name, dims, dtype, unit, meaning, KINDS[name.split(".")[0]], "model")
            for name, dims, dtype, unit, meaning in ROWS
        )
    )
