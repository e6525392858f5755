"""Style and mood: this part of the facade."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InvalidQueryError
from saccade.core.filters import Where
from saccade.core.ports import ReportProgress
from saccade.core.types import Role, SearchResult
from saccade.library.inputs import picture_task, weighted
from saccade.library.parts import LibraryParts, Path
from saccade.usecases.searching.flow.style import Styles, look_of, rank_styles, styles_of
from saccade.usecases.searching.rules.style import STYLE_RECIPE, STYLE_SIZE, check_mood


class StyleTools(LibraryParts):
    """See `Library`."""

    def style(
        self,
        image: object = None,
        *,
        mood: str = "",
        k: int = 20,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        progress: ReportProgress | None = None,
    ) -> SearchResult:
        """The k images that look most alike in color, light and composition, whatever they show.

        The first call looks at every picture and keeps what it saw; later ones look at new pictures only.
        Pictures that cannot be read are left out. `parts` of a hit says how it looks ("dark, warm").

        Args:
            image: a picture or a list of them, as in `search`; or None, with a mood.
            mood: words such as "dark warm"; with a picture, both count.
        Raises:
            InvalidQueryError, InputError: nothing asked, or an unknown mood.
        """
        started = time.perf_counter()
        pictures = [picture for picture, _ in weighted(image)]
        if not pictures and not mood.strip():
            raise InvalidQueryError("nothing to compare with", hint="name a picture, or a mood: 'dark warm'")
        check_mood(mood)
        space = self._spaces.reader(Role.SEMANTIC).space
        known = [self._spaces.known_image(picture, space) for picture in pictures]
        eligible = self._catalog.images.match(self._filter(where, folders))
        given = np.array([one for one in known if one is not None], np.int64)
        styles = styles_of(
            self._catalog,
            lambda: self._decoder(STYLE_RECIPE),
            np.union1d(eligible, given),
            progress or (lambda _: None),
        )
        looks = [self._look(picture, styles, image) for picture, image in zip(pictures, known, strict=True)]
        keep = np.isin(styles.ids, eligible)
        return rank_styles(
            self._catalog,
            replace(styles, ids=styles.ids[keep], features=styles.features[keep]),
            looks=np.stack(looks) if looks else np.zeros((0, STYLE_SIZE), np.float32),
            labels=tuple(
                str(one) if isinstance(one, (str, os.PathLike)) else "the picture given" for one in pictures
            ),
            mood=mood.strip(),
            given=given,
            k=k,
            started=started,
        )

    def _look(self, picture: object, styles: Styles, image: int | None) -> NDArray[np.float32]:
        """Features of a picture asked with; one the library holds was looked at already."""
        if image is not None and image in styles.ids:
            row: NDArray[np.float32] = styles.features[np.searchsorted(styles.ids, image)]
            return row
        with self._decoder(STYLE_RECIPE) as decoder:
            return look_of(decoder, picture_task(picture))


def _label(picture: object) -> str:
    """How a picture asked with is named."""
    return str(picture) if isinstance(picture, (str, os.PathLike)) else "the picture given"
