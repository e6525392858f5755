"""Makes the perceptual hashes that a library lacks: of a killed run, or after the recipe changed."""

from collections.abc import Sequence

import numpy as np

from saccade.core.perceptual import phash
from saccade.core.ports.catalog import Catalog
from saccade.core.ports.decoders import Decoder, ReportProgress
from saccade.core.types import Failure, PixelRecipe, Progress
from saccade.engine.thumbnails import read_images

HASHED = PixelRecipe(size=224, fit="squash", resample="bilinear")
"""The pixels to hash when an encoder's own are not of the whole picture."""
_BATCH = 256


def rehash(catalog: Catalog, decoder: Decoder, images: Sequence[int], *, report: ReportProgress) -> int:
    """Number of images that got a hash; those that cannot be read stay without. Call it while `writing()`.

    Args:
        decoder: of a recipe that shows the whole picture; see `shows_all`.
    """
    made = 0
    for start in range(0, len(images), _BATCH):
        records = [one for one in catalog.images.get(images[start : start + _BATCH]) if one.paths]
        hashes = {
            record.id: int(phash(outcome.pixels[np.newaxis])[0])
            for record, outcome in read_images(decoder, records)
            if not isinstance(outcome, Failure)
        }
        catalog.hashes.save(hashes)
        made += len(hashes)
        report(Progress(stage="hash", done=min(start + _BATCH, len(images)), total=len(images)))
    return made


def shows_all(recipe: PixelRecipe) -> bool:
    """Whether its pixels are of the whole picture, as a perceptual hash must be."""
    return recipe.fit != "crop"
