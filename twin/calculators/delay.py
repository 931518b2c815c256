"""How old information may be before drivers who follow it chase each other between two queues.

Two point queues in parallel, a share a of an inflow x chooses by a logit of scale t [1/h] on the
instantaneous times of a picture that is tau old, the others by habit. The difference D of the two waits obeys

    dD/dt = -K D(t - tau),  K = x a t p (1 - p) (1/m1 + 1/m2)

near its equilibrium (p: share of the first route among those who choose; m: capacities), which is stable
if and only if K tau < pi/2 (Hayes 1950, J. London Math. Soc. 25); at the border it swings with a period of
4 tau. Pender, Rand & Wesson 2018, Nonlinear Dyn. 91, study queues whose service grows with their length.
More: docs/information_delay.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from twin.errors import InputError
from twin.kernels.point_queues import RouteChoice, Timing, flow_by_share, flow_by_vehicle
from twin.units import S_PER_H


@dataclass(frozen=True)
class TwoQueues:
    """Two point queues in parallel and those who choose between them.

    Parameters
    ----------
    inflow_vph, capacity_vph
        What comes, and what each queue lets go.
    app_share, logit_per_h
        Share that chooses by the picture, and the scale of its logit per hour of travel time.
    longer_s
        Free-flow time of the second route less that of the first.
    habit_share
        Share of the others who take the first route.
    """

    inflow_vph: float
    capacity_vph: tuple[float, float]
    app_share: float
    logit_per_h: float
    longer_s: float = 0.0
    habit_share: float = 0.5

    def __post_init__(self) -> None:
        positive = (self.inflow_vph, *self.capacity_vph, self.app_share, self.logit_per_h)
        if min(positive) <= 0.0 or not all(map(math.isfinite, (*positive, self.longer_s))):
            raise InputError("two queues", f"{positive}", "flows, app share and logit scale above 0")
        if max(self.app_share, self.habit_share) > 1.0 or self.habit_share < 0.0:
            raise InputError("two queues", "a share is outside 0 to 1", "shares between 0 and 1")

    @property
    def equilibrium_share(self) -> float:
        """Share of the first route among those who choose, at which both waits grow alike."""
        first, second = self.capacity_vph
        by_habit = (1.0 - self.app_share) * self.habit_share
        share = (first / (first + second) - by_habit) / self.app_share
        if not 0.0 < share < 1.0:
            raise InputError("two queues", f"those who choose would have to split {share:.3g} to 1",
                             "a habit that leaves both queues something to choose")  # fmt: skip
        return share

    @property
    def feedback_per_h(self) -> float:
        """K: how fast a difference of waits would be undone by information without delay [1/h]."""
        share = self.equilibrium_share
        chosen_vph = self.inflow_vph * self.app_share * self.logit_per_h * share * (1.0 - share)
        return chosen_vph * sum(1.0 / vph for vph in self.capacity_vph)


@dataclass(frozen=True)
class Information:
    """What makes information old: age when it is published, refresh interval, way to the queue [s]."""

    age_s: float
    refresh_s: float
    to_queue_s: float = 0.0

    @property
    def delay_s(self) -> float:
        """Mean time from what a picture shows to the moment at which who followed it joins a queue.

        >>> Information(age_s=300.0, refresh_s=60.0, to_queue_s=90.0).delay_s
        420.0
        """
        return self.age_s + self.refresh_s / 2.0 + self.to_queue_s


def critical_delay_s(queues: TwoQueues, refresh_s: float = 0.0) -> float:
    """Delay (mean, half the refresh interval included) from which on the two queues swing [s].

    pi / (2 K) for a picture that is always renewed. One that stands for ``refresh_s`` gives, where age and
    way make m such intervals, the difference equation D(n+1) - D(n) = -K r D(n - m), stable if and only if
    K r < 2 cos(m pi / (2 m + 1)) (Levin & May 1976, Theor. Popul. Biol. 9), and tau = (m + 1/2) r: the
    refresh counts half. In between the queues swing a little later, never sooner.

    >>> round(critical_delay_s(TwoQueues(3600.0, (1500.0, 1500.0), 0.5, 20.0)), 2)
    471.24
    """
    feedback_per_s = queues.feedback_per_h / S_PER_H
    if refresh_s == 0.0:
        return math.pi / (2.0 * feedback_per_s)
    gain = feedback_per_s * refresh_s / 2.0
    if not 0.0 < gain <= 1.0:
        raise InputError("refresh_s", f"{refresh_s:g} s: the queues swing whatever the age",
                         f"above 0 and at most {2.0 / feedback_per_s:.4g} s")  # fmt: skip
    return math.pi * refresh_s / (4.0 * math.asin(gain))


def wait_deviation_s(queues: TwoQueues, delay_s: float) -> float:
    """Standard deviation of the difference of waits where each vehicle draws its own route, below onset [s].

    A linear equation with delay and white noise has the variance s^2 (1 + sin K tau) / (2 K cos K tau)
    (Kuechler & Mensch 1992, Stoch. Stoch. Rep. 40); s^2 is that of one vehicle's draw times the inflow.
    """
    feedback_per_s = queues.feedback_per_h / S_PER_H
    angle = feedback_per_s * delay_s
    if not 0.0 <= angle < math.pi / 2.0:
        raise InputError("delay_s", f"{delay_s:g} s: no steady spread", "below the critical delay")
    first_vps, second_vps = (vph / S_PER_H for vph in queues.capacity_vph)
    first = first_vps / (first_vps + second_vps)
    of_one_s2 = first * (1.0 - first) * (1.0 / first_vps + 1.0 / second_vps) ** 2
    noise = of_one_s2 * queues.inflow_vph / S_PER_H
    return math.sqrt(noise * (1.0 + math.sin(angle)) / (2.0 * feedback_per_s * math.cos(angle)))


def queues_over_time(
    queues: TwoQueues,
    information: Information,
    start_veh: tuple[float, float],
    duration_s: float,
    step_s: float = 1.0,
    seed: int | None = None,
) -> np.ndarray:
    """Both queues after each step (n_steps + 1, 2) [veh], from a start that has stood so for long.

    A fluid that splits by the logit's shares, or with a seed whole vehicles that draw each for itself.
    Times of the information are rounded to whole steps.
    """
    if min(start_veh) < 0.0 or step_s <= 0.0 or duration_s < step_s:
        raise InputError("two queues", f"start {start_veh}, {duration_s:g} s in steps of {step_s:g} s",
                         "queues of 0 or more and at least one step")  # fmt: skip
    times_s = (information.age_s, information.refresh_s, information.to_queue_s)
    age, refresh, to_queue = (round(time_s / step_s) for time_s in times_s)
    if min(times_s) < 0.0 or refresh < 1:
        raise InputError(
            "information", f"{information}", f"no negative times, a refresh of {step_s:g} s or more"
        )
    queue_veh = np.zeros((round(duration_s / step_s) + 1, 2))
    queue_veh[0] = start_veh
    step_h = step_s / S_PER_H
    served = np.array(queues.capacity_vph) * step_h
    choice = RouteChoice(
        queues.app_share, queues.logit_per_h * step_h, queues.longer_s / step_s, queues.habit_share
    )
    timing = Timing(age, refresh, to_queue)
    if seed is None:
        flow_by_share(queue_veh, served, queues.inflow_vph * step_h, choice, timing)
    else:
        flow_by_vehicle(queue_veh, served, queues.inflow_vph * step_h, choice, timing, seed)
    return queue_veh


class Swing(NamedTuple):
    """How far a series goes to either side, and how often: amplitude in its unit, period [s]."""

    amplitude: float
    period_s: float


def swing(series: np.ndarray, step_s: float, last_s: float) -> Swing:
    """Amplitude (half of peak to peak) of the last ``last_s`` of a series (n,), and the period of all of it.

    The period is the lag at which the series is most like itself again, once it has been unlike itself (the
    highest return of the autocorrelation), which noise hardly shifts. NaN for one that does not come back.

    >>> found = swing(np.sin(np.arange(40_000) / 50.0), step_s=1.0, last_s=400.0)
    >>> round(found.amplitude, 3), round(found.period_s)
    (1.0, 314)
    """
    last = series[-max(round(last_s / step_s), 1) :]
    amplitude = float(last.max() - last.min()) / 2.0
    centred = series - series.mean()
    n = centred.shape[0]
    spectrum = np.fft.rfft(centred, 2 * n)
    # a sum over ever fewer pairs, so that of all returns the first is the greatest
    likeness = np.fft.irfft(np.abs(spectrum) ** 2)[: n // 2]
    unlike = np.flatnonzero(likeness < 0.0)
    if not unlike.size:
        return Swing(amplitude, math.nan)
    again = unlike[0] + np.flatnonzero(likeness[unlike[0] :] > 0.0)
    if not again.size:
        return Swing(amplitude, math.nan)
    return Swing(amplitude, float(again[0] + np.argmax(likeness[again[0] :])) * step_s)
