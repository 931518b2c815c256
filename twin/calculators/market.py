"""Who consults an itinerary calculator, and whose.

App share is the share of all travellers, those through gateways included. Every draw belongs to the
person, so those who consult at 20 % are among those at 30 %, and one person more changes nobody.
"""

from __future__ import annotations

import numpy as np

from twin.errors import InputError
from twin.kernels.random import stream_of, uniforms

NO_PROVIDER = -1
_APP = stream_of("calculators.app")
_PROVIDER = stream_of("calculators.provider")


def app_users(
    person_key: np.ndarray,
    smartphone: np.ndarray,
    app_share: float | np.ndarray,
    owner_share: float,
    seed: int,
) -> np.ndarray:
    """Who consults a calculator (n_persons,) bool.

    Persons stand in a queue in the order of a draw of their own: owners of a smartphone on the first
    ``owner_share`` (ledger) of it, the others behind them; those before ``app_share`` consult. So up to
    that share only owners do, beyond it a device in the car reaches the others; the expected share is
    ``app_share`` where ownership is that of the ledger, and never depends on who else lives here. The share
    may be another for each person (n_persons,).

    >>> keys = np.arange(10_000, dtype=np.uint64)
    >>> owners = uniforms(1, stream_of("phones"), keys) < 0.9
    >>> users = app_users(keys, owners, 0.3, 0.9, seed=1)
    >>> bool((owners[users]).all()), round(float(users.mean()), 1)
    (True, 0.3)
    """
    _check_share("app_share", app_share)
    draw = uniforms(seed, _APP, person_key)
    place = np.where(smartphone, draw * owner_share, owner_share + draw * (1.0 - owner_share))
    return np.asarray(place < app_share)


def choose_provider(person_key: np.ndarray, market_shares: tuple[float, ...], seed: int) -> np.ndarray:
    """Which provider each person would consult (n_persons,) int8, by market shares that sum to at most 1.

    What the shares leave over consults none, NO_PROVIDER.
    """
    bounds = np.cumsum(np.asarray(market_shares, dtype=np.float64))
    if (np.asarray(market_shares) < 0).any() or (len(bounds) and bounds[-1] > 1.0 + 1e-9):
        raise InputError("provider: market_share", f"{market_shares} sum to {bounds[-1]:g}",
                         "shares of 0 or more that sum to at most 1")  # fmt: skip
    if len(bounds) and bounds[-1] > 1.0 - 1e-9:
        bounds[-1] = 1.0
    row = np.searchsorted(bounds, uniforms(seed, _PROVIDER, person_key), side="right")
    return np.where(row < len(bounds), row, NO_PROVIDER).astype(np.int8)


def provider_of(uses_app: np.ndarray, choice: np.ndarray) -> np.ndarray:
    """Provider that each person consults (n_persons,) int8, NO_PROVIDER none."""
    return np.where(uses_app, choice, NO_PROVIDER).astype(np.int8)


def _check_share(name: str, share: float | np.ndarray) -> None:
    for each in (np.min(share, initial=1.0), np.max(share, initial=0.0)):
        if not 0.0 <= each <= 1.0:
            raise InputError(name, f"{each:g} is no share", "between 0 and 1")
