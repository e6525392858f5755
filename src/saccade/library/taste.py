"""Recommendation and feedback: this part of the facade."""

import os
import time
from collections.abc import Mapping, Sequence

import numpy as np

from saccade.core.errors import InvalidQueryError, NotFoundError
from saccade.core.filters import Where
from saccade.core.ports import ReportProgress
from saccade.core.ranking import ReplayReport
from saccade.core.types import Ids, Role
from saccade.library.events import (
    checked_event,
    keep_all,
    keep_sets,
    parse_time,
    read_events,
    read_sets,
    shown_time,
)
from saccade.library.inputs import weighted
from saccade.library.looks import StyleTools
from saccade.library.parts import Path
from saccade.usecases.recommendations.flow.boosts import parse_boosts
from saccade.usecases.recommendations.flow.pools import Liked, Wish
from saccade.usecases.recommendations.flow.recommending import recommend_like, recommend_to_user
from saccade.usecases.recommendations.flow.replay import replay
from saccade.usecases.recommendations.flow.together import Seed, goes_with
from saccade.usecases.recommendations.rules.taste import HALF_LIFE_DAYS, Imported, Recommendations, UserEvent

_COPIES = 100
"""Copies of one picture that are left out of its recommendations."""


class TasteTools(StyleTools):
    """See `Library`."""

    def recommend(
        self,
        user: str | None = None,
        *,
        images: object = None,
        k: int = 20,
        diverse: float = 0.0,
        novel: float = 0.0,
        boost: Mapping[str, float] | Sequence[str] | None = None,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        seen: bool = False,
        half_life: float = HALF_LIFE_DAYS,
    ) -> Recommendations:
        """The k images that fit a user's taste best, each with its reasons.

        Somebody of whom nothing is known gets what is popular, or a cross-section of the library; `basis`
        and `note` of the answer say which.

        Args:
            user: as feedback names them; or None, with `images`: pictures to take for liked.
            images: a picture (path, bytes, pixels, image id), or a list, also of (picture, weight) pairs.
            diverse: 0 the best as they come, 1 as unlike each other as can be.
            novel: 0 with the crowd, 0.5 without regard to it, 1 away from it.
            boost: {"price": -0.2, "recency": 0.3} or ["price:-0.2"]: imported columns, by rank. 1 makes up
                for the way from an ordinary image to the best one.
            seen: whether images the user had to do with, and their copies, may come again.
            half_life: days after which an event counts half.
        Raises:
            InvalidQueryError, InvalidFilterError, InputError: the question.   NoImagesError: nothing is left.
        """
        if (user is None) == (images is None):
            raise InvalidQueryError(
                "recommend to a user or by images, one of both", hint="--user NAME, or name images"
            )
        wish = self._wish(k, diverse, boost, where, folders, novel=novel, seen=seen, half_life=half_life)
        reader = self._spaces.reader(Role.SEMANTIC)
        spread = self._spaces.calibration(reader).image_spread
        if user is not None:
            return recommend_to_user(self._catalog, reader, spread, user.strip(), wish, kin=self._kin)
        pairs = weighted(images)
        if not pairs:
            raise InvalidQueryError("no image was given", hint="name one or more")
        parts = [self._spaces.picture_part(picture, weight, reader.space) for picture, weight in pairs]
        known = [self._spaces.known_image(picture, reader.space) for picture, _ in pairs]
        liked = Liked(
            rows=np.stack([part.vector for part in parts]),
            weights=np.array([part.weight for part in parts]),
            kinds=["given"] * len(parts),
            paths=[part.label for part in parts],
        )
        own = np.array([image for image in known if image is not None], np.int64)
        return recommend_like(self._catalog, reader, spread, liked, wish, images=own, kin=self._kin)

    def goes_with(
        self,
        images: object,
        *,
        k: int = 20,
        diverse: float = 0.0,
        boost: Mapping[str, float] | Sequence[str] | None = None,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
    ) -> Recommendations:
        """The k images that go with those given, by the sets that were imported (`import_sets`).

        An image that no set holds is answered for by those in sets that look like it: `basis` is then
        "look-alikes", and `note` names them.

        Raises:
            InputError: no sets were imported, or nothing goes with these.
        """
        wish = self._wish(k, diverse, boost, where, folders)
        reader = self._spaces.reader(Role.SEMANTIC)
        seeds = []
        for picture, weight in weighted(images):
            part = self._spaces.picture_part(picture, weight, reader.space)
            known = self._spaces.known_image(picture, reader.space)
            seeds.append(Seed(image=known, row=part.vector[np.newaxis], path=part.label))
        if not seeds:
            raise InvalidQueryError("no image was given", hint="name one or more")
        return goes_with(self._catalog, reader, self._spaces.calibration(reader), seeds, wish)

    def feedback(
        self,
        user: str,
        kind: str,
        images: Sequence[Path] | Path,
        *,
        at: float | str | None = None,
        value: float = 1.0,
    ) -> int:
        """Keep what a user did with images; number of events that were new.

        Args:
            user: any text.   kind: "like", "dislike", "click", "view" or "buy".
            images: files or image ids.
            at: UTC seconds since 1970, or ISO 8601; now when None.
            value: strength, 1 for an ordinary one.
        Raises:
            ImageNotFoundError, InputError: nothing was kept.
        """
        names = [images] if isinstance(images, (str, os.PathLike)) else list(images)
        when = time.time() if at is None else parse_time(at) if isinstance(at, str) else at
        events = [
            checked_event(user, image, kind, at=when, value=value) for image in self._ids(names).tolist()
        ]
        return self._catalog.feedback.add(events)

    def import_feedback(self, path: Path) -> Imported:
        """Keep the events of a CSV file with the columns user, image, kind, and at will: at, value.

        Lines that cannot be used are told in `failed`, the others kept; importing twice adds nothing.

        Raises:
            PathNotFoundError, InputError: the file as a whole.
        """
        return keep_all(read_events(os.fspath(path), self._image), self._catalog.feedback.add)

    def import_sets(self, path: Path) -> Imported:
        """Keep what goes together, from a CSV file with the columns set (an order, an outfit) and image."""
        return keep_sets(read_sets(os.fspath(path), self._image), self._catalog.feedback.add_sets)

    def feedback_users(self) -> dict[str, int]:
        """{user: number of events}, by name."""
        return dict(self._catalog.feedback.users())

    def export_feedback(self, user: str) -> list[UserEvent]:
        """Everything kept of a user, oldest first.

        Raises:
            NotFoundError: nothing is kept of them.
        """
        events = self._catalog.feedback.events(user)
        if not events:
            raise NotFoundError(f"nothing is kept of {user!r}", hint="saccade feedback list")
        records = {one.id: one for one in self._catalog.images.get(sorted({event.image for event in events}))}
        return [
            UserEvent(
                user=event.user,
                image_id=records[event.image].image_id,
                path=next(iter(records[event.image].paths), ""),
                kind=event.kind,
                at=shown_time(event.at),
                value=event.value,
            )
            for event in events
        ]

    def erase_user(self, user: str) -> int:
        """Delete everything kept of a user, on the disk too; number of events erased.

        Raises:
            NotFoundError: nothing is kept of them.   LibraryBusyError.
        """
        erased = self._catalog.feedback.erase(user)
        if not erased:
            raise NotFoundError(f"nothing is kept of {user!r}", hint="saccade feedback list")
        return erased

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
        """How well recommendations would have foreseen what users did, against simpler ways.

        Each user's events are cut in time; what was liked, bought or clicked in the last part is to be found.

        Args:
            held_out: share of each user's liked images that is to be found.
            seed: of the random list and the intervals.
        Raises:
            InputError: too few events to judge by.
        """
        reader = self._spaces.reader(Role.SEMANTIC)
        return replay(
            self._catalog,
            reader,
            self._spaces.calibration(reader).image_spread,
            k=k,
            held_out=held_out,
            seed=seed,
            report=progress or (lambda _: None),
            diverse=diverse,
            novel=novel,
            half_life=half_life,
            only=self._among(where, folders),
        )

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
        """What was asked for, checked."""
        return Wish(
            k=k,
            diverse=diverse,
            novel=novel,
            boosts=parse_boosts(boost),
            only=self._among(where, folders),
            seen=seen,
            half_life=half_life,
            now=time.time(),
        )

    def _kin(self, ids: Ids) -> Ids:
        """Sorted ids of these images and of their copies, as far as the encoder can tell."""
        own = np.unique(ids)
        threshold = self._spaces.copy_threshold()
        if threshold is None:
            return own
        reader = self._spaces.reader(Role.COPY)
        embedded = np.setdiff1d(own, self._catalog.embeddings.unembedded(reader.space.id))
        if not len(embedded):
            return own
        rows = self._catalog.embeddings.get(reader.space.id, embedded)
        near, scores = reader.best_scores(rows, _COPIES)
        return np.union1d(own, near[scores >= threshold])

    def _image(self, name: str) -> int:
        """The id of an image named by a file or its id. Raises ImageNotFoundError."""
        return self._record(name).id
