"""The full-text table: SQLite's FTS5, one row per present image, row number = image id.

The words of labels are in a separate small table, one row per label: otherwise tagging a million images would
rewrite a million rows. Words are stemmed (Porter) and stripped of accents. A user's words reach
SQLite as quoted strings only.
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from sqlalchemy import Connection, text
from sqlalchemy.exc import DatabaseError

from saccade.catalog.bulk import are_present
from saccade.catalog.dialect import Wiper
from saccade.catalog.pictures import Digests
from saccade.catalog.sqlite.failures import is_damage
from saccade.catalog.text import document, terms
from saccade.core.ports.images import WordMatches
from saccade.core.ports.stores import Numbers
from saccade.core.ties import ranked
from saccade.core.types import Ids

_WORDS = "tokenize = 'porter unicode61 remove_diacritics 2'"
_CREATE = f"CREATE VIRTUAL TABLE search USING fts5(names, title, caption, keywords, {_WORDS})"
_CREATE_LABELS = f"CREATE VIRTUAL TABLE search_labels USING fts5(label, {_WORDS})"
"""The words of each row of `labels`: few rows, however many images have them."""
_RANKED = 2000
"""Most matches to rank; beyond that the word is too common for a ranking to mean much."""
_CHUNK = 20_000
_DELETE = text("DELETE FROM search WHERE rowid = :id")
_INSERT = text(
    "INSERT INTO search (rowid, names, title, caption, keywords)"
    " VALUES (:id, :names, :title, :caption, :keywords)"
)
_DELETE_LABEL = text("DELETE FROM search_labels WHERE rowid = :id")
_INSERT_LABEL = text("INSERT INTO search_labels (rowid, label) VALUES (:id, :label)")
_NEWEST = text(
    "SELECT rowid FROM search WHERE search MATCH :query AND rowid < :before ORDER BY rowid DESC LIMIT :most"
)
# The plus sign keeps SQLite from asking the full-text table once for each id, with new statistics each time.
_BEST = text(
    "SELECT rowid, -bm25(search, 4.0, 3.0, 1.0, 3.0) FROM search"
    " WHERE search MATCH :query AND +rowid IN (SELECT value FROM json_each(:ids))"
)
_FILTERED = text(
    "SELECT rowid FROM search WHERE search MATCH :query AND +rowid IN (SELECT value FROM json_each(:ids))"
    " ORDER BY rowid DESC LIMIT :most"
)
_PICKED = text(
    "SELECT rowid FROM search WHERE search MATCH :query AND rowid IN (SELECT value FROM json_each(:ids))"
    " ORDER BY rowid DESC LIMIT :most"
)
_ANY_LABEL = text("SELECT EXISTS (SELECT 1 FROM search_labels WHERE search_labels MATCH :query)")
_TAGGED = text(
    "SELECT image_id, max(score) FROM tags"
    " WHERE label_id IN (SELECT rowid FROM search_labels WHERE search_labels MATCH :query) GROUP BY image_id"
)
_WIPE_FORGOTTEN = (
    "DELETE FROM search WHERE rowid IN (SELECT image_id FROM forgotten)",
    "DELETE FROM search_labels WHERE rowid NOT IN (SELECT id FROM labels)",
    # A deleted row's words stay in older parts of the table until the parts are merged.
    "INSERT INTO search(search) VALUES ('optimize')",
    "INSERT INTO search_labels(search_labels) VALUES ('optimize')",
)
_FEW = 200
_END = 2**63 - 1


def create(connection: Connection) -> None:
    """Make the tables, empty."""
    connection.execute(text(_CREATE))
    connection.execute(text(_CREATE_LABELS))


def wipe_forgotten(wiper: Wiper) -> None:
    """Delete the words of the images in `forgotten` and of labels no longer there; no trace of them stays."""
    for statement in _WIPE_FORGOTTEN:
        wiper.execute(statement)


def replace_rows(connection: Connection, gone: Iterable[int], rows: Sequence[dict[str, str | int]]) -> None:
    """Drop the rows of the images `gone`, then add `rows` (id, names, title, caption, keywords)."""
    removals = [{"id": image} for image in gone]
    if removals:
        connection.execute(_DELETE, removals)
    if rows:
        connection.execute(_INSERT, rows)


def find(connection: Connection, words: Sequence[str], limit: int, among: Ids | None) -> WordMatches:
    """At most `limit` images that contain all the words, in their own texts or in their labels.

    If at most 2,000 images match, best first: BM25 (names before keywords, title before caption), then those
    that match through their labels, surest label first; ties by SHA-256. Beyond that, they are not ranked,
    because it would cost more than it is worth.
    """
    pieces = _pieces(words)
    if not pieces or limit < 1 or (among is not None and not len(among)):
        return WordMatches(ids=np.empty(0, dtype=np.int64), ranked=True)
    query = " AND ".join(pieces)
    found = _newest(connection, query, _END, _RANKED + 1)
    labeled, sureness = _labeled(connection, pieces)
    if among is not None:
        inside = np.isin(labeled, among)
        labeled, sureness = labeled[inside], sureness[inside]
    if len(found) > _RANKED or len(labeled) > _RANKED:
        common = _common(connection, query, limit, among)
        return WordMatches(ids=np.union1d(common, labeled)[::-1][:limit], ranked=False)
    kept = found if among is None else found[np.isin(found, among, assume_unique=True)]
    rows = connection.execute(_BEST, {"query": query, "ids": _json(kept)}).all()
    ids = np.fromiter((row[0] for row in rows), np.int64, count=len(rows))
    scores = np.fromiter((row[1] for row in rows), np.float64, count=len(rows))
    best = ids[ranked(Digests(connection), ids, scores, limit)]
    labeled = labeled[ranked(Digests(connection), labeled, sureness)]
    together = np.concatenate([best, labeled[~np.isin(labeled, found)]])
    return WordMatches(ids=together[:limit], ranked=True)


def _labeled(connection: Connection, pieces: Sequence[str]) -> tuple[Ids, Numbers]:
    """Present images with every piece in a label or a text, at least one in a label, and its sureness."""
    if not connection.execute(_ANY_LABEL, {"query": " OR ".join(pieces)}).scalar():
        return np.empty(0, dtype=np.int64), np.empty(0)
    tagged = [_tagged(connection, piece) for piece in pieces]
    kept = np.unique(np.concatenate([ids for ids, _ in tagged]))
    sureness = np.zeros(len(kept))
    if not len(kept):
        return kept, sureness
    for ids, scores in tagged:
        sureness[np.searchsorted(kept, ids)] = np.maximum(sureness[np.searchsorted(kept, ids)], scores)
    for piece, (ids, _) in zip(pieces, tagged, strict=True):
        matches = np.isin(kept, ids)
        if not matches.all():
            matches |= np.isin(kept, _common(connection, piece, len(kept), kept[~matches]))
        kept, sureness = kept[matches], sureness[matches]
    present = are_present(connection, kept)
    return kept[present], sureness[present]


def _tagged(connection: Connection, piece: str) -> tuple[Ids, Numbers]:
    """Ids of the images with a label that contains the piece, and the best score of each."""
    rows = connection.execute(_TAGGED, {"query": piece}).all()
    ids = np.fromiter((row[0] for row in rows), np.int64, count=len(rows))
    return ids, np.fromiter((row[1] for row in rows), np.float64, count=len(rows))


def _common(connection: Connection, query: str, limit: int, among: Ids | None) -> Ids:
    """The newest `limit` ids that match; scans the ids of `among` if they are few, else the matches."""
    if among is None:
        return _newest(connection, query, _END, limit)
    if len(among) <= _CHUNK:
        few = _PICKED if len(among) <= _FEW else _FILTERED
        rows = connection.execute(few, {"query": query, "ids": _json(among), "most": limit})
        return np.fromiter((row[0] for row in rows), dtype=np.int64)
    kept: list[Ids] = []
    before = _END
    while sum(map(len, kept)) < limit:
        ids = _newest(connection, query, before, _CHUNK)
        kept.append(ids[np.isin(ids, among, assume_unique=True)])
        if len(ids) < _CHUNK:
            break
        before = int(ids[-1])
    return np.concatenate(kept)[:limit]


def _newest(connection: Connection, query: str, before: int, most: int) -> Ids:
    rows = connection.execute(_NEWEST, {"query": query, "before": before, "most": most}).all()
    return np.fromiter((row[0] for row in rows), dtype=np.int64, count=len(rows))


def _json(ids: Ids) -> str:
    return "[" + ",".join(map(str, ids.tolist())) + "]"


def _pieces(words: Sequence[str]) -> list[str]:
    """One FTS5 expression for each word: it, or all its parts; quotes keep every character literal."""
    return list(
        dict.fromkeys(
            f'("{run}" OR ({" AND ".join(f"{chr(34)}{part}{chr(34)}" for part in parts)}))'
            if parts
            else f'"{run}"'
            for word in words
            for run, parts in terms(word)
        )
    )


def add_labels(connection: Connection, labels: Mapping[int, str]) -> None:
    """Make these labels, {number: label}, searchable by their words."""
    rows = [{"id": number, "label": document(label)} for number, label in labels.items()]
    if rows:
        connection.execute(_INSERT_LABEL, rows)


def remove_labels(connection: Connection, numbers: Iterable[int]) -> None:
    """Make these labels unsearchable."""
    rows = [{"id": number} for number in numbers]
    if rows:
        connection.execute(_DELETE_LABEL, rows)


def reset(connection: Connection) -> None:
    """Recreate the tables, empty, whatever state they were in."""
    for table, create in (("search", _CREATE), ("search_labels", _CREATE_LABELS)):
        connection.execute(text(f"DROP TABLE IF EXISTS {table}"))
        connection.execute(text(create))


def sound(connection: Connection) -> bool:
    """Whether the words they find are those of their rows; the connection must be one that writes."""
    try:
        connection.execute(text("INSERT INTO search (search) VALUES ('integrity-check')"))
        connection.execute(text("INSERT INTO search_labels (search_labels) VALUES ('integrity-check')"))
    except DatabaseError as error:
        if not is_damage(error):
            raise
        return False
    return True


def stale_labels(connection: Connection, labels: Mapping[int, str]) -> list[int]:
    """Numbers of labels whose words are not those of `labels`, all that should be found."""
    have: dict[int, str] = dict(connection.execute(text("SELECT rowid, label FROM search_labels")).all())
    want = {number: document(label) for number, label in labels.items()}
    return sorted(number for number in have.keys() | want.keys() if have.get(number) != want.get(number))


def rows(connection: Connection, first: int, last: int) -> dict[int, dict[str, str | int]]:
    """The stored rows with ids in [first, last], by id."""
    query = text(
        "SELECT rowid AS id, names, title, caption, keywords FROM search WHERE rowid BETWEEN :first AND :last"
    )
    found = connection.execute(query, {"first": first, "last": last}).mappings()
    return {row["id"]: dict(row) for row in found}


def beyond(connection: Connection, last: int) -> list[int]:
    """Ids of stored rows above `last`."""
    return list(
        connection.execute(text("SELECT rowid FROM search WHERE rowid > :last"), {"last": last}).scalars()
    )
