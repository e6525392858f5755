"""Embeds the words of labels, and everyday words to compare them with."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InvalidQueryError
from saccade.core.ports.encoders import Encoder
from saccade.core.types import Embeddings
from saccade.core.vectors import normalize
from saccade.usecases.tags.rules.encoder_fit import EncoderFit
from saccade.usecases.tags.rules.reports import Label

_AT_ONCE = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What images are compared with: (t, d) texts, (t,) the label of each, and (b, d) everyday words."""

    texts: Embeddings
    label_of: NDArray[np.int64]
    background: Embeddings


def embed_words(encoder: Encoder, texts: Sequence[str], fit: EncoderFit) -> Embeddings:
    """(n, d) one unit row for each text: the mean of its embeddings in all the encoder's templates.

    Raises:
        InvalidQueryError: the encoder reads no text.
    """
    if not encoder.info.reads_text:
        raise InvalidQueryError(
            f"the encoder {encoder.info.name!r} reads no text, so it cannot know what a label means",
            hint="teach it by examples: saccade teach NAME --yes A.jpg B.jpg",
        )
    sentences = [
        template.format(label=text, a=f"{'an' if text[:1].lower() in 'aeiou' else 'a'} {text}")
        for text in texts
        for template in fit.templates
    ]
    rows = np.concatenate(
        [
            encoder.encode_texts(sentences[start : start + _AT_ONCE])
            for start in range(0, len(sentences), _AT_ONCE)
        ]
    )
    return normalize(rows.reshape(len(texts), len(fit.templates), -1).mean(axis=1))


def words_of(encoder: Encoder, labels: Sequence[Label], fit: EncoderFit) -> Words:
    """The labels' texts, embedded."""
    owners = [number for number, label in enumerate(labels) for _ in label.texts]
    return Words(
        texts=embed_words(encoder, [text for label in labels for text in label.texts], fit),
        label_of=np.array(owners, np.int64),
        background=embed_words(encoder, fit.background, fit),
    )
