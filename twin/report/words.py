"""Numbers and findings in words: thin spaces, a true minus, as many digits as a planner can use."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from twin.report.drawn import WHOLE, zone_label
from twin.report.view import LEAST_SEEDS, PAIRED, IndicatorRow, Verdict

THIN = "\u202f"
MINUS = "\u2212"
NONE = "–"

_SHARES = ("share", "probability", "fraction")
_ACRONYMS = {"co2": "CO₂", "nox": "NOₓ", "pm10": "PM10", "pm25": "PM2.5", "vkm": "vehicle-km"}
_SYMBOLS = ("s", "min", "h", "m", "km", "kg", "t", "veh")
_LABELS = {
    "mean_delay": "Mean delay of car trips",
    "mean_car_time_over_free_flow": "Car time over free flow",
    "vehicle_km": "Distance driven on the streets",
    "vehicle_km_residential": "Distance driven on residential streets",
    "vehicle_km_of_people": "Distance driven by the people",
    "through_vehicle_km_in_focus": "Distance driven by through traffic",
    "through_share_of_residential": "Through traffic on residential streets",
    "co2_on_links": "CO₂ on the streets",
    "co2_of_people": "CO₂ of the people",
    "co2_upstream_of_people": "CO₂ of making the current of the people",
    "nox_on_links": "Nitrogen oxides on the streets",
    "particles_on_links": "Particles on the streets",
    "energy_on_links": "Energy used on the streets",
    "link_delay": "Time lost on the streets",
    "vehicle_km_near_schools": "Distance driven near schools in school hours",
    "vehicles_met_at_school": "Vehicles met by children who walk to school",
    "saidi": "Minutes without power of a customer (SAIDI)",
    "saifi": "Interruptions of power of a customer (SAIFI)",
    "minutes_to_90_percent": "Minutes until 90 % are served again",
}
"""Names of some indicators that read better than their words."""
_SERVICES = {
    "counter": "counter (post, town hall)",
    "cafe": "café",
    "doctor": "doctor",
    "sport": "sport",
    "basket": "the basket",
}
_GROUPS = {
    "car:drives": "drives a car of the household",
    "car:in the household": "car in the household, does not drive",
    "car:none": "no car in the household",
}
"""Names of some groups that read better than their words."""
_UNITS = {"s/trip": "s per trip", "km/person": "km per person", "ratio": "", "1": "", "-": "", "": ""}

VERDICT_WORDS: dict[Verdict, tuple[str, str]] = {
    "better": ("▲", "better"),
    "worse": ("▼", "worse"),
    "changed": ("◆", "differs"),
    "same": ("=", "same"),
    "unclear": ("~", "unclear"),
    "untested better": ("△", "better, untested"),
    "untested worse": ("▽", "worse, untested"),
    "untested": ("◇", "untested"),
}


def number(value: float | None, unit: str = "") -> str:
    """A number as people read it; shares in per cent.

    >>> number(12345.6), number(-0.5), number(0.3214, "share"), number(7.25), number(None)
    ('12\u202f346', '\u22120.5', '32.1', '7.25', '–')
    """
    if value is None or math.isnan(value):
        return NONE
    if math.isinf(value):
        return "∞" if value > 0 else MINUS + "∞"
    if unit in _SHARES:
        value *= 100.0
    size = abs(value)
    if size and size < 0.001:
        text = f"{size:.1e}" if size < 1e-6 else f"{size:.{1 - math.floor(math.log10(size))}f}"
    else:
        decimals = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
        text = f"{size:,.{decimals}f}".replace(",", THIN)
        if "." in text:
            text = text.rstrip("0").rstrip(".")
    return (MINUS if value < 0 and text.strip("0.") else "") + text


def signed(value: float | None, unit: str = "") -> str:
    """A difference with its sign; nought has none.

    >>> signed(3.0), signed(-3.0), signed(0.0)
    ('+3', '\u22123', '0')
    """
    text = number(value, unit)
    return f"+{text}" if value is not None and value > 0 and text != "0" else text


def unit_label(unit: str, difference: bool = False) -> str:
    """A unit as it is printed; differences of shares are points."""
    if unit in _SHARES:
        return "points" if difference else "%"
    return _UNITS.get(unit, unit)


def with_unit(text: str, unit: str, difference: bool = False) -> str:
    """A number and its unit, never broken across lines."""
    label = unit_label(unit, difference)
    return f"{text}\u00a0{label}" if label else text


def percent(share: float | None, sign: bool = False) -> str:
    """A share in per cent, to a tenth below ten.

    >>> percent(0.0997), percent(0.314159), percent(0.0001), percent(0.02, sign=True)
    ('10\xa0%', '31\xa0%', '<\u202f0.1\xa0%', '+2\xa0%')
    """
    if share is None or math.isnan(share):
        return NONE
    size = abs(share) * 100.0
    before = MINUS if share < 0 else "+" if sign and share > 0 else ""
    if 0 < size < 0.05:
        return f"{'≈' if sign else '<'}{THIN}{'0' if sign else '0.1'}\u00a0%"
    if size < 0.1:
        text = f"{size:.1f}" if size else "0"
    elif size < 9.95 or 99.0 < size < 100.0:
        text = f"{min(size, 99.9):.1f}".removesuffix(".0")
        text = f">{THIN}99.9" if size > 99.95 else text
    else:
        text = f"{size:,.0f}".replace(",", THIN)
    return f"{before}{text}\u00a0%"


def label_of(name: str, unit: str = "") -> str:
    """An indicator's name in words, without the unit that its column tells.

    >>> label_of("mean_delay", "s/trip"), label_of("fuel_kg", "kg"), label_of("jobs_within_30_min", "jobs")
    ('Mean delay of car trips', 'Fuel', 'Jobs within 30 min')
    """
    if name in _LABELS:
        return _LABELS[name]
    stem = name.removesuffix(f"_{unit}") if unit in _SYMBOLS else name
    text = " ".join(_ACRONYMS.get(word, word) for word in stem.split("_") if word) or name
    return text[:1].upper() + text[1:]


def service_label(service: str) -> str:
    """A service in words.

    >>> service_label("counter"), service_label("food")
    ('counter (post, town hall)', 'food')
    """
    return _SERVICES.get(service, service)


def minutes(value: float | None) -> str:
    """Minutes, or doctors, to a tenth.

    >>> minutes(7.251), minutes(32.0), minutes(None)
    ('7.3', '32.0', '–')
    """
    return NONE if value is None or math.isnan(value) else f"{value:.1f}"


def group_label(group: str) -> str:
    """A group in words.

    >>> group_label("age:75+"), group_label("skill:none"), group_label("app:yes"), group_label("guided")
    ('age 75+', 'digital skill: none', 'app: yes', 'guided')
    """
    family, _, name = group.partition(":")
    if not name:
        return group.replace("_", " ")
    if group in _GROUPS:
        return _GROUPS[group]
    if family == "service":
        return service_label(name)
    name = name.replace("_", " ") if family != "provider" else name
    if family in ("skill", "app"):
        return f"{'digital ' if family == 'skill' else ''}{family}: {name}"
    return f"{family} {name}"


def interval(row: IndicatorRow) -> str:
    """The interval of a difference in words, or why there is none."""
    if row.difference is None:
        return ""
    if not row.has_interval:
        return f"no interval below {LEAST_SEEDS} seeds"
    ends = f"{signed(row.low, row.unit)} to {signed(row.high, row.unit)}"
    return with_unit(ends, row.unit, difference=True)


def sentence(row: IndicatorRow, zone_names: Mapping[str, str] | None = None) -> str:
    """One row as a sentence: what changes, from what to what, how sure it is."""
    place = "over the whole area" if row.focus == WHOLE else f"in {zone_label(row.focus, zone_names)}"
    who = f" ({group_label(row.group)})" if row.group else ""
    name = f"{label_of(row.indicator, row.unit)}{who}"
    base = number(row.base, row.unit)
    if row.alternative is None or row.difference is None:
        return f"{name} is {with_unit(base, row.unit)} {place}."
    alternative = with_unit(number(row.alternative, row.unit), row.unit)
    sure = how_sure(row)
    if row.method != PAIRED:
        change = with_unit(signed(row.difference, row.unit), row.unit, difference=True)
        other = (
            "over the whole area"
            if row.base_focus == WHOLE
            else f"in {zone_label(row.base_focus, zone_names)}"
        )
        return f"{name} is {base} {other} and {alternative} {place} ({change}; {sure})."
    if row.difference == 0:
        return f"{name} stays at {with_unit(base, row.unit)} {place} ({sure})."
    change = with_unit(signed(row.difference, row.unit), row.unit, difference=True)
    if row.relative is not None and row.unit not in _SHARES:
        change += f", {percent(row.relative, sign=True)}"
    verb = "rises" if row.difference > 0 else "falls"
    return f"{name} {verb} from {base} to {alternative} {place} ({change}; {sure})."


def how_sure(row: IndicatorRow) -> str:
    """The interval and the seeds behind it."""
    seeds = count_word(row.n_seeds, "seed")
    if row.has_interval:
        return f"95\u00a0% interval {interval(row)}, {seeds}"
    return f"{seeds}, {interval(row)}"


def count_word(count: int, one: str, many: str | None = None) -> str:
    """A count with its noun.

    >>> count_word(1, "seed"), count_word(1200, "trip")
    ('1 seed', '1\u202f200 trips')
    """
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def seeds_words(seeds: Sequence[int]) -> str:
    """Seeds as runs.

    >>> seeds_words((1, 2, 3, 7))
    '1–3, 7'
    """
    runs: list[list[int]] = []
    for seed in sorted(set(seeds)):
        if runs and seed == runs[-1][-1] + 1:
            runs[-1].append(seed)
        else:
            runs.append([seed])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)


def short(value: object, longest: int = 90) -> str:
    """A value of a scenario in few words; a long list is counted.

    >>> short(None), short(0.25), short(["a", "b"]), short(list("abcdef"))
    ('–', '0.25', 'a, b', 'a, b, … (6 in all)')
    """
    if value is None or value in ((), []):
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        shown = value if len(value) <= 4 else value[:2]
        head = ", ".join(short(each, longest) for each in shown)
        return head if len(value) <= 4 else f"{head}, … ({len(value)} in all)"
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= longest else text[: longest - 1] + "…"
