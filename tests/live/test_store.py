"""The store: each message once, on disk before it is acknowledged, whatever a kill left behind."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.live.messages import BEGIN_US, S, message
from twin.errors import InputError, WorkError
from twin.live import segments
from twin.live.aggregates import corrections, events_of, sums_by_slice
from twin.live.seen import Seen
from twin.live.segments import LATE, SUSPECT
from twin.live.store import ObservationStore

pytest.importorskip("orjson")
from twin.readers.sensorthings import read_lines


def kept(folder) -> list[tuple[str, int]]:
    with ObservationStore(folder) as store:
        runs = list(store.devices)
        return [(runs[row["run"]][0], int(row["sequence"])) for row in store.rows()]


def take(folder, *lines: bytes):
    with ObservationStore(folder) as store:
        return store.append(read_lines(lines))


def test_a_message_counts_once_within_a_block_across_blocks_and_after_opening_anew(tmp_path):
    assert take(tmp_path, message(1), message(2), message(1)).duplicate == 1
    told = take(tmp_path, message(2), message(3), message(3, device="d2"), message(3, boot="b"))
    assert (told.accepted, told.duplicate) == (3, 1)
    assert kept(tmp_path) == [("d1", 1), ("d1", 2), ("d1", 3), ("d2", 3), ("d1", 3)]


def test_without_a_device_the_datastream_and_moment_tell_messages_apart(tmp_path):
    plain = b'{"phenomenonTime":"2027-01-12T08:0%d:00Z","result":1,"Datastream":{"@iot.id":7}}'
    told = take(tmp_path, plain % 1, plain % 2, plain % 1)
    assert (told.accepted, told.duplicate) == (2, 1)


@pytest.mark.parametrize("cut", [1, 5, 11, 12, 40, 200])
def test_a_torn_frame_is_set_aside_and_what_was_acknowledged_stands(tmp_path, cut):
    take(tmp_path, message(1))
    (segment,) = (tmp_path / "segments").glob("*.seg")
    whole = segment.stat().st_size
    take(tmp_path, message(2))
    os.truncate(segment, whole + cut)
    with ObservationStore(tmp_path) as store:
        assert store.torn_bytes == cut
        assert store.told.accepted == 1
        assert store.append(read_lines([message(2)])).accepted == 1
    assert kept(tmp_path) == [("d1", 1), ("d1", 2)]
    assert sum(file.stat().st_size for file in (tmp_path / "segments").glob("*.torn")) == cut


def test_every_flipped_bit_before_the_last_frame_is_found(tmp_path):
    take(tmp_path, message(1))
    (segment,) = (tmp_path / "segments").glob("*.seg")
    first = segment.stat().st_size
    take(tmp_path, message(2))
    sound = segment.read_bytes()
    for at in range(0, first, 7):
        segment.write_bytes(sound[:at] + bytes([sound[at] ^ 4]) + sound[at + 1 :])
        with pytest.raises(InputError, match="damaged"):
            ObservationStore(tmp_path)
    segment.write_bytes(sound)
    assert len(kept(tmp_path)) == 2


def four_commits(folder, acknowledged: list[tuple[str, int]]) -> None:
    with ObservationStore(folder) as store:
        for number in range(4):
            store.append(read_lines([message(number)]))
            acknowledged.append(("d1", number))


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    "moment", ["before the write", "within the write", "before the disk", "after the disk"]
)
@pytest.mark.parametrize("commit", [1, 2, 3])
def test_a_kill_at_any_moment_of_any_commit_loses_nothing_acknowledged(tmp_path, monkeypatch, commit, moment):
    """The sender sends again what was not acknowledged: all is there, once. Files are not buffered, so what a
    killed process leaves is what it had written."""
    calls = {"write": 0, "disk": 0}
    write, disk = segments._write_all, os.fdatasync

    def dying_write(file, data):
        calls["write"] += 1
        if calls["write"] == commit and moment.endswith("the write"):
            write(file, data[: len(data) // 2] if moment.startswith("within") else b"")
            raise Killed
        write(file, data)

    def dying_disk(handle):
        calls["disk"] += 1
        if calls["disk"] == commit and moment == "before the disk":
            raise Killed
        disk(handle)
        if calls["disk"] == commit and moment == "after the disk":
            raise Killed

    acknowledged: list[tuple[str, int]] = []
    with monkeypatch.context() as dying:
        dying.setattr(segments, "_write_all", dying_write)
        dying.setattr(os, "fdatasync", dying_disk)
        with pytest.raises(Killed):
            four_commits(tmp_path, acknowledged)
    assert len(acknowledged) == commit - 1
    assert set(acknowledged) <= set(kept(tmp_path))
    with ObservationStore(tmp_path) as store:
        assert store.told.accepted == len(kept_rows := store.rows())
        assert len(kept_rows) - len(acknowledged) == (moment.endswith("the disk"))
        for number in range(len(acknowledged), 4):
            store.append(read_lines([message(number)]))
    assert kept(tmp_path) == [("d1", number) for number in range(4)]


def test_a_full_disk_is_told_and_nothing_more_is_taken(tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(28, "No space left on device")

    with ObservationStore(tmp_path) as store:
        store.append(read_lines([message(1)]))
        with monkeypatch.context() as broken:
            broken.setattr(os, "fdatasync", full)
            with pytest.raises(WorkError, match="No space left"):
                store.append(read_lines([message(2)]))
        with pytest.raises(WorkError, match="open it anew"):
            store.append(read_lines([message(3)]))
    assert ("d1", 1) in kept(tmp_path)
    assert ("d1", 3) not in kept(tmp_path)


def test_one_process_writes_at_a_time(tmp_path):
    with ObservationStore(tmp_path), pytest.raises(InputError, match="another process"):
        ObservationStore(tmp_path)


def test_what_is_on_disk_is_read_while_another_writes(tmp_path):
    with ObservationStore(tmp_path) as writer:
        writer.append(read_lines([message(1)]))
        (segment,) = (tmp_path / "segments").glob("*.seg")
        whole = segment.stat().st_size
        with segment.open("ab") as half:
            half.write(b"TWf1 and the beginning of a frame")
        with ObservationStore(tmp_path, read_only=True) as reader:
            assert reader.rows()["sequence"].tolist() == [1]
            with pytest.raises(WorkError, match="not open"):
                reader.append(read_lines([message(2)]))
        assert segment.stat().st_size > whole


def test_files_are_cut_into_segments_and_read_as_one(tmp_path):
    with ObservationStore(tmp_path) as store:
        store._segments.most_bytes = 200
        for number in range(5):
            store.append(read_lines([message(number)]))
        assert len(list((tmp_path / "segments").glob("*.seg"))) == 5
    assert [number for _, number in kept(tmp_path)] == [0, 1, 2, 3, 4]


def test_clocks_are_put_right_by_what_the_quickest_message_shows(tmp_path):
    slow = message(1, at_s=890, error_s=600, sent_s=891, received_s=895)
    quick = message(2, at_s=905, error_s=600, sent_s=906, received_s=906.3)
    behind = message(1, at_s=899, error_s=-421, sent_s=899, received_s=899.9, device="d2", stream="loops/8")
    take(tmp_path, slow, quick, behind)
    with ObservationStore(tmp_path) as store:
        errors = store.clock_errors()
        assert errors.add_us.tolist() == [-600 * S, 421 * S]
        assert (events_of(store).event_us - BEGIN_US).tolist() == [890 * S, 905 * S, 899 * S]
        assert sums_by_slice(store)["begin_s"].tolist() == [
            BEGIN_US // S, BEGIN_US // S + 900, BEGIN_US // S,
        ]  # fmt: skip


def test_late_observations_are_kept_told_and_revise_their_slice(tmp_path):
    prompt = [message(k, at_s=60.0 * k) for k in range(60)]
    late = message(60, at_s=30.0, sent_s=3_600.0, result=5)
    told = take(tmp_path, *prompt, late)
    assert (told.accepted, told.late) == (61, 1)
    with ObservationStore(tmp_path) as store:
        log = corrections(store)
        assert log["result"].tolist() == [5.0]
        assert log["begin_s"].tolist() == [BEGIN_US // S]
        assert sums_by_slice(store)["sum"].iloc[0] == 15 * 3.0 + 5.0
        assert store.rows()["flags"][-1] & LATE


def test_a_time_to_come_is_kept_and_told_and_left_out_of_sums(tmp_path):
    plain = b'{"phenomenonTime":"2099-01-12T08:00:00Z","result":1,"Datastream":{"@iot.id":7}}'
    told = take(tmp_path, plain, message(1, device="d9"))
    assert (told.accepted, told.suspect, told.late) == (2, 1, 0)
    with ObservationStore(tmp_path) as store:
        assert store.rows()["flags"].tolist() == [SUSPECT, 0]
        assert sums_by_slice(store)["n_observations"].tolist() == [1]
        assert events_of(store).n_left_out == 1


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 200) | st.integers(2**52, 2**53 - 1)), max_size=60)
)
def test_seen_is_a_set_of_numbers(pairs):
    """The words of bits against Python's own sets, one by one and many at once."""
    seen, slow, many = Seen(), set(), Seen()
    for run, number in pairs:
        assert seen.add(run, number) == ((run, number) not in slow)
        slow.add((run, number))
    rows = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    many.add_all(rows[:, 0], rows[:, 1])
    assert [many.add(run, number) for run, number in sorted(slow)] == [False] * len(slow)
    for run in {run for run, _ in slow}:
        assert many.highest(run) == max(number for at, number in slow if at == run)


@settings(max_examples=20)
@given(st.permutations(range(12)), st.integers(1, 11))
def test_what_is_read_does_not_depend_on_the_order_in_which_it_came(tmp_path_factory, order, cut):
    lines = [
        message(k, at_s=240.0 * k, error_s=300 if k < 6 else -200, boot="ab"[k // 6], sent_s=240.0 * k + k,
                received_s=240.0 * k + k + 0.3, result=k)
        for k in range(12)
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("order")
    take(folder, *(lines[k] for k in order[:cut]))
    take(folder, *(lines[k] for k in order[cut:]), *lines[:3])
    with ObservationStore(folder) as store:
        told = sums_by_slice(store)
    assert told["n_observations"].tolist() == [4, 4, 4]
    assert told["sum"].tolist() == [6.0, 22.0, 38.0]
