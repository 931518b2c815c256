"""Plain-Python twin of the kernel of devices: one device, one interval at a time, in words of the model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from tests.oracles import slow_mix
from tests.sensing.oracles import slow_bell
from twin.kernels.devices import DOWN, LOST, MAINS, NEVER, NO_NETWORK, NO_POWER, NOTHING, DeviceRule

MASK = 2**64 - 1


def unit(word: int) -> float:
    return (word >> 11) / 2**53


@dataclass
class SlowDevice:
    """A device's state as plain numbers; None: never."""

    key: int
    factor: int
    heard: float
    charge: int
    fails_at: int
    visit_at: int | None
    drift: float = 0.0
    bad: bool = False
    down_since: int | None = None
    n_visits: int = 0
    reports: list[tuple[float, float]] = field(default_factory=list)

    def word(self, seed: int, stream: int, number: int) -> int:
        return slow_mix(self.base(seed, stream) ^ number)

    def base(self, seed: int, stream: int) -> int:
        return slow_mix(slow_mix(seed ^ stream) ^ self.key)

    def visited(self, rule: DeviceRule, base: int) -> None:
        assert self.visit_at is not None
        self.n_visits += 1
        word = slow_mix(slow_mix(base ^ 0xFFFFFFFF) ^ self.n_visits)
        life = rule.life_scale_s * (-math.log1p(-unit(word))) ** (1.0 / rule.life_shape)
        self.fails_at = min(self.visit_at + int(min(life, 1.9e9)), 2**31 - 2)
        self.charge, self.drift, self.down_since, self.visit_at = rule.capacity_pah, 0.0, None, None

    def goes_on(self, rule: DeviceRule, number: int, powered: bool) -> bool:
        end = (number + 1) * rule.interval_s
        if self.down_since is not None:
            return False
        if self.fails_at <= end:
            self.down_since = max(self.fails_at, end - rule.interval_s)
            return False
        if rule.capacity_pah == MAINS:
            return powered
        sends = number % int(rule.send_every[self.factor]) == 0
        drawn = rule.sleep_pah + (int(rule.send_pah[self.factor]) if sends else 0)
        if self.charge < drawn:
            self.charge, self.down_since = 0, end
            return False
        self.charge -= drawn
        return True

    def delay(self, rule: DeviceRule, base: int, number: int) -> float:
        if not self.bad:
            return rule.delay_s
        for later in range(1, rule.keeps + 1):
            if unit(slow_mix(base ^ (number + later))) < rule.to_good:
                return rule.delay_s + later * rule.interval_s
        return LOST

    def step(
        self, rule: DeviceRule, number: int, truth: float, cut: int, luck: tuple[int, int]
    ) -> tuple[float, float]:
        """Result and delay of one interval."""
        base, word = self.base(*luck), self.word(*luck, number)
        u = unit(word)
        self.bad = u < rule.to_bad if not self.bad else u >= rule.to_good
        if self.visit_at is not None and self.visit_at <= (number + 1) * rule.interval_s:
            self.visited(rule, base)
        if not self.goes_on(rule, number, cut != NO_POWER):
            return math.nan, DOWN
        if rule.drift_step > 0.0:
            self.drift = float(np.float32(self.drift + rule.drift_step * slow_bell(slow_mix(word ^ 0xD41F7))))
        if math.isnan(truth) or number % int(rule.send_every[self.factor]):
            return math.nan, NOTHING
        word = slow_mix(word)
        delay = self.delay(rule, base, number)
        if cut == NO_NETWORK or delay < 0.0 or unit(word) >= self.heard:
            return math.nan, LOST
        off = self.drift + rule.noise * slow_bell(slow_mix(word))
        shown = truth * (1.0 + off) if rule.relative else truth + off
        return max(math.floor(shown / rule.step + 0.5) * rule.step, rule.least), delay


def slow_table(devices: list[SlowDevice]) -> dict[str, np.ndarray]:
    """The state of some devices as the kernel's columns."""

    def moments(name: str) -> list[int]:
        return [int(NEVER) if getattr(each, name) is None else getattr(each, name) for each in devices]

    return {
        "charge_pah": np.array([each.charge for each in devices]),
        "drift": np.array([each.drift for each in devices], dtype=np.float32),
        "bad": np.array([each.bad for each in devices]),
        "fails_at_s": np.array([each.fails_at for each in devices]),
        "down_since_s": np.array(moments("down_since")),
        "visit_at_s": np.array(moments("visit_at")),
        "n_visits": np.array([each.n_visits for each in devices]),
    }
