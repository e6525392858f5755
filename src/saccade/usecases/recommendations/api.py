"""`lib.recommendations`: images for a user, and images that go together."""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from saccade.core.errors import InvalidQueryError, NotFoundError
from saccade.core.filters import Where
from saccade.core.pictures import ImageId, Path
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ranking import ReplayReport
from saccade.core.types import Ids, Role
from saccade.engine.context import LibraryContext
from saccade.engine.inputs import Pictures, weighted_pictures
from saccade.engine.names import named_image
from saccade.engine.parts import known_image, picture_part
from saccade.usecases.recommendations.flow import events
from saccade.usecases.recommendations.flow.boosts import parse_boosts
from saccade.usecases.recommendations.flow.pools import Liked, Wish
from saccade.usecases.recommendations.flow.recommending import copies_of, recommend_like, recommend_to_user
from saccade.usecases.recommendations.flow.together import Seed, goes_with
from saccade.usecases.recommendations.rules.preference import HALF_LIFE_DAYS
from saccade.usecases.recommendations.rules.reports import FeedbackImport, UserEvent
from saccade.usecases.recommendations.rules.reports import Recommendations as Answer


class Recommendations:
    """Recommends images of one library, and stores the feedback it learns from."""

    def __init__(self, context: LibraryContext) -> None:
        self._context = context

    def for_user(
        self,
        user: str | None = None,
        *,
        images: Pictures = None,
        k: int = 20,
        diverse: float = 0.0,
        novel: float = 0.0,
        boost: Mapping[str, float] | Sequence[str] | None = None,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        seen: bool = False,
        half_life: float = HALF_LIFE_DAYS,
    ) -> Answer:
        """The k best images for a user, each with reasons.

        A user without events gets popular images, or a cross-section of the library; `basis` and `note` of
        the result say which.

        Args:
            user: as named in feedback; or None, with `images`: pictures that count as liked.
            images: a picture (path, bytes, pixels, image id), or a list, which may contain (picture, weight).
            diverse: from 0, the best ones, to 1, as different from each other as possible.
            novel: 0 prefers popular images, 0.5 ignores popularity, 1 prefers unpopular ones.
            boost: {"price": -0.2, "recency": 0.3} or ["price:-0.2"]: numeric fields, by rank. A boost of 1
                lifts an ordinary image to the best one.
            seen: whether to include images the user has already seen, and copies of them.
            half_life: days after which an event counts half.
        Raises:
            InvalidQueryError, InvalidFilterError, InputError: an invalid request.   NoImagesError: nothing
                is left.
        """
        if (user is None) == (images is None):
            raise InvalidQueryError(
                "recommend to a user or by images, not both", hint="--user NAME, or give images"
            )
        context = self._context
        wish = self._wish(k, diverse, boost, where, folders, novel=novel, seen=seen, half_life=half_life)
        reader = context.spaces.reader(Role.SEMANTIC)
        spread = context.spaces.calibration(reader).image_spread
        if user is not None:
            return recommend_to_user(context.catalog, reader, spread, user.strip(), wish, kin=self._kin)
        pairs = weighted_pictures(images)
        if not pairs:
            raise InvalidQueryError("no image was given", hint="give one or more")
        parts = [picture_part(context, picture, weight, reader.space) for picture, weight in pairs]
        known = [known_image(context, picture, reader.space) for picture, _ in pairs]
        liked = Liked(
            rows=np.stack([part.vector for part in parts]),
            weights=np.array([part.weight for part in parts]),
            kinds=["given"] * len(parts),
            paths=[part.label for part in parts],
        )
        own = np.array([image for image in known if image is not None], np.int64)
        return recommend_like(context.catalog, reader, spread, liked, wish, images=own, kin=self._kin)

    def together(
        self,
        images: Pictures,
        *,
        k: int = 20,
        diverse: float = 0.0,
        boost: Mapping[str, float] | Sequence[str] | None = None,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
    ) -> Answer:
        """The k images that go with the given ones, from imported sets (`import_sets`).

        For an image in no set, similar images in sets are used; `basis` is then "look-alikes", and
        `note` names them.

        Raises:
            InputError: no sets were imported, or nothing goes with these.
        """
        context = self._context
        wish = self._wish(k, diverse, boost, where, folders)
        reader = context.spaces.reader(Role.SEMANTIC)
        seeds = []
        for picture, weight in weighted_pictures(images):
            part = picture_part(context, picture, weight, reader.space)
            known = known_image(context, picture, reader.space)
            seeds.append(Seed(image=known, row=part.vector[np.newaxis], path=part.label))
        if not seeds:
            raise InvalidQueryError("no image was given", hint="give one or more")
        return goes_with(context.catalog, reader, context.spaces.calibration(reader), seeds, wish)

    def replay(
        self,
        *,
        k: int = 20,
        held_out: float = 0.2,
        diverse: float = 0.0,
        novel: float = 0.0,
        half_life: float = HALF_LIFE_DAYS,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        seed: int = 0,
        progress: ReportProgress | None = None,
    ) -> ReplayReport:
        """Evaluate how well recommendations would have predicted what users did, against simpler methods.

        Each user's events are split in time; the task is to find what was liked, bought or clicked in the
        last part.

        Args:
            held_out: share of each user's liked images that is held out.
            seed: random seed of the random list and the intervals.
        Raises:
            InputError: too few events to judge by.
        """
        from saccade.usecases.recommendations.flow.replay import replay

        context = self._context
        reader = context.spaces.reader(Role.SEMANTIC)
        with context.jobs.run("replay", progress) as job:
            return replay(
                context.catalog,
                reader,
                context.spaces.calibration(reader).image_spread,
                k=k,
                held_out=held_out,
                seed=seed,
                report=job.report,
                diverse=diverse,
                novel=novel,
                half_life=half_life,
                only=context.among(where, folders),
            )

    # --- feedback

    def feedback(
        self,
        user: str,
        kind: str,
        images: Sequence[Path | ImageId],
        *,
        at: float | str | None = None,
        value: float = 1.0,
    ) -> int:
        """Store what a user did with images; the number of events that were new. Takes the write lock.

        Args:
            user: any text.
            kind: "like", "dislike", "click", "view" or "buy".
            images: files or image ids.
            at: UTC seconds since 1970, or ISO 8601; None for now.
            value: strength, 1 for an ordinary one.
        Raises:
            ImageNotFoundError, InputError: nothing was stored.
        """
        when = self._context.clock() if at is None else events.parse_time(at)
        found = [
            events.checked_event(user, image, kind, at=when, value=value)
            for image in self._context.ids(images).tolist()
        ]
        with self._context.catalog.writing("storing feedback"):
            return self._context.catalog.feedback.add(found)

    def import_feedback(self, path: Path) -> FeedbackImport:
        """Store the events of a CSV file with the columns user, image, kind, and optionally at and value.

        Lines that cannot be used are listed in `failed`, the others are stored; importing a file twice adds
        nothing. Takes the write lock.

        Raises:
            PathNotFoundError, InputError: the file as a whole.
        """
        context = self._context
        with context.catalog.writing("importing feedback"):
            read = events.read_events(context.tools.tables, os.fspath(path), self._image, now=context.clock())
            return events.keep_all(read, context.catalog.feedback.add)

    def import_sets(self, path: Path) -> FeedbackImport:
        """Import sets that go together, from a CSV file with the columns set (an order, an outfit) and image.

        Takes the write lock; all usable lines are stored at once.
        """
        context = self._context
        with context.catalog.writing("importing sets"):
            read = events.read_sets(context.tools.tables, os.fspath(path), self._image)
            return events.keep_sets(read, context.catalog.feedback.add_sets)

    def users(self) -> Mapping[str, int]:
        """{user: number of events}, by name."""
        return self._context.catalog.feedback.users()

    def export(self, user: str) -> Sequence[UserEvent]:
        """Everything stored about a user, oldest first.

        Raises:
            NotFoundError: nothing is stored about them.
        """
        catalog = self._context.catalog
        found = catalog.feedback.events(user)
        if not found:
            raise _nobody(user)
        records = {one.id: one for one in catalog.images.get(sorted({event.image for event in found}))}
        return [
            UserEvent(
                user=event.user,
                image_id=records[event.image].image_id,
                path=next(iter(records[event.image].paths), ""),
                kind=event.kind,
                at=events.shown_time(event.at),
                value=event.value,
            )
            for event in found
        ]

    def erase(self, user: str) -> int:
        """Delete everything stored about a user, from disk too; the number of events. Takes the write lock.

        Raises:
            NotFoundError: nothing is stored about them.   LibraryBusyError.
        """
        with self._context.catalog.writing("erasing feedback"):
            erased = self._context.catalog.feedback.erase(user)
        if not erased:
            raise _nobody(user)
        return erased

    # --- parts

    def _wish(
        self,
        k: int,
        diverse: float,
        boost: Mapping[str, float] | Sequence[str] | None,
        where: Where | Sequence[str] | None,
        folders: Sequence[Path],
        *,
        novel: float = 0.0,
        seen: bool = False,
        half_life: float = HALF_LIFE_DAYS,
    ) -> Wish:
        """Validate the request."""
        return Wish(
            k=k,
            diverse=diverse,
            novel=novel,
            boosts=parse_boosts(boost),
            only=self._context.among(where, folders),
            seen=seen,
            half_life=half_life,
            now=self._context.clock(),
        )

    def _kin(self, ids: Ids) -> Ids:
        """Sorted ids of these images and their copies, as far as the encoder can tell."""
        spaces = self._context.spaces
        threshold = spaces.copy_threshold()
        if threshold is None:
            return np.unique(ids)
        return copies_of(self._context.catalog, spaces.reader(Role.COPY), threshold, ids)

    def _image(self, name: str) -> int:
        """The id of an image given as a file or an id. Raises ImageNotFoundError."""
        return self._context.record(named_image(name)).id


def _nobody(user: str) -> NotFoundError:
    return NotFoundError(f"nothing is stored about {user!r}", hint="saccade feedback list")
