"""Typed answers as JSON, and the schemas that promise their shape."""

import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any, Literal

import jsonschema
import numpy as np
import pytest

from saccade.core.types import Failure
from saccade.core.wire import attributes, schema_of, to_json, to_object
from saccade.interfaces.cli.app import COMMANDS
from tests.helpers.json_schemas import answers, check_json, schema


class Color(StrEnum):
    RED = "red"
    BLUE = "blue"


class Level(IntEnum):
    LOW = 1


class Name(str):
    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """Something inside.

    Attributes:
        x, y: where it lies.
    """

    x: float
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What an example prints.

    It says more, which is not for the schema.

    Attributes:
        name: what it is called,
            in two lines.
        inner: what is inside.
    """

    name: Name
    count: int
    done: bool
    color: Color
    kind: Literal["a", "b"]
    note: str | None
    inner: Inner | None
    many: tuple[Inner, ...]
    pair: tuple[str, int]
    listed: Sequence[str]
    table: Mapping[str, float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A shape that holds itself."""

    below: "tuple[Node, ...]"


EXAMPLE = Example(
    name=Name("n"),
    count=3,
    done=True,
    color=Color.RED,
    kind="a",
    note=None,
    inner=Inner(x=0.1, y=1 / 3),
    many=(Inner(x=1.0, y=2.0),),
    pair=("p", 4),
    listed=["l"],
    table={"a": 1.5, "b": "t"},
)


# --- values


def test_an_answer_becomes_plain_values() -> None:
    """At full precision, with nothing left out; JSON gives them back."""
    value = to_object(EXAMPLE)
    assert value == {
        "name": "n", "count": 3, "done": True, "color": "red", "kind": "a", "note": None,
        "inner": {"x": 0.1, "y": 1 / 3}, "many": [{"x": 1.0, "y": 2.0}], "pair": ["p", 4], "listed": ["l"],
        "table": {"a": 1.5, "b": "t"},
    }  # fmt: skip
    assert json.loads(json.dumps(value)) == value
    assert type(value["name"]) is type(value["color"]) is str
    assert value["done"] is True


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Level.LOW, 1),
        ({Color.RED: Color.BLUE}, {"red": "blue"}),
        (np.float64(0.5), 0.5),
        (deque([1]), [1]),
        ("\udcff", "\udcff"),
        ((), []),
    ],
)
def test_values_have_their_form(value: object, plain: object) -> None:
    """Enums are their values, any sequence is a list."""
    assert to_json(value) == plain


@pytest.mark.parametrize(
    "value", [{1, 2}, b"bytes", bytearray(b"b"), object(), 1j, np.zeros(2), np.int64(1), Inner]
)
def test_a_value_without_a_form_is_refused(value: object) -> None:
    """Wherever it stands; bytes are not a list of numbers."""
    for held in (value, [value], {"a": value}):
        with pytest.raises(TypeError, match="cannot be written as JSON"):
            to_json(held)


# --- schemas


def test_a_schema_says_every_field() -> None:
    """All are required, others are refused; the docstring explains them."""
    made = schema_of(Example, title="saccade example --json")
    assert made["title"] == "saccade example --json"
    assert made["description"] == "What an example prints."
    assert made["required"] == list(Example.__dataclass_fields__)
    assert made["additionalProperties"] is False
    assert made["properties"] == {
        "name": {"type": "string", "description": "what it is called, in two lines."},
        "count": {"type": "integer"},
        "done": {"type": "boolean"},
        "color": {"enum": ["red", "blue"]},
        "kind": {"enum": ["a", "b"]},
        "note": {"type": ["string", "null"]},
        "inner": {
            "anyOf": [{"$ref": "#/$defs/Inner"}, {"type": "null"}], "description": "what is inside.",
        },
        "many": {"type": "array", "items": {"$ref": "#/$defs/Inner"}},
        "pair": {
            "type": "array", "prefixItems": [{"type": "string"}, {"type": "integer"}], "minItems": 2,
            "maxItems": 2,
        },
        "listed": {"type": "array", "items": {"type": "string"}},
        "table": {"type": "object", "additionalProperties": {"type": ["number", "string"]}},
    }  # fmt: skip
    assert made["$defs"] == {
        "Inner": {
            "description": "Something inside.",
            "type": "object",
            "properties": {
                "x": {"type": "number", "description": "where it lies."},
                "y": {"type": "number", "description": "where it lies."},
            },
            "required": ["x", "y"],
            "additionalProperties": False,
        }
    }


