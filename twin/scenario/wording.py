"""One line for whatever pydantic finds wrong in a scenario: file, key, what is wrong, what is right."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from twin.errors import InputError

Location = tuple[str | int, ...]


def fault(what: str, right: str, at: Location = ()) -> PydanticCustomError:
    """An error for a validator to raise: what is wrong, what would be right, and where below it."""
    return PydanticCustomError("fault", "{what}", {"what": what, "right": right, "at": at})


def spell(location: Sequence[str | int]) -> str:
    """A location as a reader of the file counts: ``modification 2: links.ref``.

    >>> spell(("modification", 1, "links", "ref"))
    'modification 2: links.ref'
    """
    spelled = ""
    for part in location:
        if isinstance(part, int):
            spelled += f" {part + 1}: "
        else:
            spelled += part if not spelled or spelled.endswith(": ") else f".{part}"
    return spelled.removesuffix(": ")


def nearest(word: str, words: Iterable[str]) -> str:
    """The word meant, most likely, or all that there are.

    >>> nearest("la_turbi", ["eze", "la_turbie"])
    'la_turbie'
    """
    listed = sorted(words)
    close = difflib.get_close_matches(word, listed, n=1, cutoff=0.6)
    return close[0] if close else "one of " + ", ".join(listed) if listed else "nothing"


def first_fault(error: ValidationError, model: type[BaseModel]) -> tuple[Location, str, str]:
    """The first thing that pydantic found: where, what is wrong, what would be right."""
    details = error.errors(include_url=False)[0]
    location = tuple(details["loc"])
    if details["type"] == "fault":
        location = (*location, *details["ctx"]["at"])
    return location, *_words(details, model, location)


def input_error(error: ValidationError, model: type[BaseModel], file: str) -> InputError:
    """The first thing that pydantic found in a file, as one line."""
    location, what, right = first_fault(error, model)
    return InputError(f"{file}: {spell(location)}" if location else file, what, right)


def _words(details: ErrorDetails, model: type[BaseModel], location: Location) -> tuple[str, str]:
    if details["type"] == "fault":
        return str(details["ctx"]["what"]), str(details["ctx"]["right"])
    if details["type"] == "extra_forbidden":
        holder = _holder(model, location)
        return "unknown key", nearest(str(location[-1]), keys_of_model(holder) if holder else ())
    right = _description(model, location)
    if details["type"] == "missing":
        return "missing", right or "a value"
    if details["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return f"{short(details['input'])} is not right", "a table"
    message = details["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{short(details['input'])} is not right", right or message


def keys_of_model(model: type[BaseModel]) -> tuple[str, ...]:
    """Keys as written in files: aliases where there are any."""
    return tuple(field.alias or name for name, field in model.model_fields.items())


def short(value: Any, length: int = 60) -> str:
    """A value on one line, cut where it is long."""
    text = repr(value)
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _description(model: type[BaseModel], location: Location) -> str:
    """The description of the field at fault: it says what would be right."""
    names = [part for part in location if isinstance(part, str)]
    holder = _holder(model, location)
    for name in reversed(names):
        for key, field in (holder or model).model_fields.items():
            if name in (key, field.alias) and field.description:
                return field.description
        holder = model
    return ""


def _holder(model: type[BaseModel], location: Location) -> type[BaseModel] | None:
    """The model in which the last named key of a location stands."""
    holder: type[BaseModel] | None = model
    for part in [part for part in location if isinstance(part, str)][:-1]:
        fields = holder.model_fields if holder else {}
        field = next((f for key, f in fields.items() if part in (key, f.alias)), None)
        holder = _model_within(field.annotation) if field else None
    return holder


def _model_within(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_within(each) for each in getattr(annotation, "__args__", ()))
    return next((each for each in inner if each is not None), None)
