"""The answers of `lib.fields` for `--json`, HTTP and MCP."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from saccade.core.ports.stores import Column
from saccade.core.wire import Answer
from saccade.usecases.fields.rules import ImportReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field.

    Attributes:
        name: as used in filters, after `data.`.
        kind: whether it holds numbers or text.
        origin: who wrote it: "import", or the use-case.
        images: present images that have it.
    """

    name: str
    kind: Literal["number", "text"]
    origin: str
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldList:
    """All fields.

    Attributes:
        fields: by name.
    """

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A removed field.

    Attributes:
        removed: the field's name.
        images: values removed, one for each image.
    """

    removed: str
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """The written file.

    Attributes:
        path: the file, absolute.
        images: number of rows.
    """

    path: str
    images: int


def field_list(columns: Sequence[Column]) -> FieldList:
    """Convert fields."""
    return FieldList(
        fields=tuple(
            Field(name=one.name, kind=one.kind, origin=one.origin, images=one.count) for one in columns
        )
    )


ANSWERS = (
    Answer(name="fields-import", command="saccade fields import", kind=ImportReport),
    Answer(name="fields-list", command="saccade fields list", kind=FieldList),
    Answer(name="fields-remove", command="saccade fields remove", kind=Removal),
    Answer(name="fields-export", command="saccade fields export", kind=Export),
)
