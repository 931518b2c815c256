"""Group commit: what arrives while the disk is busy goes onto it together, and is answered together."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from twin.live.store import ObservationStore
from twin.readers.sensorthings import Message, MessageBatch, Refusal

MOST_TOGETHER = 5_000
"""Observations of one commit, as many as keep the disk busy and a sender not waiting."""


@dataclass
class Submission:
    """What one sender hands over, and what to call once it is on disk, or with what went wrong."""

    messages: list[Message]
    done: Callable[[BaseException | None], None]
    refused: list[Refusal] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Observations and refusals in it."""
        return len(self.messages) + len(self.refused)


class Commits:
    """A thread that writes offers to a store; at most so many observations wait, more are refused."""

    def __init__(self, store: ObservationStore, most_pending: int) -> None:
        self.store = store
        self.most_pending = most_pending
        self._offers: queue.SimpleQueue[Submission | None] = queue.SimpleQueue()
        self._room = threading.Condition()
        self._pending = 0
        self.failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, name="commits", daemon=True)
        self._thread.start()

    def offer(self, offer: Submission, wait: bool = False) -> bool:
        """Hand over an offer; False where too many wait already, unless the sender may wait for room."""
        with self._room:
            if wait:
                self._room.wait_for(lambda: self._fits(offer) or self.failure is not None)
            if not self._fits(offer) or self.failure is not None:
                return False
            self._pending += offer.size
        self._offers.put(offer)
        return True

    def close(self) -> None:
        """Write what waits, then stop."""
        self._offers.put(None)
        self._thread.join()

    def _fits(self, offer: Submission) -> bool:
        return self._pending == 0 or self._pending + offer.size <= self.most_pending

    def _work(self) -> None:
        going = True
        while going:
            offers, going = self._together()
            size = sum(each.size for each in offers)
            try:
                if offers and self.failure is None:
                    messages = [message for each in offers for message in each.messages]
                    refused = [refusal for each in offers for refusal in each.refused]
                    self.store.append(MessageBatch(messages, refused))
            except BaseException as failure:
                self.failure = failure  # told to every sender from here on; nothing more is taken
            with self._room:
                self._pending -= size
                self._room.notify_all()
            for each in offers:
                each.done(self.failure)

    def _together(self) -> tuple[list[Submission], bool]:
        """The next offer, and those that wait behind it; whether more may come."""
        offers: list[Submission] = []
        size = 0
        while size < MOST_TOGETHER:
            try:
                offer = self._offers.get(block=not offers)
            except queue.Empty:
                break
            if offer is None:
                return offers, False
            offers.append(offer)
            size += offer.size
        return offers, True
