"""Kinds of devices that one kernel steps: what each observes, where it stands, how it sends and is fed.

Numbers are rows of the ledger by kind, ``sensing.<kind>_<quantity>``; a fleet's order may replace some.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import gamma

from twin.clock import DAY_S
from twin.errors import InputError
from twin.kernels.devices import MAINS, DeviceRule
from twin.scenario.actors import SensorFleet
from twin.scenario.ledger import Parameters
from twin.sensing.radio import N_FACTORS, SPREADING, airtime_ms
from twin.units import DAYS_PER_MONTH, DAYS_PER_YEAR, MS_PER_H, S_PER_H

LORAWAN, MOBILE = "lorawan", "mobile"
RADIOS = (LORAWAN, MOBILE)
PAH_PER_MAH, PAH_PER_UAH = 1e9, 1e6
MONTH_S, YEAR_S = DAYS_PER_MONTH * DAY_S, DAYS_PER_YEAR * DAY_S


@dataclass(frozen=True)
class DeviceKind:
    """What a kind of device is.

    Parameters
    ----------
    name, observed_property, unit, feature
        Words of a Datastream; the feature is "link", "place" or "node" of the utility layers.
    sees, scored
        Names of what stands before it, and of the truth that its results are held against.
    radio, battery
        `LORAWAN` or `MOBILE`; whether it lives on a battery.
    relative, step, least
        Whether noise is a share of the value; least difference that it tells; least result.
    drifts, buried, late, personal, needs_light
        Whether it drifts, lies in the ground, can be reckoned only when the day is over, tells when the
        people of a building are at home, and errs more in the dark and in rain.
    """

    name: str
    observed_property: str
    unit: str
    feature: str
    sees: str
    scored: str = ""
    radio: str = MOBILE
    battery: bool = False
    relative: bool = True
    step: float = 1.0
    least: float = 0.0
    drifts: bool = False
    buried: bool = False
    late: bool = False
    personal: bool = False
    needs_light: bool = False

    @property
    def truth(self) -> str:
        """Name of the truth that its results are held against."""
        return self.scored or self.sees


KINDS = {
    kind.name: kind
    for kind in (
        DeviceKind("camera", "vehicles that left the link in the interval", "veh", "link", "flow",
                   needs_light=True),
        DeviceKind("bluetooth_reader", "mean travel time of recognised vehicles", "s", "link",
                   "equipped_time", "travel_time"),
        DeviceKind("parking_sensor", "vehicles parked in the street", "veh", "link", "parked",
                   radio=LORAWAN, battery=True, buried=True),
        DeviceKind("bin_sensor", "share of the bin that is full", "share", "place", "fill", radio=LORAWAN,
                   battery=True, relative=False, step=0.01, personal=True),
        DeviceKind("pressure_logger", "pressure in the main", "m", "node", "pressure", radio=LORAWAN,
                   battery=True, relative=False, step=0.1, drifts=True, buried=True, late=True),
        DeviceKind("feeder_monitor", "mean power of the station", "kW", "node", "station_power", step=0.1),
        DeviceKind("heat_meter", "mean heat taken from the network", "kW", "place", "heat", step=0.1,
                   late=True, personal=True),
        DeviceKind("air_quality_sensor", "nitrogen oxides in the street", "ug/m3", "link", "nox", step=0.1,
                   drifts=True),
        DeviceKind("noise_sensor", "A-weighted equivalent sound level", "dB", "link", "sound",
                   relative=False, step=0.1, drifts=True),
        DeviceKind("street_lamp", "mean power of a lamp", "W", "link", "lamp", step=0.1),
        DeviceKind("presence_counter", "people at work or visiting, mean", "persons", "place",
                   "present"),
    )
}  # fmt: skip


@dataclass(frozen=True)
class DeviceSettings:
    """What a fleet of devices goes by: its kind, radio and rule.

    gateways: None, as many as it takes; dim_noise: its noise in the dark and in rain, None: as by day.
    """

    kind: DeviceKind
    radio: str
    rule: DeviceRule
    gateways: int | None = None
    dim_noise: float | None = None

    def rule_in(self, dimness: float) -> DeviceRule:
        """The rule in an interval of which that share is dark or wet."""
        if self.dim_noise is None:
            return self.rule
        noise = (1.0 - dimness) * self.rule.noise + dimness * self.dim_noise
        return self.rule._replace(noise=noise)


def fleet_settings(order: SensorFleet, parameters: Parameters) -> DeviceSettings:
    """Settings of a fleet: what the order says, else the ledger."""
    kind = KINDS[order.kind]
    where = order.where()
    radio = str(order.options.get("radio", kind.radio))
    if radio not in RADIOS:
        raise InputError(f"{where}: options.radio", f"no radio {radio!r}", " or ".join(RADIOS))
    interval_s = order.interval_s or float(parameters[f"sensing.{kind.name}_interval_s"])
    if interval_s != int(interval_s) or DAY_S % int(interval_s):
        raise InputError(f"{where}: interval_s", f"{interval_s:g} s", f"a whole divisor of {DAY_S} s")
    gateways = order.options.get("gateways")
    whole = isinstance(gateways, float | int) and gateways == round(gateways) >= 1
    if gateways is not None and (radio != LORAWAN or isinstance(gateways, bool) or not whole):
        raise InputError(f"{where}: options.gateways", f"{gateways} over {radio}",
                         "a whole number above 0, over lorawan")  # fmt: skip
    rule = _rule(kind, radio, (order, int(interval_s)), parameters)
    dim_noise = None
    if kind.needs_light and order.noise is None:
        dim_noise = float(parameters[f"sensing.{kind.name}_noise_in_the_dark"])
    return DeviceSettings(kind, radio, rule, None if gateways is None else int(gateways), dim_noise)


def _rule(kind: DeviceKind, radio: str, asked: tuple[SensorFleet, int], parameters: Parameters) -> DeviceRule:
    order, interval_s = asked

    def of(name: str) -> float:
        return float(parameters[f"sensing.{name}"])

    air = "radio" if radio == LORAWAN else "mobile"
    to_bad, to_good = link_chances(
        of(f"{air}_loss_share") if order.loss is None else order.loss, of(f"{air}_burst_s"), interval_s
    )
    capacity, sleep = int(MAINS), 0
    if kind.battery:
        capacity, sleep = battery_of(kind.name, interval_s, parameters)
    shape = of("life_shape")
    drift = of(f"{kind.name}_drift_per_month") if kind.drifts else 0.0
    return DeviceRule(
        interval_s=interval_s,
        noise=of(f"{kind.name}_noise") if order.noise is None else order.noise,
        drift_step=drift * float(np.sqrt(interval_s / MONTH_S)),
        relative=kind.relative,
        step=kind.step,
        least=kind.least,
        to_bad=to_bad,
        to_good=to_good,
        keeps=int(of("mobile_keeps_s") // interval_s) if radio == MOBILE else 0,
        delay_s=of(f"{air}_delay_s") if order.delay_s is None else order.delay_s,
        capacity_pah=capacity,
        sleep_pah=sleep,
        send_pah=packet_pah(radio, parameters),
        send_every=send_every(radio, interval_s, parameters),
        life_scale_s=of(f"{kind.name}_mean_life_years") * YEAR_S / float(gamma(1.0 + 1.0 / shape)),
        life_shape=shape,
    )


def link_chances(bad_share: float, burst_s: float, interval_s: float) -> tuple[float, float]:
    """Chances an interval that a link turns bad and good again (Gilbert 1960, Elliott 1963).

    They keep the share of time in which it is bad, and its mean burst where that is longer than an interval.

    >>> link_chances(0.02, 1_800.0, 900.0)
    (0.010204081632653062, 0.5)
    """
    if not 0.0 <= bad_share <= 1.0:
        raise InputError("link: share of time in which it is bad", f"{bad_share:g}", "0 to 1")
    if bad_share == 1.0:
        return 1.0, 0.0
    odds = bad_share / (1.0 - bad_share)
    to_good = min(interval_s / burst_s, 1.0)
    to_bad = to_good * odds
    return (to_bad, to_good) if to_bad <= 1.0 else (1.0, 1.0 / odds)


def battery_of(kind: str, interval_s: int, parameters: Parameters) -> tuple[int, int]:
    """Usable charge and what sleep takes of it in an interval, both in whole pAh."""
    usable = parameters["sensing.battery_usable_share"] * parameters[f"sensing.{kind}_battery_mah"]
    return (
        round(usable * PAH_PER_MAH),
        round(parameters[f"sensing.{kind}_idle_ua"] * interval_s / S_PER_H * PAH_PER_UAH),
    )


def packet_pah(radio: str, parameters: Parameters) -> np.ndarray:
    """What a packet takes, by spreading factor (13,) int64 [pAh]; whole; 0: a radio on the mains."""
    taken = np.zeros(N_FACTORS, dtype=np.int64)
    if radio == LORAWAN:
        payload = int(parameters["sensing.radio_payload_bytes"])
        for factor in SPREADING:
            hours = airtime_ms(payload, factor) / MS_PER_H
            taken[factor] = round(parameters["sensing.radio_send_ma"] * hours * PAH_PER_MAH)
    return taken


def send_every(radio: str, interval_s: int, parameters: Parameters) -> np.ndarray:
    """Intervals for each packet by spreading factor (13,), so that the duty cycle is kept."""
    every = np.ones(N_FACTORS, dtype=np.int64)
    if radio == LORAWAN:
        payload = int(parameters["sensing.radio_payload_bytes"])
        for factor in SPREADING:
            rest_s = airtime_ms(payload, factor) / 1_000.0 / parameters["sensing.radio_duty_cycle"]
            every[factor] = int(np.ceil(rest_s / interval_s))
    return every
