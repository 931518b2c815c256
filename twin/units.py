"""Units as factors: how much of one makes another. Lengths on the two clocks stand in `clock.py`.

Factors are floats, but for those that moments and hours are counted by, which are whole.
"""

from __future__ import annotations

S_PER_MIN = 60.0
S_PER_H = 3_600.0
MIN_PER_H = 60.0
MS_PER_H = 3_600_000
H_PER_DAY = 24
DAYS_PER_YEAR = 365.0
DAYS_PER_MONTH = 365.25 / 12.0
"""Of a mean month; the year that costs and lives are counted by has whole days."""

KMH_PER_MPS = 3.6
"""A metre a second in km/h; also the seconds that a metre takes at 1 km/h."""

CENTS_PER_EUR = 100.0

MM_PER_M = 1_000.0
M_PER_KM = 1_000.0
L_PER_M3 = 1_000.0
G_PER_KG = 1_000.0
W_PER_KW = 1_000.0

EARTH_RADIUS_M = 6_371_009.0  # mean radius; Moritz 2000, Journal of Geodesy 74, 128-133
M_PER_DEGREE = 111_195.0
"""Of latitude, in whole metres: for what lies near and need not be known to the metre."""