def test_a_value_fits_its_schema_and_no_other() -> None:
    """What is missing, of another type or new is refused."""
    made = schema_of(Example, title="t")
    jsonschema.Draft202012Validator.check_schema(made)
    value = to_object(EXAMPLE)
    jsonschema.validate(value, made)
    wrong: list[dict[str, Any]] = [
        {key: one for key, one in value.items() if key != "note"},
        {**value, "new": 1},
        {**value, "color": "green"},
        {**value, "kind": "c"},
        {**value, "count": 1.5},
        {**value, "pair": ["p"]},
        {**value, "inner": {"x": 1.0}},
        {**value, "table": {"a": None}},
    ]
    for one in wrong:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(one, made)


def test_a_union_takes_each_of_its_forms() -> None:
    """And what failed files say is the same everywhere."""
    made = schema_of(Inner | Failure | None, title="t")
    assert [one.get("$ref") for one in made["anyOf"]] == ["#/$defs/Inner", "#/$defs/Failure", None]  # type: ignore[union-attr]
    for value in (Inner(x=1.0, y=2.0), Failure(path="/a", code="c", reason="r"), None):
        jsonschema.validate(to_json(value), made)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"x": 1.0}, made)


def test_a_shape_may_hold_itself() -> None:
    """The schema refers to itself."""
    made = schema_of(Node, title="t")
    jsonschema.validate(to_json(Node(below=(Node(below=()),))), made)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"below": [{"below": [1]}]}, made)


@pytest.mark.parametrize("hint", [bytes, object, dict, set[int], frozenset[str], Any, complex, Inner | bytes])
def test_a_type_without_a_schema_is_refused(hint: object) -> None:
    """As its values are."""
    with pytest.raises(TypeError, match="no JSON schema"):
        schema_of(hint, title="t")


def test_attributes_are_read_from_docstrings() -> None:
    """Several names on one line share their meaning; without a section there are none."""
    assert dict(attributes(Inner)) == {"x": "where it lies.", "y": "where it lies."}
    assert list(attributes(Node)) == []


# --- the answers of the slices


def sample(part: Any, defs: Mapping[str, Any]) -> Any:
    """A value that fits a schema, as full as it can be."""
    if "$ref" in part:
        return sample(defs[part["$ref"].rpartition("/")[2]], defs)
    if "anyOf" in part:
        return sample(part["anyOf"][0], defs)
    if "enum" in part:
        return part["enum"][0]
    kind = part["type"] if isinstance(part["type"], str) else part["type"][0]
    if kind == "object":
        inside = part.get("properties") or {"key": part["additionalProperties"]}
        return {name: sample(one, defs) for name, one in inside.items()}
    if kind == "array":
        return [sample(one, defs) for one in part.get("prefixItems", [part.get("items")])]
    return {"string": "s", "integer": 1, "number": 0.5, "boolean": True, "null": None}[kind]


def forms(made: Mapping[str, Any]) -> Sequence[Any]:
    """The shapes an answer may have."""
    found: Sequence[Any] = made.get("anyOf", [made])
    return found


def objects(part: Any) -> Iterator[Mapping[str, Any]]:
    """Every object shape in a schema."""
    if isinstance(part, list):
        for one in part:
            yield from objects(one)
    elif isinstance(part, dict):
        if part.get("type") == "object":
            yield part
        for one in part.values():
            yield from objects(one)


@pytest.mark.parametrize("name", sorted(answers()))
def test_an_answer_has_a_schema_that_refuses_unknown_keys(name: str) -> None:
    """In each of its forms and at every level."""
    made = schema(name)
    for form in forms(made):
        value = sample(form, made.get("$defs", {}))  # type: ignore[arg-type]
        check_json(value, name)
        with pytest.raises(jsonschema.ValidationError):
            check_json({**value, "unknown_key": 1}, name)
    found = list(objects(made))
    assert found
    assert all("additionalProperties" in one for one in found)
    assert all(one["additionalProperties"] is False for one in found if "properties" in one)


@pytest.mark.parametrize("name", sorted(answers()))
def test_an_answer_belongs_to_a_command(name: str) -> None:
    """Named as people type it, and its schema after it."""
    program, command, *_ = answers()[name].command.split()
    assert program == "saccade"
    assert command in {*COMMANDS, "..."}
    assert command == "..." or name.startswith(command)


def test_all_slices_answer() -> None:
    """Those with commands."""
    commands = {one.command.split()[1] for one in answers().values()} - {"..."}
    assert set(COMMANDS) - commands == {"demo", "completion"}
