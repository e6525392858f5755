"""What derives from other rows, kept in step: `images.present`, the full-text table, the words of labels."""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from saccade.catalog.curation_tables import ZERO_SHOT, labels, tags
from saccade.catalog.dialect import dialect_of
from saccade.catalog.lists import among
from saccade.catalog.places import batches
from saccade.catalog.tables import INDEXED, files, images
from saccade.catalog.text import document, file_name

_BATCH = 5000


def refresh(connection: Connection, touched: Collection[int]) -> None:
    """Bring what derives from the files of these images up to date."""
    for batch in batches(sorted(touched), _BATCH):
        _refresh(connection, batch)


def rebuild(connection: Connection) -> None:
    """Make everything derived again from nothing."""
    dialect_of(connection).words.reset(connection)
    dialect_of(connection).words.add_labels(connection, _spoken(connection))
    last = 0
    query = select(images.c.id).order_by(images.c.id).limit(_BATCH)
    while ids := list(connection.execute(query.where(images.c.id > last)).scalars()):
        _refresh(connection, ids)
        last = ids[-1]


def stale(connection: Connection) -> list[int]:
    """Ids of images whose derived data is not what it should be, sorted."""
    wrong: set[int] = set()
    last = 0
    query = select(images.c.id).order_by(images.c.id).limit(_BATCH)
    while ids := list(connection.execute(query.where(images.c.id > last)).scalars()):
        rows, present = _expected(connection, ids)
        stored = select(images.c.id, images.c.present).where(among(images.c.id, ids))
        wrong.update(row[0] for row in connection.execute(stored) if bool(row[1]) != (row[0] in present))
        have = dialect_of(connection).words.rows(connection, ids[0], ids[-1])
        want = {row["id"]: row for row in rows}
        wrong.update(image for image in have.keys() | want.keys() if have.get(image) != want.get(image))
        last = ids[-1]
    wrong.update(dialect_of(connection).words.beyond(connection, last))
    stray = dialect_of(connection).words.stale_labels(connection, _spoken(connection))
    bearers = select(tags.c.image_id).where(among(tags.c.label_id, stray))
    wrong.update(connection.execute(bearers).scalars())
    return sorted(wrong)


def _spoken(connection: Connection) -> dict[int, str]:
    """The labels that word search should find, by number."""
    query = select(labels.c.id, labels.c.label).where(labels.c.origin != ZERO_SHOT)
    return dict(connection.execute(query).all())


def _refresh(connection: Connection, ids: Sequence[int]) -> None:
    rows, present = _expected(connection, ids)
    change = update(images).where(images.c.id == bindparam("at_id")).values(present=bindparam("is_present"))
    stored = select(images.c.id, images.c.present).where(among(images.c.id, ids))
    was = {row[0]: bool(row[1]) for row in connection.execute(stored)}
    changed = [
        {"at_id": image, "is_present": int(image in present)}
        for image in ids
        if was.get(image) != (image in present)
    ]
    if changed:
        connection.execute(change, changed)
    dialect_of(connection).words.replace_rows(connection, [image for image in ids if was.get(image)], rows)


def _expected(connection: Connection, ids: Sequence[int]) -> tuple[list[dict[str, Any]], set[int]]:
    """The full-text rows that these images should have, and which of them are present."""
    names: defaultdict[int, list[str]] = defaultdict(list)
    held = select(files.c.image_id, files.c.path, files.c.member).where(
        among(files.c.image_id, ids), files.c.state == INDEXED
    )
    for image, path, member in connection.execute(
        held.order_by(files.c.image_id, files.c.path, files.c.member)
    ):
        names[image].append(file_name(path, member))
    columns = (images.c.id, images.c.title, images.c.caption, images.c.keywords)
    described = select(*columns).where(among(images.c.id, list(names)))
    rows = [
        {
            "id": image,
            "names": document(" ".join(dict.fromkeys(names[image]))),
            "title": document(title or ""),
            "caption": document(caption or ""),
            "keywords": document(" ".join(json.loads(keywords))),
        }
        for image, title, caption, keywords in connection.execute(described)
    ]
    return rows, set(names)
