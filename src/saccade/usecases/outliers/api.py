"""Outliers, inspection models and quality issues: this part of the facade."""

import os
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from saccade.core.errors import EncoderUnavailableError, InputError, NoImagesError, UnreadableImageError
from saccade.core.filters import Where
from saccade.core.paths import MEMBER
from saccade.core.ports import ReportProgress
from saccade.core.types import Decoded, FileEntry, Ids, PixelRecipe, Pixels, Progress, Role
from saccade.library.inputs import absolute, picture_task
from saccade.library.parts import LibraryParts, Path
from saccade.sources.pool import GuardedDecoder
from saccade.sources.walk import walk
from saccade.usecases.outliers.flow.finding import Asked, Rows, find_outliers
from saccade.usecases.outliers.flow.inspection import (
    FALSE_ALARMS,
    METHODS,
    Trained,
    check_rate,
    chosen,
    column_of,
    inspections,
    judge,
    keep_values,
    load_model,
    models,
    ratio_of,
    train,
)
from saccade.usecases.outliers.flow.looks import LookMaker
from saccade.usecases.outliers.flow.patches import (
    Features,
    Subject,
    look_encoder,
    patch_features,
    subject_batches,
    whole_features,
)
from saccade.usecases.outliers.flow.quality import check_quality
from saccade.usecases.outliers.rules.inspection import enlarged, overlay, share_below
from saccade.usecases.outliers.rules.quality import SIZE, QualityReport
from saccade.usecases.outliers.rules.reports import HeatMap, InspectionModel, InspectionReport, OutlierReport

NEIGHBORS = 30


