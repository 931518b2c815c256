"""False data in a day of the village: drivers move, and the city's counters contradict what phones say."""

from __future__ import annotations

import numpy as np
import pytest

from tests.model.village import TABLES, busiest, scenario, world
from twin.clock import SLICE_S
from twin.errors import InputError
from twin.indicators.compute import compute
from twin.mobility.passages import Passages
from twin.model.false_data_record import false_data_record_of
from twin.model.record import record_of
from twin.model.twin_model import TwinModel

UNTIL_S = 10 * 3_600
FROM_S = int(7.5 * 3_600)


def false(kind: str, fleet: str = "Boussole.probes", **keys: object) -> str:
    """A table of false data on the busiest link, from half past seven."""
    link = str(world().territory.streets.link_id[busiest()])
    lines = [f'kind = "{kind}"', f'fleet = "{fleet}"', f'links = {{ link = "{link}" }}', 'from = "07:30"']
    lines += [
        f'{key} = "{value}"' if isinstance(value, str) else f"{key} = {value}" for key, value in keys.items()
    ]
    return "\n[[modification]]\n" + "\n".join(lines) + "\n"


def model(more: str = "") -> TwinModel:
    here = world()
    made = TwinModel(
        scenario(more), rng=1, territory=here.territory, population=here.population, habits=here.habits
    )
    made.run_until(UNTIL_S)
    return made


def left(made: TwinModel) -> np.ndarray:
    """Vehicles that left each link since the false data began."""
    passages = Passages.join(made.state.log.parts)
    kept = passages.exit_ms >= FROM_S * 1_000
    return np.bincount(passages.link[kept], minlength=world().territory.streets.n_links)


@pytest.fixture(scope="module")
def quiet() -> TwinModel:
    """The morning without any."""
    return model()


def test_a_fake_jam_sends_guided_drivers_round_and_counters_contradict_it(quiet):
    link, streets = busiest(), world().territory.streets
    jammed = model(false("attack", means="ghosts"))
    pictures = [each.state.pictures["Boussole"].picture.travel_time_s[link] for each in (quiet, jammed)]
    assert pictures[1] > 5.0 * pictures[0], "the provider believes in a queue"
    other = [each.state.pictures["Azimut"].picture.travel_time_s[link] for each in (quiet, jammed)]
    assert other[1] < 2.0 * other[0], "its rival hears nothing of these phones"
    assert jammed.state.guidance.guided.sum() > quiet.state.guidance.guided.sum()
    flows = [int(left(each)[link]) for each in (quiet, jammed)]
    assert flows[1] < 0.95 * flows[0], "drivers go round"
    assert left(jammed).sum() != left(quiet).sum()
    # what a counter there sees: vehicles at an hour's rate of which the queue told would need far more room
    hours = (UNTIL_S - FROM_S) / 3_600.0
    would_stand = flows[1] / hours / 3_600.0 * pictures[1]
    assert would_stand > 0.2 * streets.storage_veh[link]
    phones = jammed.state.platform.visible("Boussole", "Boussole.probes", UNTIL_S, UNTIL_S - 900)
    at_once = np.unique(phones.phenomenon_time_s[phones.datastream == link], return_counts=True)[1].max()
    assert at_once > streets.storage_veh[link], "more phones at once than vehicles find room"


def test_phones_that_lie_about_nothing_change_nothing(quiet):
    same = model(false("attack", means="spoof", size=1.0) + false("attack", means="ghosts", size=0))
    assert np.array_equal(left(same), left(quiet))
    rows = [each.state.platform.visible("Boussole", "Boussole.probes", UNTIL_S) for each in (quiet, same)]
    assert all(np.array_equal(a, b) for a, b in zip(*rows, strict=True))


