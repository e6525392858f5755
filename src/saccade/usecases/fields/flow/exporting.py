"""Exports facts and labels as tables that can be imported again."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from saccade.core.filters import Filter
from saccade.core.pictures import ImageId
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.stores import Column
from saccade.core.tables import Cell
from saccade.usecases.fields.rules import LABELS, PERSON

_BATCH = 5000


def export_table(catalog: Catalog, place: Callable[[str], str]) -> tuple[list[str], Iterator[list[Cell]]]:
    """Header and rows of everything that can be imported again: paths, facts of any origin, people's labels.

    One row for each present image with any facts or labels, by id.

    Args:
        place: converts an absolute path to the table's form.
    """
    columns = catalog.columns.all()
    header = ["path", *(column.name for column in columns), LABELS[0]]
    return header, _exported(catalog, columns, place)


def _exported(
    catalog: Catalog, columns: Sequence[Column], place: Callable[[str], str]
) -> Iterator[list[Cell]]:
    facts = [_values(catalog, column) for column in columns]
    ids = catalog.images.match(Filter())
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH].tolist()
        tags = catalog.tags.of(batch)
        labels = {
            image: ";".join(tag.label for tag in found if tag.origin == PERSON)
            for image, found in tags.items()
        }
        described = [image for image in batch if labels.get(image) or any(image in one for one in facts)]
        for record in catalog.images.get(described):
            if record.paths:  # else its files just disappeared
                cells = [one.get(record.id) for one in facts]
                yield [place(record.paths[0]), *cells, labels.get(record.id)]


def values_of(catalog: Catalog, name: str) -> Iterator[tuple[ImageId, float | str]]:
    """(image id, value) of a field, of present images.

    Raises:
        InvalidFilterError: no such field; the hint lists the existing ones.
    """
    column = next((one for one in catalog.columns.all() if one.name == name), None)
    if column is None:
        catalog.columns.numbers(name)  # raises, listing the existing fields
        return iter(())
    return _by_digest(catalog, _values(catalog, column))


def _by_digest(catalog: Catalog, values: Mapping[int, float | str]) -> Iterator[tuple[ImageId, float | str]]:
    ids = list(values)
    for start in range(0, len(ids), _BATCH):
        for record in catalog.images.get(ids[start : start + _BATCH]):
            yield record.image_id, values[record.id]


def _values(catalog: Catalog, column: Column) -> dict[int, float | str]:
    """{image: value}."""
    if column.kind == "number":
        known, numbers = catalog.columns.numbers(column.name)
        return dict(zip(known.tolist(), map(float, numbers), strict=True))
    known, texts = catalog.columns.texts(column.name)
    return dict(zip(known.tolist(), texts, strict=True))
