"""Cluster reports: images that belong together, with a name, words, and typical pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from saccade.core.results import Listed
from saccade.core.types import Embeddings, Ids, ImageRecord

Verdict: TypeAlias = Literal["above", "below", "unclear"]
"""How a cluster compares with all others."""

_NAME_WORDS = 2
"""Words in a generated name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterWord:
    """A word that sets a cluster apart from the rest.

    Attributes:
        word: lower case.
        score: how strongly; comparable only among words of one source.
        source: "text" from captions, keywords, tags and names; "looks" from the encoder's text space.
    """

    word: str
    score: float
    source: Literal["text", "looks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterMember:
    """An image, and its cosine with the centroid of its cluster (or of the nearest one, if it has none)."""

    record: ImageRecord
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Images that belong together.

    Attributes:
        id: from 1; stays the same when clustering again finds (mostly) the same images.
        name: unique within a library; used in filters: data.cluster==NAME.
        size: number of images.
        words: words that set it apart from the rest, best first.
        cohesion: mean cosine of its images with their centroid, in [-1, 1]; higher is tighter.
        representatives: the most central image, then others unlike each other.
        outliers: its images farthest from the centroid, farthest first.
        group: id of the group it belongs to.
        fresh: images that joined in this run; all of them if the cluster is new.
    """

    id: int
    name: str
    size: int
    words: tuple[ClusterWord, ...]
    cohesion: float
    representatives: tuple[ClusterMember, ...]
    outliers: tuple[ClusterMember, ...]
    group: int
    fresh: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterGroup:
    """Clusters close to each other: one level up.

    Attributes:
        id: within one result, from 1.
        name: from the words that set it apart from the other groups.
        clusters: their ids, largest first.
        size: number of images.
        words: best first.
    """

    id: int
    name: str
    clusters: tuple[int, ...]
    size: int
    words: tuple[ClusterWord, ...]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClusterReport(Listed[Cluster]):
    """The clusters of a library, or of the images that match a filter; a sequence of them, largest first.

    Attributes:
        name: of the stored result and of the field that holds each image's cluster; "" if not stored.
        version: of the stored result; 0 if it was not stored.
        method: "density" or "kmeans"; `settings` are the numbers it used.
        images: number of images clustered.
        clusters: largest first.
        groups: one level up, largest first.
        noise: number of images in no cluster.
        unassigned: some of these, those farthest from every cluster first.
        updated: whether new images only joined existing clusters, and nothing else changed.
        assigned: new images that joined a cluster (update only).
        ill_fitting: new images that fit no cluster (update only); if there are many, cluster again.
        kept: clusters that existed before under the same id.
        seconds: wall time.
    """

    name: str
    version: int
    method: str
    settings: dict[str, int]
    images: int
    clusters: tuple[Cluster, ...]
    groups: tuple[ClusterGroup, ...]
    noise: int
    unassigned: tuple[ClusterMember, ...]
    updated: bool
    assigned: int
    ill_fitting: int
    kept: int
    seconds: float

    @property
    def listed(self) -> Sequence[Cluster]:
        """The clusters."""
        return self.clusters


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryMap:
    """A library laid out in two dimensions, similar images close together.

    Attributes:
        image_ids: (n,) hexadecimal ids.
        paths: (n,) one file of each.
        places: (n, 2) float32; only short distances are meaningful.
        clusters: (n,) id of each image's stored cluster, 0 for none.
        added: images placed in this run; no others moved.
        rebuilt: whether the whole map was rebuilt in this run.
        version: of the stored map; 0 if it was not stored.
        seconds: wall time.
    """

    image_ids: tuple[str, ...]
    paths: tuple[str, ...]
    places: NDArray[np.float32]
    clusters: Ids
    added: int
    rebuilt: bool
    version: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterMean:
    """A field's mean over one cluster.

    Attributes:
        cluster: its id.
        name: its name.
        count: its images that have a value.
        mean: their mean.
        low, high: the confidence interval of the mean; None below 2 images.
        expected: the mean shrunk toward that of all clusters, more so for clusters with few images;
            clusters are ranked by it, so that three lucky images do not win.
        p_value: probability that chance alone makes this cluster differ so much from all other images,
            corrected for testing every cluster; None if not tested.
        verdict: "above" or "below" the others if p_value is small enough, else "unclear".
    """

    cluster: int
    name: str
    count: int
    mean: float
    low: float | None
    high: float | None
    expected: float
    p_value: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterMeans:
    """Clusters compared by a numeric field.

    Attributes:
        column: the field.
        count: clustered images that have a value.
        mean: over these.
        confidence: confidence level of the intervals, e.g. 0.95.
        clusters: best expected mean first.
        without: clustered images that have no value.
    """

    column: str
    count: int
    mean: float
    confidence: float
    clusters: tuple[ClusterMean, ...]
    without: int


def representative_rows(rows: Embeddings, centroid: NDArray[np.float32], count: int) -> Ids:
    """Positions of the row nearest to the centroid, then of others that are central but unlike earlier ones.

    Maximal marginal relevance (Carbonell and Goldstein 1998) with equal weights, among the more central half,
    so that no outlier is chosen.
    """
    near = rows @ centroid
    central = np.argsort(-near, kind="stable")[: max(count, (len(rows) + 1) // 2)]
    chosen = [int(central[0])] if len(central) else []
    likeness = rows[central] @ rows[chosen[0]] if chosen else near
    while len(chosen) < min(count, len(central)):
        value = near[central] - likeness
        value[np.isin(central, chosen)] = -np.inf
        best = int(central[int(np.argmax(value))])
        chosen.append(best)
        likeness = np.maximum(likeness, rows[central] @ rows[best])
    return np.array(chosen, np.int64)


def name_from(words: Sequence[ClusterWord], taken: set[str], fallback: str) -> str:
    """A new name from the first words that are not forms of each other, such as "dog, grass"."""
    distinct: list[str] = []
    for one in words:
        if not any(_same_stem(one.word, other) for other in distinct):
            distinct.append(one.word)
    for length in range(min(_NAME_WORDS, len(distinct)), len(distinct) + 1):
        name = ", ".join(distinct[:length])
        if name and name not in taken:
            return name
    base = ", ".join(distinct[:_NAME_WORDS]) or fallback
    number = 1
    name = base
    while name in taken:
        number += 1
        name = f"{base} {number}"
    return name


def _same_stem(one: str, other: str) -> bool:
    """Whether both are (roughly) forms of one word: dog and dogs, run and running."""
    short, long = sorted((one, other), key=len)
    for ending in ("s", "es", "ing", "er", "ers", "ed"):
        short, long = short.removesuffix(ending) or short, long.removesuffix(ending) or long
    return short == long or (len(short) >= 4 and long.startswith(short)) or long == short + short[-1:]