def test_a_stuck_counter_repeats_itself_and_traffic_does_not_care(quiet):
    fleet = quiet.state.devices["counters"]
    seen = quiet.state.platform.visible("city", "counters", UNTIL_S)
    link = int(np.bincount(seen.datastream, weights=seen.result).argmax())
    name = str(world().territory.streets.link_id[link])
    more = false("sensor_fault", "counters", fault="stuck")
    stuck = model(more.replace(str(world().territory.streets.link_id[busiest()]), name))
    assert np.array_equal(left(stuck), left(quiet))
    rows = stuck.state.platform.visible("city", "counters", UNTIL_S)
    since = (rows.phenomenon_time_s >= FROM_S) & (rows.datastream == link)
    assert len(set(rows.result[since].tolist())) == 1
    other = fleet.link[fleet.link != link]
    assert np.array_equal(
        rows.result[np.isin(rows.datastream, other)], seen.result[np.isin(seen.datastream, other)]
    )


@pytest.mark.parametrize(
    ("more", "what"),
    [
        (("attack", "Bousole.probes", {"means": "ghosts"}), "no fleet 'Bousole.probes'"),
        (("attack", "counters", {"means": "ghosts"}), "ghosts does not suit 'counters'"),
        (("sensor_fault", "Boussole.probes", {"fault": "stuck"}), "stuck does not suit 'Boussole.probes'"),
    ],
)
def test_what_does_not_fit_is_told(more, what):
    kind, fleet, keys = more
    with pytest.raises(InputError, match=what):
        model(false(kind, fleet, **keys))


def test_an_attack_on_phones_says_where():
    text = false("attack", means="sybil")
    without = "\n".join(line for line in text.splitlines() if not line.startswith("links"))
    with pytest.raises(InputError, match="does not say where"):
        scenario(without)


@pytest.mark.one_interpreter("two mornings, the same on each")
def test_a_city_that_gets_its_counts_later_notices_later():
    """Ghosts on the busiest link, counters everywhere, and a margin at which the queue told is noticed."""
    here, agreed = world(), '\n[[modification]]\nkind = "data_agreement"\nprovider = "Boussole"\n'
    first = {}
    for delay_s in (60, 1_800):
        text = TABLES.replace("count = 10", f"count = 160\ndelay_s = {delay_s}")
        spec = scenario(false("attack", means="ghosts", size=400) + agreed, text)
        made = TwinModel(
            spec, rng=1, territory=here.territory, population=here.population, habits=here.habits
        )
        made.run_until(UNTIL_S)
        made.parameters = made.parameters.replaced({"security.room_margin": 0.1}, "a test")
        kept = false_data_record_of(made)
        assert kept is not None
        first[delay_s] = kept.at_s[(kept.holder == "city") & (kept.link == busiest())].min()
        assert first[delay_s] % SLICE_S == 0.0, "the city looks at the end of each slice"
    assert first[60] >= FROM_S + SLICE_S
    assert first[1_800] >= first[60] + 1_800 - SLICE_S


@pytest.mark.one_interpreter("a whole day, the same on each")
def test_a_day_s_record_tells_alarms_and_how_soon():
    here = world()
    spec = scenario(false("attack", means="ghosts", until="09:30"))
    made = TwinModel(spec, rng=1, territory=here.territory, population=here.population, habits=here.habits)
    made.run_day()
    told = {(each.name, each.group): each.value for each in compute(record_of(made))}
    assert told["false_data_alarms", ""] == told["false_data_alarms", "owner:Boussole"] == 1.0
    assert told["false_data_alarms_right", ""] == told["false_data_found", ""] == 1.0
    assert 0.0 < told["false_data_hours_to_detect", ""] <= 0.25
    kept = false_data_record_of(made)
    assert kept is not None
    at_s, link = float(kept.at_s[0]), int(kept.link[0])
    room = made.parameters["security.room_margin"] * here.territory.streets.storage_veh[link]

    def most_at_once(moment_s: float) -> int:
        """Phones on the link at one look, by all that the provider has at that moment."""
        rows = made.state.platform.visible("Boussole", "Boussole.probes", moment_s)
        looks = rows.phenomenon_time_s[
            (rows.datastream == link) & (rows.phenomenon_time_s % made.step_s == 0.0)
        ]
        return int(np.unique(looks, return_counts=True)[1].max(initial=0))

    assert most_at_once(at_s) > room, "when it raises the alarm it has seen one too many"
    assert most_at_once(at_s - 0.001) <= room, "and not before"
