"""Reads the options of a call: what to search, and which images a set has."""

from collections.abc import Sequence

import numpy as np

from saccade.core.errors import InputError
from saccade.core.filters import Filter, Where
from saccade.core.pictures import Path
from saccade.core.types import Ids
from saccade.engine.context import LibraryContext
from saccade.engine.inputs import absolute
from saccade.engine.places import lies_in
from saccade.usecases.duplicates.flow.request import Request
from saccade.usecases.duplicates.rules.keeper import Chooser, parse_rules
from saccade.usecases.duplicates.rules.tiers import checked_tiers


def request_of(
    context: LibraryContext,
    *,
    tiers: Sequence[str],
    where: Where | Sequence[str] | None,
    folders: Sequence[Path],
    prefer: Sequence[Path],
    keep: Sequence[str],
    burst_seconds: float,
) -> Request:
    """The options of `Duplicates.find`. Raises InputError: an unknown tier or rule."""
    return Request(
        tiers=checked_tiers(tiers),
        among=context.among(where, folders),
        folders=absolute(folders),
        chooser=Chooser(prefer=absolute(prefer), rules=parse_rules(keep), lies_in=lies_in),
        burst_seconds=burst_seconds,
    )


def images_of_set(context: LibraryContext, name: Path, field: str | None) -> Ids:
    """Sorted ids of the images in a folder, or with a value of a field.

    Raises:
        InputError: there are none.   InvalidFilterError: no such field.
    """
    catalog = context.catalog
    if field is None:
        ids = catalog.images.match(context.filter(None, [name]))
    else:
        known, values = catalog.columns.texts(field, catalog.images.match(Filter()))
        ids = known[np.array([value == name for value in values], np.bool_)]
    if not len(ids):
        what = (
            f"the library has no images in {name}" if field is None else f"no image has the {field} {name!r}"
        )
        raise InputError(what, hint="index it first; check the spelling")
    return ids
