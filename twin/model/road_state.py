"""What is ordered on the roads of a day, and what of it, of weather and of outages streets have felt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class TrafficOrders:
    """What the road manager has decided and announced: (n_links,) bool each, in_force (n_orders,) bool."""

    closed: np.ndarray
    signed: np.ndarray
    classified: np.ndarray
    ever_closed: np.ndarray
    in_force: np.ndarray


@dataclass
class Standing:
    """What supply was last worked out for: levers in force (n_levers,), dark signals (n_links,), bool.

    Without utility networks nothing is known of power, and ``dark`` is empty.
    """

    in_force: np.ndarray
    dark: np.ndarray
