"""`SqlTags`: labels on images, many per image. A label of one origin is one row; who has it is in others."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from sqlalchemy import ColumnElement, Connection, delete, exists, func, insert, select

from saccade.catalog.bulk import Row, are_present, checked_name, images_known, run_many
from saccade.catalog.curation_tables import ZERO_SHOT, labels, tags
from saccade.catalog.dialect import dialect_of
from saccade.catalog.lists import among
from saccade.catalog.session import Transactions
from saccade.catalog.tables import ABSENT, images
from saccade.catalog.text import fold
from saccade.core.errors import InputError
from saccade.core.ports.stores import Numbers, Tag
from saccade.core.types import Ids

_LONGEST = 500
_SET = (
    "INSERT INTO tags (label_id, image_id, score) VALUES (?, ?, ?)"
    " ON CONFLICT (label_id, image_id) DO UPDATE SET score = excluded.score"
)


class SqlTags:
    """See `core.ports.stores.Tags`."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def write(
        self,
        origin: str,
        labels: Mapping[str, tuple[Ids, Numbers]],
        *,
        replace: bool,
        among: Ids | None = None,
    ) -> int:
        """Set {label: (image ids, scores)} of an origin; number of tags written.

        Labels are stripped of surrounding blanks; an image given twice keeps its last score.

        Raises:
            InputError: an empty label or origin, or a score outside [0, 1].
            ImageNotFoundError: an unknown id.
        """
        origin = checked_name(origin, "the origin of the labels", _LONGEST)
        wanted = {_clean(label): _checked(label, *scored) for label, scored in labels.items()}
        with self._transactions.storing() as connection:
            if replace:
                _take_off(connection, origin, ids=among)
            numbers = _ensure_labels(connection, origin, wanted)
            with images_known(connection, (int(image) for ids, _ in wanted.values() for image in ids)):
                written = run_many(connection, _SET, _rows(numbers, wanted))
            _drop_unused(connection, origin)
            return written

    def of(self, ids: Sequence[int]) -> dict[int, list[Tag]]:
        """Tags of each image that has any, best score first."""
        query = (
            select(tags.c.image_id, labels.c.label, labels.c.origin, tags.c.score)
            .join_from(tags, labels, labels.c.id == tags.c.label_id)
            .where(among(tags.c.image_id, [int(image) for image in ids]))
            .order_by(tags.c.image_id, tags.c.score.desc(), labels.c.label, labels.c.origin)
        )
        found: defaultdict[int, list[Tag]] = defaultdict(list)
        with self._transactions.reading() as connection:
            for image, label, origin, score in connection.execute(query):
                found[image].append(Tag(label=label, origin=origin, score=score))
        return dict(found)

    def labels(self, origin: str | None = None) -> dict[str, int]:
        """{label: present images that have it}, most used first; labels without images are left out."""
        query = select(labels.c.label, labels.c.id)
        if origin is not None:
            query = query.where(labels.c.origin == origin)
        with self._transactions.reading() as connection:
            numbers: defaultdict[str, list[int]] = defaultdict(list)
            for label, number in connection.execute(query):
                numbers[label].append(number)
            counts = _counts(connection, numbers)
        return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))

    def with_label(self, label: str, origin: str | None = None) -> tuple[Ids, Numbers]:
        """Sorted ids of present images that have it, and the best score of each."""
        meant = select(labels.c.id).where(labels.c.label == label.strip())
        if origin is not None:
            meant = meant.where(labels.c.origin == origin)
        query = select(tags.c.image_id, func.max(tags.c.score)).where(tags.c.label_id.in_(meant))
        with self._transactions.reading() as connection:
            rows = connection.execute(query.group_by(tags.c.image_id).order_by(tags.c.image_id)).all()
            ids = np.fromiter((row[0] for row in rows), np.int64, count=len(rows))
            scores = np.fromiter((row[1] for row in rows), np.float64, count=len(rows))
            kept = are_present(connection, ids)
        return ids[kept], scores[kept]

    def remove(self, origin: str, label: str | None = None, ids: Ids | None = None) -> int:
        """Take tags off; number removed."""
        with self._transactions.storing() as connection:
            removed = _take_off(connection, origin, label=label, ids=ids)
            _drop_unused(connection, origin)
            return removed


