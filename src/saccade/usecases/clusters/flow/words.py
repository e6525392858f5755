"""Finds words that set clusters apart, from people's texts and from the encoder's text space."""

import os
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from saccade.core.ports.catalog import Catalog
from saccade.core.ports.encoders import Encoder
from saccade.core.types import Embeddings, Ids, ImageRecord
from saccade.usecases.clusters.rules.clustering import NOISE
from saccade.usecases.clusters.rules.neighborhoods import unit
from saccade.usecases.clusters.rules.reports import ClusterWord
from saccade.usecases.clusters.rules.vocabulary import STOP, THINGS

_WORD = re.compile(r"[^\W\d_]{3,30}")
_RARE, _COMMON = 3, 0.6
_PRIOR, _PRIOR_SHARE = 200.0, 0.1
"""Pseudo-counts, spread as in the whole library: this many, at most this fraction of the words written."""
_MIN_ODDS = 3.0
_MIN_SHARE = 0.08
"""Fraction of a cluster's images that must have a word before it may describe the cluster."""
_MAX_WORDS = 8
_BATCH = 5000
_LABELS = 300


def cluster_words(
    written: Sequence[NDArray[np.int64]],
    vocabulary: Sequence[str],
    labels: Ids,
    looks: tuple[Sequence[str], Embeddings, Embeddings] | None,
) -> list[tuple[ClusterWord, ...]]:
    """Words for each cluster 0, 1, ...: first from people's texts, then from the encoder.

    Args:
        written: for each image, the positions of its words in `vocabulary`.
        labels: (n,) cluster of each image, -1 for none.
        looks: candidate words, their (v, d) embeddings, and the (c, d) directions from the library's centroid
            to the clusters'; None if the encoder reads no text.
    """
    count = int(labels.max(initial=NOISE)) + 1
    found = _from_text(written, vocabulary, labels, count)
    for cluster, words in enumerate(_from_looks(looks, count)):
        known = {one.word for one in found[cluster]}
        found[cluster] += [one for one in words if one.word not in known]
    return [tuple(words) for words in found]


def _from_text(
    written: Sequence[NDArray[np.int64]], vocabulary: Sequence[str], labels: Ids, count: int
) -> list[list[ClusterWord]]:
    """Log-odds of a word in the cluster against the rest, in standard errors, with the library as the prior.

    "Fightin' Words", Monroe, Colaresi and Quinn 2008, counting images that have the word.
    """
    if len(vocabulary) < 2 or not count:  # a single word cannot set clusters apart
        return [[] for _ in range(count)]
    sizes = np.fromiter((len(words) for words in written), np.int64, count=len(written))
    words = np.concatenate(written) if len(written) else np.zeros(0, np.int64)
    cluster = np.repeat(labels, sizes) + 1
    width = len(vocabulary)
    table = np.bincount(cluster * width + words, minlength=(count + 1) * width).reshape(count + 1, width)
    whole = table.sum(axis=0).astype(np.float64)
    prior = whole * min(_PRIOR / whole.sum(), _PRIOR_SHARE)
    useful = (whole >= _RARE) & (whole <= max(_COMMON * len(labels), _RARE))
    images = np.bincount(labels + 1, minlength=count + 1)[1:]
    answer = []
    for one in range(count):
        own, rest = table[one + 1], whole - table[one + 1]
        mine, others = own + prior, rest + prior
        odds = np.log(mine / (mine.sum() - mine)) - np.log(others / (others.sum() - others))
        sure = odds / np.sqrt(1.0 / mine + 1.0 / others)
        keep = useful & (sure >= _MIN_ODDS) & (own >= max(_RARE - 1, _MIN_SHARE * images[one]))
        ranked = np.flatnonzero(keep)[np.argsort(-sure[keep], kind="stable")][:_MAX_WORDS]
        answer.append(
            [ClusterWord(word=vocabulary[word], score=float(sure[word]), source="text") for word in ranked]
        )
    return answer


def _from_looks(
    looks: tuple[Sequence[str], Embeddings, Embeddings] | None, count: int
) -> list[list[ClusterWord]]:
    """Words whose embedding points toward the cluster more than toward the others."""
    if looks is None or not count or not len(looks[0]):
        return [[] for _ in range(count)]
    words, rows, directions = looks
    scores = (rows - rows.mean(axis=0)) @ directions.T
    if count > 1:
        scores = scores - 0.5 * scores.mean(axis=1, keepdims=True)
    order = np.argsort(-scores, axis=0, kind="stable")[:_MAX_WORDS]
    return [
        [
            ClusterWord(word=words[one], score=float(scores[one, cluster]), source="looks")
            for one in order[:, cluster]
            if scores[one, cluster] > 0
        ]
        for cluster in range(count)
    ]


def written_words(catalog: Catalog, ids: Ids) -> tuple[list[NDArray[np.int64]], list[str]]:
    """Per image, the positions of its words from captions, titles, keywords, tags and names; all words."""
    number: dict[str, int] = {}
    found: list[NDArray[np.int64]] = []
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH].tolist()
        tags = catalog.tags.of(batch)
        for record in catalog.images.get(batch):
            words = words_of(record, [tag.label for tag in tags.get(record.id, ())])
            numbers = sorted(number.setdefault(word, len(number)) for word in sorted(words))
            found.append(np.array(numbers, np.int64))
    return found, list(number)


def words_of(record: ImageRecord, labels: Sequence[str] = ()) -> set[str]:
    """Meaningful words in an image's texts, lower case."""
    info = record.info
    texts = [info.title or "", info.caption or "", *info.keywords, *labels]
    for path in record.paths:
        folder, name = os.path.split(path)
        texts += [os.path.splitext(name)[0], os.path.basename(folder)]
    words = {word.lower() for text in texts for word in _WORD.findall(text.replace("_", " "))}
    return words - STOP


def looks_of(
    catalog: Catalog, encoder: Encoder, centroids: Embeddings, center: NDArray[np.float32]
) -> tuple[Sequence[str], Embeddings, Embeddings] | None:
    """Candidate words with their embeddings, and the clusters' directions from the library's centroid.

    Candidates are `rules.vocabulary.THINGS` and the library's most used tags.
    """
    if not encoder.info.reads_text or not len(centroids):
        return None
    labels = [label.rpartition("/")[2].lower() for label in list(catalog.tags.labels())[:_LABELS]]
    words = list(dict.fromkeys([*THINGS, *labels]))
    return words, encoder.encode_texts(words), unit(centroids - center)
