"""Searching: `lib.search()`, `lib.similar()`, `lib.style()`, `lib.show()`."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import InvalidQueryError
from saccade.core.filters import Where
from saccade.core.hits import SearchResult
from saccade.core.pictures import ImageId, Path, Picture
from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import ImageRecord, Role
from saccade.engine.context import LibraryContext
from saccade.engine.inputs import (
    Pictures,
    Texts,
    picture_name,
    picture_task,
    weighted_pictures,
    weighted_texts,
)
from saccade.engine.parts import known_image, picture_part, text_part, unwanted_part
from saccade.usecases.searching.flow.search import Collapsing, search


class Searching:
    """Finds images of one library."""

    def __init__(self, context: LibraryContext) -> None:
        self._context = context

    def search(
        self,
        text: Texts = None,
        *,
        image: Pictures = None,
        less: Pictures = None,
        k: int = 20,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
    ) -> SearchResult:
        """See `saccade.Library.search`."""
        started = time.perf_counter()
        context = self._context
        wanted = context.filter(where, folders)
        reader = context.spaces.reader(Role.SEMANTIC)

        parts = [text_part(context, words, weight) for words, weight in weighted_texts(text)]
        parts += [
            picture_part(context, one, weight, reader.space) for one, weight in weighted_pictures(image)
        ]
        parts += [
            unwanted_part(context, one, weight, reader.space) for one, weight in weighted_pictures(less)
        ]
        return search(
            context.catalog,
            reader,
            parts,
            context.spaces.calibration(reader),
            k=k,
            started=started,
            filter=wanted,
            collapsing=self._collapsing(),
            stop_words=context.spaces.encoder().info.stop_words,
        )

    def similar(
        self,
        image: Pictures,
        *,
        k: int = 20,
        copies: bool = False,
        diverse: float = 0.0,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
    ) -> SearchResult:
        """See `saccade.Library.similar`."""
        from saccade.usecases.searching.flow.similar import alike

        started = time.perf_counter()
        context = self._context
        pictures = weighted_pictures(image)
        if copies and len(pictures) > 1:
            raise InvalidQueryError("copies needs exactly one picture", hint="search for each separately")
        reader = context.spaces.reader(Role.COPY if copies else Role.SEMANTIC)
        known = (known_image(context, picture, reader.space) for picture, _ in pictures)
        return alike(
            context.catalog,
            reader,
            [picture_part(context, picture, weight, reader.space) for picture, weight in pictures],
            context.spaces.calibration(reader),
            k=k,
            started=started,
            filter=context.filter(where, folders),
            given=[one for one in known if one is not None],
            diverse=diverse,
            least=(copies and context.spaces.copy_threshold()) or -1.0,
        )

    def style(
        self,
        image: Pictures = None,
        *,
        mood: str = "",
        k: int = 20,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        progress: ReportProgress | None = None,
    ) -> SearchResult:
        """See `saccade.Library.style`."""
        from saccade.usecases.searching.flow.style import load_styles, measure_styles, rank_styles
        from saccade.usecases.searching.rules.style import (
            STYLE_RECIPE,
            STYLE_SIZE,
            check_mood,
        )

        started = time.perf_counter()
        context = self._context
        pictures = [picture for picture, _ in weighted_pictures(image)]
        if not pictures and not mood.strip():
            raise InvalidQueryError("nothing to compare with", hint="give a picture, or a mood: 'dark warm'")
        check_mood(mood)
        space = context.spaces.reader(Role.SEMANTIC).space
        known = [known_image(context, picture, space) for picture in pictures]
        eligible = context.catalog.images.match(context.filter(where, folders))
        given = np.array([one for one in known if one is not None], np.int64)
        styles = load_styles(context.catalog)
        missing = np.setdiff1d(np.union1d(eligible, given), styles.ids)
        if len(missing):
            with context.jobs.run("style", progress) as job, context.open_decoder(STYLE_RECIPE) as decoder:
                fresh = measure_styles(context.catalog, decoder, missing, job.report)
                job.done(measured=len(fresh.ids), failed=len(fresh.failed))
            styles = styles.joined(fresh)
        looks: list[NDArray[np.float32]] = []
        for picture, one in zip(pictures, known, strict=True):
            if one is not None and one in styles.ids:
                looks.append(styles.features[np.searchsorted(styles.ids, one)])
            else:
                looks.append(self._look(picture))
        keep = np.isin(styles.ids, eligible)
        return rank_styles(
            context.catalog,
            replace(styles, ids=styles.ids[keep], features=styles.features[keep]),
            looks=np.stack(looks) if looks else np.zeros((0, STYLE_SIZE), np.float32),
            labels=tuple(map(picture_name, pictures)),
            mood=mood.strip(),
            given=given,
            k=k,
            started=started,
        )

    def show(self, image: Path | ImageId) -> ImageRecord:
        """See `saccade.Library.show`."""
        return self._context.record(image)

    def _look(self, picture: Picture) -> NDArray[np.float32]:
        """Features of a new picture."""
        from saccade.usecases.searching.flow.style import look_of
        from saccade.usecases.searching.rules.style import STYLE_RECIPE

        task = picture_task(picture, self._context.tools.pictures)
        with self._context.open_decoder(STYLE_RECIPE) as decoder:
            return look_of(decoder, task)

    def _collapsing(self) -> Collapsing | None:
        """The threshold for near-identical hits: half-way from "the same picture" to "the same pixels"."""
        threshold = self._context.spaces.copy_threshold()
        if threshold is None:
            return None
        space = self._context.spaces.reader(Role.COPY).space
        return Collapsing(space=space, threshold=(1.0 + threshold) / 2.0)
