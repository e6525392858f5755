"""Typed answers as JSON: frozen dataclasses as plain values, with a JSON schema for their shape.

A slice's `wire.py` defines its answers once, for `--json`, HTTP and MCP:

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Answer:
        '''What `saccade example --json` prints.

Attributes:
            score: cosine in [-1, 1].
        '''
        score: float

Fields may be text, numbers, booleans, None, dataclasses, and tuples or mappings of these. A failed file is
the same everywhere: `saccade.core.types.Failure`, with path, code and reason.
"""

import dataclasses
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from inspect import getdoc
from typing import TypeAlias

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer of a command with `--json`, and over HTTP and MCP.

    Attributes:
        name: name of its schema: docs/schemas/NAME.json.
        command: as people type it: "saccade search".
        kind: the dataclass, or a union of several: one for each form of the command.
    """

    name: str
    command: str
    kind: object


_PLAIN: Mapping[object, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}
_ATTRIBUTE = re.compile(r"^ {4}(\w+(?:, \w+)*): (.+(?:\n {8}.+)*)", re.MULTILINE)


def to_json(value: object) -> Json:
    """The value as JSON: full precision, nothing left out.

    Raises:
        TypeError: it contains something that JSON cannot represent.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Enum):
        return to_json(value.value)
    if isinstance(value, str):
        return str(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: to_json(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_json(one) for key, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        return [to_json(one) for one in value]
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


def to_object(value: object) -> "dict[str, Json]":
    """The same for a dataclass, which is an object in JSON."""
    made = to_json(value)
    assert isinstance(made, dict)
    return made


def schema_of(kind: object, *, title: str) -> "dict[str, Json]":
    """The JSON schema (draft 2020-12) of an answer, described by its docstring; nested ones in `$defs`."""
    found: dict[str, Json] = {}
    single = isinstance(kind, type) and dataclasses.is_dataclass(kind)
    body = _object(kind, found) if single else _schema(kind, found)  # type: ignore[arg-type]  # just checked
    defs: dict[str, Json] = {"$defs": dict(sorted(found.items()))} if found else {}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **body, **defs}


def _object(kind: type, found: "dict[str, Json]") -> "dict[str, Json]":
    hints = typing.get_type_hints(kind)
    said = dict(attributes(kind))
    properties: dict[str, Json] = {}
    for field in dataclasses.fields(kind):
        one = _schema(hints[field.name], found)
        properties[field.name] = {**one, "description": said[field.name]} if field.name in said else one
    return {
        "description": (getdoc(kind) or "").partition("\n\n")[0],
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _schema(hint: object, found: "dict[str, Json]") -> "dict[str, Json]":
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if isinstance(hint, type):
        return _class(hint, found)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in {typing.Union, types.UnionType}:
        return _either([_schema(one, found) for one in inner])
    if origin is typing.Literal:
        return {"enum": list(inner)}
    if isinstance(origin, type):
        return _container(origin, inner, found)
    raise TypeError(f"no JSON schema for {hint}")


def _class(kind: type, found: "dict[str, Json]") -> "dict[str, Json]":
    if kind is type(None):
        return {"type": "null"}
    if issubclass(kind, Enum):
        return {"enum": [to_json(one) for one in kind]}
    if issubclass(kind, str):
        return {"type": "string"}
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"no JSON schema for {kind}")
    if kind.__name__ not in found:
        found[kind.__name__] = {}  # stops the recursion of a type that contains itself
        found[kind.__name__] = _object(kind, found)
    return {"$ref": f"#/$defs/{kind.__name__}"}


def _container(origin: type, inner: tuple[object, ...], found: "dict[str, Json]") -> "dict[str, Json]":
    if issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _schema(inner[1], found)}
    if not issubclass(origin, Sequence):
        raise TypeError(f"no JSON schema for {origin}")
    if not issubclass(origin, tuple) or inner[1:] == (...,):
        return {"type": "array", "items": _schema(inner[0], found)}
    places: list[Json] = [_schema(one, found) for one in inner]
    return {"type": "array", "prefixItems": places, "minItems": len(inner), "maxItems": len(inner)}


def _either(options: "list[dict[str, Json]]") -> "dict[str, Json]":
    """One of several; plain types in one list, as is usual."""
    if all(set(one) == {"type"} for one in options):
        return {"type": [one["type"] for one in options]}
    return {"anyOf": list(options)}


def attributes(kind: type) -> Iterator[tuple[str, str]]:
    """(field, meaning) from the Attributes section of a docstring."""
    _, _, listed = (getdoc(kind) or "").partition("Attributes:\n")
    for match in _ATTRIBUTE.finditer(listed):
        for one in match[1].split(", "):
            yield one, " ".join(match[2].split())
