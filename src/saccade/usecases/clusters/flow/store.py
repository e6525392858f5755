"""Stores clusters in the catalog: a versioned result, and a column with each image's cluster."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import EncoderMismatchError, InputError, NotFoundError
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.results import ImageRows
from saccade.core.types import Embeddings, Ids, SpaceInfo
from saccade.usecases.clusters.rules.reports import ClusterWord

if TYPE_CHECKING:
    from collections.abc import Mapping


KIND = "clusters"
DEFAULT = "cluster"
NO_CLUSTER = "none"
"""The column's value for an image in no cluster."""
_KEPT_VERSIONS = 3
"""Each holds a row for every image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A stored cluster. `named`: by a person, so that clustering does not rename it."""

    id: int
    name: str
    named: bool
    group: int
    words: tuple[ClusterWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownGroup:
    """A stored group of clusters."""

    id: int
    name: str
    words: tuple[ClusterWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One version of clusters.

    Attributes:
        ids: (n,) sorted image ids.   labels: (n,) cluster id of each, 0 for none.
        clusters: (t) in the order of `centroids` and `min_fit`.
        centroids: (t, d) unit rows.   min_fit: (t,) cosine with the centroid below which an image does not
        fit.
        next_id: the first cluster id never used.
    """

    version: int
    method: str
    settings: dict[str, int]
    fingerprint: str
    next_id: int
    clusters: tuple[Known, ...]
    groups: tuple[KnownGroup, ...]
    ids: Ids
    labels: Ids
    centroids: Embeddings
    min_fit: NDArray[np.float64]


def check_name(catalog: Catalog, name: str) -> None:
    """Reject, before any work, a name whose column has another origin. Raises InputError."""
    other = next((one for one in catalog.columns.all() if one.name == name and one.origin != KIND), None)
    if other is not None:
        raise InputError(
            f"the library already has a column {name!r}, written by {other.origin!r}",
            hint="store the clusters under another name: --name NAME",
        )


def load(catalog: Catalog, name: str, space: SpaceInfo | None = None) -> Stored | None:
    """The newest version, None if there is none.

    Raises:
        EncoderMismatchError: it was computed in another space.
    """
    result = catalog.results.load(KIND, name)
    if result is None:
        return None
    facts = result.facts
    if space is not None and facts["fingerprint"] != space.fingerprint:
        raise EncoderMismatchError(
            "the stored clusters are from another encoder", hint="rebuild them: saccade clusters"
        )
    clusters = cast("list[Mapping[str, object]]", facts["clusters"])
    groups = cast("list[Mapping[str, object]]", facts["groups"])
    return Stored(
        version=result.version,
        method=str(facts["method"]),
        settings=dict(cast("dict[str, int]", facts["settings"])),
        fingerprint=str(facts["fingerprint"]),
        next_id=cast("int", facts["next_id"]),
        clusters=tuple(
            Known(
                id=cast("int", one["id"]),
                name=str(one["name"]),
                named=bool(one["named"]),
                group=cast("int", one["group"]),
                words=_words(one["words"]),
            )
            for one in clusters
        ),
        groups=tuple(
            KnownGroup(id=cast("int", one["id"]), name=str(one["name"]), words=_words(one["words"]))
            for one in groups
        ),
        ids=result.rows.ids,
        labels=result.rows.arrays["labels"].astype(np.int64),
        centroids=result.arrays["centroids"].astype(np.float32),
        min_fit=result.arrays["min_fit"].astype(np.float64),
    )


def load_cluster(
    catalog: Catalog, name: str, cluster: int, space: SpaceInfo | None = None
) -> tuple[Stored, int]:
    """The newest version, and the position of a cluster in it.

    Raises:
        NotFoundError: no such cluster, or none stored.
        EncoderMismatchError: it was computed in another space.
    """
    stored = load(catalog, name, space)
    places = {} if stored is None else {one.id: place for place, one in enumerate(stored.clusters)}
    if stored is None or cluster not in places:
        raise NotFoundError(f"there is no cluster {cluster}", hint="saccade clusters lists them")
    return stored, places[cluster]


def cluster_ids(stored: Stored, ids: Ids) -> Ids:
    """(m,) the cluster of each of these images, 0 for none and for images that were not clustered."""
    if not len(stored.ids):
        return np.zeros(len(ids), np.int64)
    place = np.minimum(np.searchsorted(stored.ids, ids), len(stored.ids) - 1)
    return np.where(stored.ids[place] == ids, stored.labels[place], 0)


def save(catalog: Catalog, name: str, stored: Stored) -> int:
    """Store a new version and write the column of all its images; the version's number.

    Stopped in between, the column is one version behind; the next run rewrites it.
    """
    facts: dict[str, object] = {
        "method": stored.method,
        "settings": stored.settings,
        "fingerprint": stored.fingerprint,
        "next_id": stored.next_id,
        "clusters": [
            {
                "id": one.id,
                "name": one.name,
                "named": one.named,
                "group": one.group,
                "words": _written(one.words),
            }
            for one in stored.clusters
        ],
        "groups": [{"id": one.id, "name": one.name, "words": _written(one.words)} for one in stored.groups],
    }
    arrays: dict[str, NDArray[np.generic]] = {"centroids": stored.centroids, "min_fit": stored.min_fit}
    rows = ImageRows(ids=stored.ids, arrays={"labels": stored.labels.astype(np.int32)})
    names = {one.id: one.name for one in stored.clusters} | {0: NO_CLUSTER}
    values = {
        image: names[label] for image, label in zip(stored.ids.tolist(), stored.labels.tolist(), strict=True)
    }
    with catalog.writing("storing clusters"):
        version = catalog.results.save(KIND, name, facts, arrays, rows=rows, keep=_KEPT_VERSIONS)
        catalog.columns.write(name, values, origin=KIND, replace=True)
    return version


def rename(catalog: Catalog, name: str, cluster: int, title: str) -> None:
    """Rename a cluster permanently.

    Raises:
        NotFoundError: no such cluster, or none stored.
        InputError: an empty name, or one that another cluster has.
    """
    stored, _ = load_cluster(catalog, name, cluster)
    title = " ".join(title.split())
    if not title or title == NO_CLUSTER:
        raise InputError(f"a cluster cannot be called {title!r}", hint="choose another name")
    if any(one.name == title and one.id != cluster for one in stored.clusters):
        raise InputError(f"another cluster is already called {title!r}", hint="names must be unique")
    clusters = tuple(
        replace(one, name=title, named=True) if one.id == cluster else one for one in stored.clusters
    )
    save(catalog, name, replace(stored, clusters=clusters))


def _written(words: tuple[ClusterWord, ...]) -> list[list[object]]:
    return [[one.word, one.score, one.source] for one in words]


def _words(value: object) -> tuple[ClusterWord, ...]:
    return tuple(
        ClusterWord(word=word, score=score, source="looks" if source == "looks" else "text")
        for word, score, source in cast("list[tuple[str, float, str]]", value)
    )
