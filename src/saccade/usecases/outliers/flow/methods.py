"""Which method looks at pictures, by what the encoder can do: patches or whole pictures, look or content."""

import numpy as np

from saccade.core.errors import EncoderUnavailableError, InputError
from saccade.core.ports import Encoder, ReportProgress
from saccade.core.types import Ids, Role
from saccade.engine.context import LibraryContext
from saccade.usecases.outliers.flow.finding import OutlierQuery, Rows
from saccade.usecases.outliers.flow.inspection import METHODS
from saccade.usecases.outliers.flow.looks import LookMaker
from saccade.usecases.outliers.flow.patches import Features, look_encoder, patch_features, whole_features


def default_basis(encoder: Encoder) -> str:
    """What outliers are compared by unless the user says: "look" if the encoder can, else "content"."""
    return "content" if look_encoder(encoder) is None else "look"


def default_method(encoder: Encoder) -> str:
    """How models look at pictures unless the user says: "patches" if the encoder can, else "embeddings"."""
    return "embeddings" if patch_features(encoder) is None else "patches"


def features_of(encoder: Encoder, method: str) -> Features:
    """What a method sees of pixels.

    Raises:
        InputError: an unknown method.
        EncoderUnavailableError: the encoder cannot.
    """
    if method not in METHODS:
        raise InputError(f"no method is called {method!r}", hint=f"one of: {', '.join(METHODS)}")
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
    """What is compared of these images (sorted ids): their looks, or their embeddings.

    Takes the write lock, for a moment each time, to store looks as they are measured (if `query.store`), so
    that an interrupted run loses little.

    Raises:
        EncoderUnavailableError: compared by look, and the encoder cannot.
        InputError: all look exactly the same.
    """
    if query.by == "content":
        known, rows = context.spaces.reader(Role.SEMANTIC).everything()
        kept = np.isin(known, ids)
        return Rows(ids=known[kept], rows=rows[kept], remainder=False)
    looker = look_encoder(encoder)
    if looker is None:
        raise EncoderUnavailableError(
            f"encoder {encoder.info.name!r} does not sum up how pictures look",
            hint="compare what images show: --by content",
        )
    with context.open_decoder(encoder.info.recipe) as decoder:
        looks = LookMaker(
            context.catalog, decoder, looker, encoder.info.fingerprint, keep=query.store, report=report
        ).measure(ids)
    return Rows(ids=looks.ids, rows=looks.rows, remainder=True, failed=looks.failed)
