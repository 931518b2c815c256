"""The base of all actors: a Mesa agent that does not keep its model alive."""

from __future__ import annotations

from itertools import count
from typing import Any
from weakref import WeakKeyDictionary

import mesa


class _Counters:
    """Next ids by model, forgotten with the model."""

    def __init__(self) -> None:
        self._by_model: WeakKeyDictionary[Any, count[int]] = WeakKeyDictionary()

    def __getitem__(self, model: Any) -> count[int]:
        return self._by_model.setdefault(model, count(1))


class Actor(mesa.Agent):  # type: ignore[misc]
    """Whoever decides by rule.

    Mesa before 3.4 numbers agents by a table of the class in which every model ever made stays; a model
    of a whole area is gigabytes, so actors bring a table that forgets. Later versions do not ask for it.
    """

    _ids = _Counters()