class OutlierTools(LibraryParts):
    """See `Library`."""

    def outliers(
        self,
        *,
        mode: str = "knn",
        by: str | None = None,
        k: int = NEIGHBORS,
        top: int = 50,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        keep: bool = True,
        progress: ReportProgress | None = None,
    ) -> OutlierReport:
        """The most unusual images: what does not belong here.

        Args:
            mode: "knn" (distance to the k-th nearest image) or "lof" (less dense around it than around its
                neighbors: finds what is odd for its own corner of the collection).
            by: "look" (texture, color, sharpness: pixels are read once, and remembered) or "content" (what
                the embeddings say it shows). None: look, if the encoder can.
            k: strangers that come in groups of up to k are found; larger groups are a theme of their own.
            where, folders: only these images, compared with each other.
            keep: store every image's value as the column `outlier` (or `outlier_lof`).
        Raises:
            InputError: fewer than k + 1 images, all alike, or an option that has no meaning.
            EncoderUnavailableError: by "look", and the encoder cannot.
        """
        started = time.perf_counter()
        report = progress or _silent
        encoder = self._spaces.encoder
        looker = look_encoder(encoder)
        asked = Asked(mode=mode, by=by or ("look" if looker else "content"), k=k, top=top, keep=keep)
        asked.check()
        ids = self._present(where, folders)
        if len(ids) < k + 1:  # said before any picture is read
            return find_outliers(self._catalog, _no_rows(ids), asked, started=started)
        if asked.by == "content":
            known, rows = self._spaces.reader(Role.SEMANTIC).everything()
            wanted = np.isin(known, ids)
            given = Rows(ids=known[wanted], rows=rows[wanted], remainder=False)
        else:
            if looker is None:
                raise EncoderUnavailableError(
                    f"encoder {encoder.info.name!r} does not sum up how pictures look",
                    hint="compare what images show: --by content",
                )
            with self._decoder() as decoder:
                maker = LookMaker(
                    self._catalog, decoder, looker, encoder.info.fingerprint, keep=keep, report=report
                )
                looks = maker.measure(ids)
            given = Rows(ids=looks.ids, rows=looks.rows, remainder=True, failed=looks.failed)
        return find_outliers(self._catalog, given, asked, started=started)

    def train_inspection(
        self,
        name: str,
        good: Sequence[Path] = (),
        *,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        false_alarms: float = FALSE_ALARMS,
        method: str | None = None,
        seed: int = 0,
        progress: ReportProgress | None = None,
    ) -> InspectionModel:
        """Learn what good pictures look like, from good ones only; kept under the name as a new version.

        Args:
            good: files and folders; they need not be in the library.
            where, folders: good images of the library (in addition).
            false_alarms: share of good pictures that may be called bad; sets the limit.
            method: "patches" (sees where) or "embeddings" (whole pictures, any encoder). None: what the
                encoder can.
            seed: of every random choice.
        Raises:
            NoImagesError, InputError: no good pictures, fewer than two, or all the same.
        """
        check_rate(false_alarms)
        way = method or ("patches" if patch_features(self._spaces.encoder) else "embeddings")
        features = self._features(way)
        subjects = self._subjects(good, where, folders)
        if not subjects:
            raise NoImagesError("there are no good pictures to learn from", hint="name some: --good FOLDER")
        subjects = chosen(subjects, seed)
        with self._decoder() as decoder:
            return train(
                self._catalog,
                features,
                subject_batches(decoder, subjects),
                subjects,
                name=name,
                method=way,
                encoder=self._spaces.encoder.info.fingerprint,
                false_alarms=false_alarms,
                seed=seed,
                report=progress or _silent,
            )

    def inspect(
        self,
        name: str,
        files: Sequence[Path] = (),
        *,
        version: int | None = None,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        top: int = 50,
        keep: bool = True,
        progress: ReportProgress | None = None,
    ) -> InspectionReport:
        """Judge pictures by a model, worst first.

        Args:
            name, version: the model; its newest version.
            files: files and folders; with neither these nor a filter, the whole library.
            where, folders: images of the library.
            top: most inspections wanted; all pictures are judged and counted.
            keep: store the values of the library's own images as the column `anomaly_NAME`.
        Raises:
            NotFoundError: no such model.   EncoderMismatchError: it was trained with another encoder.
            NoImagesError: nothing to judge.
        """
        started = time.perf_counter()
        trained = self._model(name, version)
        everything = not files and not where and not folders
        subjects = self._subjects(files, where, folders, everything=everything)
        if not subjects:
            raise NoImagesError("there is nothing to judge", hint="name files, folders or a filter")
        features = self._features(trained.model.method)
        with self._decoder() as decoder:
            batches = subject_batches(decoder, subjects)
            judged, failed = judge(trained, features, batches, len(subjects), progress or _silent)
        threshold = trained.model.threshold
        column = column_of(name) if keep and any(one.image is not None for one in subjects) else ""
        if column:
            keep_values(self._catalog, column, trained, judged, subjects)
        return InspectionReport(
            model=trained.model,
            images=len(judged),
            bad=sum(ratio_of(one.value, threshold) > 1.0 for one in judged),
            inspections=tuple(inspections(trained, judged, subjects, top)),
            column=column,
            failed=tuple(failed),
            seconds=time.perf_counter() - started,
        )

    def heat_map(self, image: object, model: str, *, size: int = 512) -> NDArray[np.float32]:
        """Where a picture is unlike good ones: (h, w) float32 in [0, 1], longest side `size`, 0.5 the limit.

        Args:
            image: a path, encoded bytes, pixels, or a PIL image.   model: name of a trained model.
        Raises:
            InputError: the model knows whole pictures only.   UnreadableImageError, NotFoundError.
        """
        return self.heat(image, model, size=size).heat

    def heat_overlay(self, image: object, model: str, *, size: int = 512) -> Pixels:
        """The picture in gray with its heat map on it: (h, w, 3) uint8."""
        found = self.heat(image, model, size=size)
        return overlay(found.pixels, found.heat)

    def heat_jpeg(self, image: object, model: str, *, size: int = 512) -> bytes:
        """The same as a JPEG file."""
        from saccade.sources.pictures import to_jpeg

        return to_jpeg(self.heat_overlay(image, model, size=size))

    def heat(self, image: object, model: str, *, size: int = 512) -> HeatMap:
        """Heat map, picture and measures together, see `heat_map`."""
        trained = self._model(model, None)
        if trained.model.method != "patches":
            raise InputError(
                f"the model {model!r} knows whole pictures only, so it cannot say where",
                hint="train it by patches, with an encoder that sees them",
            )
        if not 1 <= size <= 4096:
            raise InputError(f"size is {size}; it must be 1 to 4096 pixels", hint="e.g. size=512")
        subject = [(0, self._picture(image, self._spaces.encoder.info.recipe))]
        shown = self._picture(image, PixelRecipe(size=size, fit="contain", resample="bilinear")).pixels
        (judged,), _ = judge(trained, self._features("patches"), [(subject, [])], 1, _silent)
        return HeatMap(
            heat=enlarged(judged.heat, shown.shape[0], shown.shape[1]),
            pixels=shown,
            facts={
                "value": ratio_of(judged.value, trained.model.threshold),
                "score": share_below(trained.good, judged.value),
            },
        )

    def inspection_models(self) -> list[InspectionModel]:
        """Every version of every model, by name, newest first."""
        return models(self._catalog)

    def forget_inspection(self, name: str) -> int:
        """Delete all versions of a model; number deleted."""
        return self._catalog.results.remove("outliers", name)

    def quality(
        self,
        *,
        top: int = 20,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        keep: bool = True,
        progress: ReportProgress | None = None,
    ) -> QualityReport:
        """What is technically wrong with images: blurred, dark, overexposed, empty, tiny, odd, screenshots.

        Each image is measured once, on a copy of 512 pixels; scores in [0, 1] with the threshold at 0.5.

        Args:
            top: most images told of each issue; all are counted.
            keep: store the scores as columns `blur`, `dark`, ...: filters say `data.blur>=0.5`.
        """
        recipe = PixelRecipe(size=SIZE, fit="contain", resample="bilinear")
        with self._decoder(recipe) as decoder:
            return check_quality(
                self._catalog,
                decoder,
                self._present(where, folders),
                top=top,
                keep=keep,
                report=progress or _silent,
            )

    # --- parts

    def _present(self, where: Where | Sequence[str] | None, folders: Sequence[Path]) -> Ids:
        """Sorted ids of the images asked for that have an embedding; of all if nothing was asked for."""
        among = self._among(where, folders)
        ids, _ = self._spaces.reader(Role.SEMANTIC).everything()
        return ids if among is None else np.intersect1d(ids, among)

    def _features(self, method: str) -> Features:
        """What the method looks at."""
        if method not in METHODS:
            raise InputError(f"no method is called {method!r}", hint=f"one of: {', '.join(METHODS)}")
        if method == "embeddings":
            return whole_features(self._spaces.encoder)
        features = patch_features(self._spaces.encoder)
        if features is None:
            raise EncoderUnavailableError(
                f"encoder {self._spaces.encoder.info.name!r} sees no patches",
                hint="judge whole pictures: --method embeddings",
            )
        return features

    def _model(self, name: str, version: int | None) -> Trained:
        return load_model(self._catalog, name, self._spaces.encoder.info.fingerprint, version)

    def _subjects(
        self,
        files: Sequence[Path],
        where: Where | Sequence[str] | None,
        folders: Sequence[Path],
        *,
        everything: bool = False,
    ) -> list[Subject]:
        """The pictures named: files and all files in folders, and images of the library."""
        found = [Subject(path=path) for place in absolute(files) for path in self._below(place)]
        if where or folders or everything:
            records = self._catalog.images.get(self._present(where, folders).tolist())
            found += [Subject.of(record) for record in records if record.paths]
        return found

    def _below(self, place: str) -> list[str]:
        """Pictures at or below a path; an archive's member as "ARCHIVE!/MEMBER" is one."""
        if MEMBER in place and not os.path.lexists(place):
            return [place]
        return [entry.path for entry in walk(place) if isinstance(entry, FileEntry) and entry.kind == "file"]

    def _picture(self, image: object, recipe: PixelRecipe) -> Decoded:
        """A picture of any form by a recipe. Raises UnreadableImageError."""
        task = picture_task(image)
        with GuardedDecoder(recipe, workers=1) as decoder:
            (outcome,) = decoder.decode([task])
        if not isinstance(outcome, Decoded):
            reason = getattr(outcome, "reason", "it was not decoded")
            raise UnreadableImageError(f"{task.path}: {reason}", hint="give another picture")
        return outcome


def _no_rows(ids: Ids) -> Rows:
    return Rows(ids=ids, rows=np.zeros((len(ids), 1), np.float32), remainder=False)


def _silent(_: Progress) -> None:
    """Report to nobody."""
