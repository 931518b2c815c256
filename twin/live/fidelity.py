"""How true the live twin is to what is counted; first of all, whether it beats persistence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.stats import chi2

from twin.clock import SLICE_S
from twin.knowledge.scores import calibration, persistence, rmse
from twin.live.nowcast import Nowcast

N_LAGS = 4
"""Slices, an hour, over which innovations should not hang together."""
RIVALS = ("twin", "persistence", "day_of_week")


@dataclass(frozen=True)
class Fidelity:
    """Forecasts one slice ahead against what was counted then, over counted links [veh a slice].

    rmse, crps by forecast (of one that states no spread the latter is its mean absolute error); covered:
    share of counts within the central interval of each share; spread_ratio: error over stated deviation;
    whiteness_lag1, whiteness_p: correlation of successive innovations, and the Ljung-Box (1978, Biometrika
    65) probability of one as large where there is none; seen_links, seen_flow: share of links and of the
    usual vehicles that are counted; latency_s: median, 95 %; n_late: counts that came too late to be used.
    """

    rmse: dict[str, float]
    crps: dict[str, float]
    covered: dict[str, float]
    spread_ratio: float
    whiteness_lag1: float
    whiteness_p: float
    seen_links: float
    seen_flow: float
    latency_s: tuple[float, float]
    n_late: int
    n_forecasts: int
    n_links: int

    @property
    def beats_persistence(self) -> bool:
        """Whether the root mean square error is below that of persistence."""
        return self.rmse["twin"] < self.rmse["persistence"]

    def lines(self) -> list[str]:
        """The report, one line a finding; the first says whether it beats persistence."""
        twin, stays, usual = (self.rmse[name] for name in RIVALS)
        gain = 1.0 - twin / stays if stays else 0.0
        verb = "beats" if self.beats_persistence else "does NOT beat"
        crps = ", ".join(f"{name} {self.crps[name]:.2f}" for name in RIVALS)
        also = "beats" if twin < usual else "does NOT beat"
        covered = ", ".join(f"{share}: {found:.1%}" for share, found in self.covered.items())
        verdict = "white" if self.whiteness_p > 0.05 else "not white"
        white = f"Ljung-Box p {self.whiteness_p:.3f}, {verdict}"
        first = (
            f"The twin {verb} persistence: RMSE {twin:.2f} against {stays:.2f} vehicles a quarter of an hour"
        )
        late = f"{self.n_late:,} counts came too late to be used"
        return [
            f"{first} ({-gain:+.1%}), one slice ahead, {self.n_forecasts:,} counts on {self.n_links} links.",
            f"Day-of-week mean: RMSE {usual:.2f}; the twin {also} it.",
            f"CRPS: {crps}.",
            f"Coverage: {covered}; error over stated deviation {self.spread_ratio:.2f}.",
            f"Innovations: correlation {self.whiteness_lag1:+.2f}, {white}.",
            f"Seen: {self.seen_links:.1%} of links, {self.seen_flow:.1%} of vehicles on links.",
            f"Latency: median {self.latency_s[0]:.0f} s, 95 % within {self.latency_s[1]:.0f} s; {late}.",
        ]

    def summary(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"beats_persistence": self.beats_persistence, **asdict(self)}


def fidelity_of(found: Nowcast, day_of_week_veh: np.ndarray, error_veh: float = 0.5) -> Fidelity:
    """Score a nowcast by its own counts; day_of_week_veh (N_SLICES, n_links) is a mean of earlier days.

    error_veh: least standard deviation of a count.
    """
    counted = found.counted.flow_veh[: found.slot + 1]
    ahead, spread = found.ahead_veh[: found.slot + 1], found.ahead_spread_veh[: found.slot + 1]
    stays = persistence(counted, found.prior.usual_veh[: found.slot + 1])
    tried = np.isfinite(counted) & np.isfinite(ahead)
    truth = counted[tried]
    reading = np.maximum(found.counted.error_share * truth, error_veh)
    deviation = np.sqrt(spread[tried] ** 2 + reading**2)
    forecasts = {"twin": ahead[tried], "persistence": stays[tried]}
    forecasts["day_of_week"] = day_of_week_veh[: found.slot + 1][tried]
    sure = calibration(forecasts["twin"], deviation, truth)
    crps = {name: float(np.mean(np.abs(each - truth))) for name, each in forecasts.items()}
    crps["twin"] = sure.crps
    z = np.full(counted.shape, np.nan)
    z[tried] = (truth - forecasts["twin"]) / deviation
    lag1, p = whiteness(z)
    usual = found.prior.usual_veh.sum(axis=0)
    seen = np.isfinite(counted).any(axis=0)
    latency = found.counted.latency_s
    late_s = (float(np.median(latency)), float(np.quantile(latency, 0.95))) if len(latency) else (0.0, 0.0)
    return Fidelity(
        rmse={name: rmse(each, truth) for name, each in forecasts.items()},
        crps=crps,
        covered={f"{share:.0%}": got for share, got in zip(sure.shares, sure.covered, strict=True)},
        spread_ratio=sure.spread_ratio,
        whiteness_lag1=lag1,
        whiteness_p=p,
        seen_links=float(seen[usual > 0].mean()),
        seen_flow=float(usual[seen].sum() / max(usual.sum(), 1e-9)),
        latency_s=late_s,
        n_late=found.counted.n_late,
        n_forecasts=int(tried.sum()),
        n_links=int(seen.sum()),
    )


def whiteness(z: np.ndarray) -> tuple[float, float]:
    """Correlation of successive innovations (n_slices, n_links), NaN where none; Ljung-Box probability.

    Of their mean over links by slice, since links that err together would count many times.

    >>> steps = np.cumsum(np.random.default_rng(1).normal(size=(60, 1)), axis=0)
    >>> whiteness(steps)[1] < 0.001, whiteness(np.diff(steps, axis=0))[1] > 0.05
    (True, True)
    """
    n_known = np.isfinite(z).sum(axis=1)
    series = np.nansum(z[n_known > 0], axis=1) / np.sqrt(n_known[n_known > 0])
    n = len(series)
    if n <= N_LAGS + 1:
        return np.nan, np.nan
    series = series - series.mean()
    power = float(series @ series)
    if power <= 0.0:
        return np.nan, np.nan
    lags = np.arange(1, N_LAGS + 1)
    rho = np.array([float(series[lag:] @ series[:-lag]) / power for lag in lags])
    q = n * (n + 2.0) * float(np.sum(rho**2 / (n - lags)))
    return float(rho[0]), float(chi2.sf(q, N_LAGS))


assert SLICE_S == 900  # what the report calls a quarter of an hour
