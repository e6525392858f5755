"""Tables out: facts and labels as they can be imported again."""

from collections.abc import Callable, Iterator, Sequence

from saccade.core.filters import Filter
from saccade.core.ports import Catalog
from saccade.core.ports.stores import Column
from saccade.core.tables import LABELS, PERSON, Cell

_BATCH = 5000


def export_table(catalog: Catalog, place: Callable[[str], str]) -> tuple[list[str], Iterator[list[Cell]]]:
    """Header and rows of all that can be imported again: paths, facts of any origin, labels of people.

    One row for each present image of which there is something to say, by id.

    Args:
        place: an absolute path -> as the table shall have it.
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
        told = [image for image in batch if labels.get(image) or any(image in one for one in facts)]
        for record in catalog.images.get(told):
            if record.paths:  # else its files went away just now
                cells = [one.get(record.id) for one in facts]
                yield [place(record.paths[0]), *cells, labels.get(record.id)]


def values_of(catalog: Catalog, name: str) -> dict[str, float | str]:
    """{image id, hexadecimal: value} of a column, of present images.

    Raises:
        InvalidFilterError: no such column; the hint lists those there are.
    """
    column = next((one for one in catalog.columns.all() if one.name == name), None)
    if column is None:
        catalog.columns.numbers(name)  # raises, with the columns there are
        return {}
    values = _values(catalog, column)
    records = catalog.images.get(list(values))
    return {record.image_id: values[record.id] for record in records}


def _values(catalog: Catalog, column: Column) -> dict[int, float | str]:
    """{image: value}."""
    if column.kind == "number":
        ids, numbers = catalog.columns.numbers(column.name)
        return dict(zip(ids.tolist(), map(float, numbers), strict=True))
    ids, texts = catalog.columns.texts(column.name)
    return dict(zip(ids.tolist(), texts, strict=True))
