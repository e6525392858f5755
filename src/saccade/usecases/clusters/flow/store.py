"""Themes as the catalog keeps them: a versioned result, and a column that says each image's theme."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import EncoderMismatchError, InputError, NotFoundError
from saccade.core.ports import Catalog
from saccade.core.types import Embeddings, Ids, SpaceInfo
from saccade.usecases.clusters.rules.reports import ThemeWord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from saccade.core.ports.stores import Arrays

KIND = "themes"
DEFAULT = "theme"
NO_THEME = "none"
"""What the column says of an image that belongs to no theme."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is kept of one theme. `named`: by a person, so that no clustering renames it."""

    id: int
    name: str
    named: bool
    group: int
    words: tuple[ThemeWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGroup:
    """What is kept of one group of themes."""

    id: int
    name: str
    words: tuple[ThemeWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One version of themes.

    Attributes:
        ids: (n,) sorted image ids.   labels: (n,) theme id of each, 0 for none.
        themes: (t) in the order of `middles` and `least`.
        middles: (t, d) unit rows.   least: (t,) cosine with the middle below which an image does not fit.
        next_id: the first theme id never used.
    """

    version: int
    method: str
    settings: dict[str, int]
    fingerprint: str
    next_id: int
    themes: tuple[Known, ...]
    groups: tuple[KnownGroup, ...]
    ids: Ids
    labels: Ids
    middles: Embeddings
    least: NDArray[np.float64]


def check_name(catalog: Catalog, name: str) -> None:
    """Refuse, before any work, a name whose column somebody else wrote. Raises InputError."""
    other = next((one for one in catalog.columns.all() if one.name == name and one.origin != KIND), None)
    if other is not None:
        raise InputError(
            f"the library has a column {name!r} already, written by {other.origin!r}",
            hint="store the themes under another name: --name NAME",
        )


def load(catalog: Catalog, name: str, space: SpaceInfo | None = None) -> Stored | None:
    """The newest version, None if there is none.

    Raises:
        EncoderMismatchError: it was made in another space than the one given.
    """
    result = catalog.results.load(KIND, name)
    if result is None:
        return None
    facts = result.facts
    if space is not None and facts["fingerprint"] != space.fingerprint:
        raise EncoderMismatchError(
            "the stored themes were made by another encoder", hint="make them anew: saccade clusters"
        )
    themes = cast("list[Mapping[str, object]]", facts["themes"])
    groups = cast("list[Mapping[str, object]]", facts["groups"])
    return Stored(
        version=result.version,
        method=str(facts["method"]),
        settings=dict(cast("dict[str, int]", facts["settings"])),
        fingerprint=str(facts["fingerprint"]),
        next_id=cast("int", facts["next_id"]),
        themes=tuple(
            Known(
                id=cast("int", one["id"]),
                name=str(one["name"]),
                named=bool(one["named"]),
                group=cast("int", one["group"]),
                words=_words(one["words"]),
            )
            for one in themes
        ),
        groups=tuple(
            KnownGroup(id=cast("int", one["id"]), name=str(one["name"]), words=_words(one["words"]))
            for one in groups
        ),
        ids=result.arrays["ids"].astype(np.int64),
        labels=result.arrays["labels"].astype(np.int64),
        middles=result.arrays["middles"].astype(np.float32),
        least=result.arrays["least"].astype(np.float64),
    )


def theme_ids(stored: Stored, ids: Ids) -> Ids:
    """(m,) the theme of each of these images, 0 for none and for those not looked at."""
    if not len(stored.ids):
        return np.zeros(len(ids), np.int64)
    place = np.minimum(np.searchsorted(stored.ids, ids), len(stored.ids) - 1)
    return np.where(stored.ids[place] == ids, stored.labels[place], 0)


def save(catalog: Catalog, name: str, stored: Stored) -> int:
    """Keep a new version and write the column of all its images; the version's number.

    Stopped in between, the column is one version behind; the next run writes it whole again.
    """
    facts: dict[str, object] = {
        "method": stored.method,
        "settings": stored.settings,
        "fingerprint": stored.fingerprint,
        "next_id": stored.next_id,
        "themes": [
            {
                "id": one.id,
                "name": one.name,
                "named": one.named,
                "group": one.group,
                "words": _told(one.words),
            }
            for one in stored.themes
        ],
        "groups": [{"id": one.id, "name": one.name, "words": _told(one.words)} for one in stored.groups],
    }
    arrays: Arrays = {
        "ids": stored.ids,
        "labels": stored.labels.astype(np.int32),
        "middles": stored.middles,
        "least": stored.least,
    }
    names = {one.id: one.name for one in stored.themes} | {0: NO_THEME}
    values = {
        image: names[label] for image, label in zip(stored.ids.tolist(), stored.labels.tolist(), strict=True)
    }
    with catalog.writing("storing themes"):
        version = catalog.results.save(KIND, name, facts, arrays)
        catalog.columns.write(name, values, origin=KIND, replace=True)
    return version


def rename(catalog: Catalog, name: str, theme: int, title: str) -> None:
    """Give a theme a name that stays.

    Raises:
        NotFoundError: no such theme, or none stored.
        InputError: an empty name, or one that another theme bears.
    """
    stored = load(catalog, name)
    title = " ".join(title.split())
    if stored is None or theme not in {one.id for one in stored.themes}:
        raise NotFoundError(f"there is no theme {theme}", hint="saccade clusters lists them")
    if not title or title == NO_THEME:
        raise InputError(f"a theme cannot be called {title!r}", hint="give it a name of your own")
    if any(one.name == title and one.id != theme for one in stored.themes):
        raise InputError(f"another theme is called {title!r} already", hint="names are distinct")
    themes = tuple(replace(one, name=title, named=True) if one.id == theme else one for one in stored.themes)
    save(catalog, name, replace(stored, themes=themes))


def _told(words: tuple[ThemeWord, ...]) -> list[list[object]]:
    return [[one.word, one.score, one.source] for one in words]


def _words(value: object) -> tuple[ThemeWord, ...]:
    return tuple(
        ThemeWord(word=word, score=score, source="looks" if source == "looks" else "text")
        for word, score, source in cast("list[tuple[str, float, str]]", value)
    )
