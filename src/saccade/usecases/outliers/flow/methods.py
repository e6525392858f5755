"""Chooses a method supported by the encoder: patches or whole pictures, look or content."""

import numpy as np

from saccade.core.errors import EncoderUnavailableError, InputError
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.encoders import Encoder
from saccade.core.types import Ids, Role
from saccade.engine.context import LibraryContext
from saccade.usecases.outliers.flow.finding import OutlierQuery, Rows
from saccade.usecases.outliers.flow.looks import LookMaker
from saccade.usecases.outliers.flow.models import METHODS
from saccade.usecases.outliers.flow.patches import Features, look_encoder, patch_features, whole_features


def default_basis(encoder: Encoder) -> str:
    """Default basis of comparison: "look" if the encoder supports it, else "content"."""
    return "content" if look_encoder(encoder) is None else "look"


def default_method(encoder: Encoder) -> str:
    """Default method of models: "patches" if the encoder supports it, else "embeddings"."""
    return "embeddings" if patch_features(encoder) is None else "patches"


def features_of(encoder: Encoder, method: str) -> Features:
    """The features of a method.

    Raises:
        InputError: an unknown method.
        EncoderUnavailableError: the encoder does not support it.
    """
    if method not in METHODS:
        raise InputError(f"unknown method {method!r}", hint=f"one of: {', '.join(METHODS)}")
    if method == "embeddings":
        return whole_features(encoder)
    features = patch_features(encoder)
    if features is None:
        raise EncoderUnavailableError(
            f"encoder {encoder.info.name!r} has no patch features",
            hint="judge whole pictures: method embeddings",
        )
    return features


def compared_rows(
    context: LibraryContext, encoder: Encoder, query: OutlierQuery, ids: Ids, report: ReportProgress
) -> Rows:
    """The rows of these images (sorted ids): their looks, or their embeddings.

    Takes the write lock, for a moment each time, to store looks as they are measured (if `query.store`), so
    that an interrupted run loses little.

    Raises:
        EncoderUnavailableError: compared by look, and the encoder does not support it.
        InputError: all look exactly the same.
    """
    if query.by == "content":
        known, rows = context.spaces.reader(Role.SEMANTIC).everything()
        kept = np.isin(known, ids)
        return Rows(ids=known[kept], rows=rows[kept], remainder=False)
    looker = look_encoder(encoder)
    if looker is None:
        raise EncoderUnavailableError(
            f"encoder {encoder.info.name!r} does not support comparison by look",
            hint="compare by content: --by content",
        )
    space = context.spaces.reader(Role.SEMANTIC).space
    with context.open_decoder(encoder.info.recipe) as decoder:
        looks = LookMaker(
            context.catalog, decoder, looker, space.fingerprint, keep=query.store, report=report
        ).measure(ids)
    return Rows(ids=looks.ids, rows=looks.rows, remainder=True, failed=looks.failed)
