"""Checks the requirements for laying out a library as a map."""

from importlib.util import find_spec

import numpy as np

from saccade.core.errors import MissingExtraError
from saccade.core.ports.catalog import Catalog
from saccade.engine.space import SpaceReader
from saccade.usecases.clusters.flow.map import KIND, NAME

FEWEST = 12
"""Fewer images are laid out along their two principal directions, which needs no extra."""
_SPREAD = 1e-6
"""Rows closer than this count as one point."""


def check_layout(catalog: Catalog, reader: SpaceReader, *, rebuild: bool) -> None:
    """Fail if the map would need openTSNE and it is not installed; changes and computes nothing.

    Args:
        rebuild: whether to rebuild the map even if one is stored.
    Raises:
        MissingExtraError: openTSNE is not installed.
    """
    if find_spec("openTSNE") is not None:
        return
    ids, rows = reader.everything()
    if len(ids) < FEWEST or np.ptp(rows, axis=0).max() < _SPREAD:
        return
    stored = None if rebuild else catalog.results.load(KIND, NAME)
    if (
        stored is not None
        and stored.facts["fingerprint"] == reader.space.fingerprint
        and np.isin(ids, stored.rows.ids).any()
    ):
        return
    raise MissingExtraError(
        "laying out a map needs openTSNE, which is not installed", hint="pip install 'saccade[map]'"
    )
