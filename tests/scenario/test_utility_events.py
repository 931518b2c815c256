"""Events of utility networks in words: what is read, what switches the networks on, what is one line."""

from __future__ import annotations

import pytest

from twin.errors import InputError
from twin.scenario.scenario import Scenario
from twin.scenario.utility_events import (
    Batteries,
    Crews,
    ElementFailure,
    ManualFallback,
    RotatingCuts,
    Storm,
    SubstationLoss,
)

HEAD = 'title = "Networks"\nterritory = "riviera"\n'
EVENT = "[[modification]]\n"


def read(text: str) -> Scenario:
    return Scenario.loads(HEAD + EVENT + text)


def order(text: str) -> object:
    (made,) = read(text).modifications
    return made


def test_what_befalls_networks_switches_them_on_and_a_key_does_and_nothing_else() -> None:
    assert not Scenario.loads(HEAD).with_utilities
    assert "utilities" not in Scenario.loads(HEAD).resolved(), "what is silent leaves no trace in digests"
    assert Scenario.loads(HEAD + "utilities = true\n").with_utilities
    assert read('kind = "batteries"\nfactor = 2.0\n').with_utilities
    assert not Scenario.loads(HEAD + "utilities = false\n" + EVENT + 'kind = "crews"\n').with_utilities
    later = read('kind = "crews"\nfrom = "2028-01"\n')
    assert not later.with_utilities
    assert later.model_copy(update={"month": "2028-02"}).with_utilities


def test_each_kind_is_read_as_it_is_meant_and_reads_back() -> None:
    texts = {
        'kind = "element_failure"\nelement = "power:x"\nfrom = "08:00"\n': ElementFailure,
        'kind = "substation_loss"\nzone = "dense"\nlevel = "mv_lv"\nfrom = "07:00"\nuntil = "10:00"\n':
            SubstationLoss,
        'kind = "storm"\ngust_mps = [20.0, 38.0]\nn_events = 20\nfrom = "06:00"\n': Storm,
        'kind = "rotating_cuts"\nfrom = "17:00"\nuntil = "20:00"\nspared = ["way:1"]\n': RotatingCuts,
        'kind = "batteries"\nfactor = "inf"\n': Batteries,
        'kind = "manual_fallback"\n': ManualFallback,
        'kind = "crews"\nnumber = 3\nskills = ["power"]\npolicy = "critical"\n': Crews,
    }  # fmt: skip
    for text, kind in texts.items():
        made = order(text)
        assert isinstance(made, kind)
        assert Scenario.from_tables(read(text).resolved()).modifications == read(text).modifications


def test_what_has_no_end_lasts_until_it_is_mended() -> None:
    broken = order('kind = "element_failure"\nelement = ["a", "b"]\nfrom = "08:00"\n')
    assert isinstance(broken, ElementFailure)
    assert broken.until_mended
    assert (broken.element, broken.from_s) == (("a", "b"), 8 * 3_600)
    ends = order('kind = "substation_loss"\nsubstation = "s"\nuntil = "10:00"\n')
    assert isinstance(ends, SubstationLoss)
    assert not ends.until_mended
    endless = order('kind = "batteries"\nfactor = "inf"\n')
    assert isinstance(endless, Batteries)
    assert endless.times == float("inf")
    cuts = read('kind = "rotating_cuts"\nuntil = "20:00"\n[parameters]\n"utilities.cut_share" = 0.25\n')
    assert cuts.modifications[0].share == 0.25
    assert cuts.provenance()["modification 1: share"] == "ledger: utilities.cut_share"


@pytest.mark.parametrize(
    ("text", "where", "right"),
    [
        ('kind = "substation_loss"\n', "modification 1", "one of substation, place and zone"),
        ('kind = "substation_loss"\nzone = "a"\nplace = "b"\n', "modification 1", "one of substation"),
        ('kind = "substation_loss"\nzone = "a"\nlevel = "lv"\n', "level", "one of hv_mv, mv_lv"),
        ('kind = "storm"\ngust_mps = [300.0]\n', "gust_mps", "m/s"),
        ('kind = "storm"\ngust_mps = []\n', "gust_mps", "m/s"),
        ('kind = "storm"\ngust_mps = [30.0]\nuntil = "09:00"\n', "until", "from alone"),
        ('kind = "rotating_cuts"\nshare = 1.5\nuntil = "09:00"\n', "share", "above 0 and up to 1"),
        ('kind = "rotating_cuts"\nfrom = "08:00"\n', "until", "HH:MM"),
        ('kind = "planned_works"\nelement = "a"\nfrom = "08:00"\n', "until", "HH:MM"),
        ('kind = "batteries"\nfactor = -1.0\n', "factor", "a factor between 0 and 1000"),
        ('kind = "batteries"\nfactor = 2.0\nfrom = "08:00"\n', "from", "YYYY-MM"),
        ('kind = "manual_fallback"\nservices = ["radio"]\n', "services", "counters, repairs"),
        ('kind = "crews"\nnumber = 1.5\n', "number", "a whole number from 0 to 200"),
        ('kind = "crews"\npolicy = "random"\n', "policy", "requests, nearest, customers, critical"),
        ('kind = "physical_damage"\ncause = "meteor"\n', "cause", "digging, burst, vandalism"),
        ('kind = "element_failure"\n', "element", "ids of utility nodes or edges"),
        ('kind = "batterys"\nfactor = 1.0\n', "kind", "batteries"),
    ],
)
def test_what_is_wrong_is_one_line(text: str, where: str, right: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert where in caught.value.where
    assert right in caught.value.right
    assert "\n" not in str(caught.value)