def _clean(label: str) -> str:
    return checked_name(label.strip(), "a label", _LONGEST)


def _checked(label: str, ids: Ids, scores: Numbers) -> tuple[Ids, Numbers]:
    """Ids and scores, by id."""
    ids, scores = np.asarray(ids, np.int64), np.asarray(scores, np.float64)
    if ids.shape != scores.shape or ids.ndim != 1:
        raise InputError(f"the label {label!r} has {ids.size} images and {scores.size} scores")
    if not np.all((scores >= 0) & (scores <= 1)):
        raise InputError(f"a score of the label {label!r} is not between 0 and 1")
    order = np.argsort(ids, kind="stable")
    return ids[order], scores[order]


def _rows(numbers: Mapping[str, int], wanted: Mapping[str, tuple[Ids, Numbers]]) -> Iterator[Row]:
    for label, number in sorted(numbers.items(), key=lambda item: item[1]):
        ids, scores = wanted[label]
        for image, score in zip(ids.tolist(), scores.tolist(), strict=True):
            yield number, image, score


def _ensure_labels(connection: Connection, origin: str, wanted: Iterable[str]) -> dict[str, int]:
    """{label: number} of all; new ones are added along with their words."""
    query = select(labels.c.label, labels.c.id).where(labels.c.origin == origin)
    known = dict(connection.execute(query).all())
    fresh = [label for label in wanted if label not in known]
    if fresh:
        rows = [{"label": label, "origin": origin, "folded": fold(label)} for label in fresh]
        connection.execute(insert(labels), rows)
        known = dict(connection.execute(query).all())
        if origin != ZERO_SHOT:
            dialect_of(connection).words.add_labels(connection, {known[label]: label for label in fresh})
    return {label: known[label] for label in wanted}


def _take_off(
    connection: Connection, origin: str, *, label: str | None = None, ids: Ids | None = None
) -> int:
    meant = select(labels.c.id).where(labels.c.origin == origin)
    if label is not None:
        meant = meant.where(labels.c.label == label.strip())
    which: list[ColumnElement[bool]] = [tags.c.label_id.in_(meant)]
    if ids is not None:
        which.append(among(tags.c.image_id, ids.tolist()))
    return connection.execute(delete(tags).where(*which)).rowcount


def _drop_unused(connection: Connection, origin: str) -> None:
    """Delete the labels of the origin that no image has anymore."""
    used = exists().where(tags.c.label_id == labels.c.id)
    dropped = delete(labels).where(labels.c.origin == origin, ~used).returning(labels.c.id)
    dialect_of(connection).words.remove_labels(connection, connection.execute(dropped).scalars().all())


def _counts(connection: Connection, known: Mapping[str, Sequence[int]]) -> dict[str, int]:
    """{label: present images}, from {label: its rows}: all that have it, minus the few that are absent."""
    gone = tags.c.image_id.in_(select(images.c.id).where(ABSENT))
    every = select(tags.c.label_id, func.count()).group_by(tags.c.label_id)
    rows: dict[int, int] = dict(connection.execute(every).all())
    for number, absent in connection.execute(every.where(gone)):
        rows[number] -= absent
    counts: dict[str, int] = {}
    for label, numbers in known.items():
        if len(numbers) == 1:
            counts[label] = rows.get(numbers[0], 0)
        else:  # an image may have it from several
            several = select(func.count(tags.c.image_id.distinct())).where(
                tags.c.label_id.in_(numbers), ~gone
            )
            counts[label] = connection.execute(several).scalar_one()
    return {label: count for label, count in counts.items() if count}
