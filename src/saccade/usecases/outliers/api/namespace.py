"""The namespace: unusual images, technical flaws, and pictures that differ from good ones."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from saccade.core.errors import NoImagesError
from saccade.core.filters import Where
from saccade.core.pictures import ImageId, Path, Picture
from saccade.core.ports.decoders import ReportProgress
from saccade.core.types import PixelRecipe
from saccade.engine.context import LibraryContext
from saccade.usecases.outliers.api.selection import existing_file, present, subjects_of
from saccade.usecases.outliers.flow import inspection, models
from saccade.usecases.outliers.flow.finding import Compared, OutlierQuery, compare, outliers_of, report_of
from saccade.usecases.outliers.flow.heating import check_heat, heat_map_of
from saccade.usecases.outliers.flow.judging import inspect_pictures
from saccade.usecases.outliers.flow.methods import compared_rows, default_basis, default_method, features_of
from saccade.usecases.outliers.flow.patches import subject_batches
from saccade.usecases.outliers.flow.quality import check_quality
from saccade.usecases.outliers.rules.heat import HeatMap
from saccade.usecases.outliers.rules.quality import SIZE, QualityReport
from saccade.usecases.outliers.rules.reports import InspectionModel, InspectionReport, Outlier, OutlierReport


class Outliers:
    """Outliers, flaws and defects in one library."""

    def __init__(self, context: LibraryContext) -> None:
        self._context = context

    def find(
        self,
        *,
        mode: str = "knn",
        by: str | None = None,
        k: int = 30,
        top: int = 50,
        store: bool = True,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        progress: ReportProgress | None = None,
    ) -> OutlierReport:
        """Find the most unusual images.

        Takes the library's write lock, for a moment each time, to store the looks as they are measured and
        the values at the end, each atomically.

        Args:
            mode: "knn" (distance to the k-th nearest image) or "lof" (less dense around it than around its
                neighbors: finds what is unusual for its part of the collection).
            by: "look" (texture, color, sharpness: pixels are read once, and the result is stored) or
                "content" (by embeddings). None: by look, if the encoder supports it.
            k: unrelated images in groups of up to k are found; a larger group is a cluster.
            top: maximum number of outliers in the report; all images are compared and counted.
            store: whether to store every image's value as the field `outlier` (or `outlier_lof`).
            where, folders: only these images, compared with each other.
            progress: called a few times per second.
        Raises:
            InputError: fewer than k + 1 images, all of them the same, or an option out of range.
            EncoderUnavailableError: by "look", and the encoder does not support it.
            LibraryBusyError: another process is writing.
        """
        started = time.perf_counter()
        query = OutlierQuery(mode=mode, by=by or self._basis(), k=k, top=top, store=store)
        compared = self._compare(query, where, folders, progress)
        return report_of(self._context.catalog, compared, started=started)

    def iter_outliers(
        self,
        *,
        mode: str = "knn",
        by: str | None = None,
        k: int = 30,
        top: int | None = None,
        store: bool = True,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        progress: ReportProgress | None = None,
    ) -> Iterator[Outlier]:
        """The outliers of `find`, in the same order, page by page: for lists too long for its report.

        Arguments and errors are those of `find`; `top=None` gives all images. The call compares them; their
        records are read later, as they are taken. Files that cannot be read are left out, and so are images
        erased since.
        """
        query = OutlierQuery(mode=mode, by=by or self._basis(), k=k, top=top, store=store)
        return outliers_of(self._context.catalog, self._compare(query, where, folders, progress))

    def quality(
        self,
        *,
        top: int = 20,
        store: bool = True,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        progress: ReportProgress | None = None,
    ) -> QualityReport:
        """Find technical flaws: blurred, dark, overexposed, empty, tiny or odd images, and screenshots.

        Each image is measured once, on a copy of 512 pixels; scores in [0, 1] with a threshold of 0.5. Takes
        the library's write lock, for a moment each time, to store the scores as they are measured: all issues
        of an image together, or none.

        Args:
            top: maximum number of images listed for each issue; all are counted.
            store: whether to store the scores as fields `blur`, `dark`, ...: filters use `data.blur>=0.5`.
            where, folders: only these images.
            progress: called a few times per second.
        Raises:
            LibraryBusyError: another process is writing.
        """
        context = self._context
        ids = present(context, where, folders)
        recipe = PixelRecipe(size=SIZE, fit="contain", resample="bilinear")
        with context.jobs.run("quality", progress) as job, context.open_decoder(recipe) as decoder:
            report = check_quality(context.catalog, decoder, ids, top=top, store=store, report=job.report)
            job.done(checked=len(ids))
        return report

    def train(
        self,
        name: str,
        good: Sequence[Path] = (),
        *,
        false_alarms: float = inspection.FALSE_ALARMS,
        method: str | None = None,
        seed: int = 0,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        progress: ReportProgress | None = None,
    ) -> InspectionModel:
        """Learn what good pictures look like, from good ones only; stored as a new version of `name`.

        Takes the library's write lock to store the model, after all computing.

        Args:
            name: of the model.
            good: files and folders; they need not be in the library.
            false_alarms: accepted share of good pictures called bad; sets the threshold.
            method: "patches" (can say where) or "embeddings" (whole pictures, any encoder). None: whichever
                the encoder supports.
            seed: random seed.
            where, folders: good images of the library (in addition).
            progress: called a few times per second.
        Raises:
            NoImagesError, InputError: no good pictures, fewer than two, or all the same.
            EncoderUnavailableError: by patches, and the encoder does not support it.
            LibraryBusyError: another process is writing.
        """
        context = self._context
        inspection.check_rate(false_alarms)
        encoder = context.spaces.encoder()
        chosen_method = method or default_method(encoder)
        features = features_of(encoder, chosen_method)
        subjects, failed = subjects_of(context, good, where, folders)
        if not subjects:
            raise NoImagesError("there are no good pictures to learn from", hint="add some: --good FOLDER")
        subjects = inspection.chosen(subjects, seed)
        with (
            context.jobs.run("train", progress) as job,
            context.open_decoder(encoder.info.recipe) as decoder,
        ):
            model = inspection.train(
                context.catalog,
                features,
                subject_batches(decoder, subjects),
                subjects,
                name=name,
                method=chosen_method,
                encoder=encoder.info.fingerprint,
                false_alarms=false_alarms,
                seed=seed,
                report=job.report,
            )
            job.done(good=model.good)
        return replace(model, failed=(*failed, *model.failed))

    def inspect(
        self,
        name: str,
        files: Sequence[Path] = (),
        *,
        version: int | None = None,
        top: int = 50,
        store: bool = True,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        progress: ReportProgress | None = None,
    ) -> InspectionReport:
        """Judge pictures by a model, worst first.

        Takes the library's write lock to store the values, after all computing; all are stored, or none.

        Args:
            name: of the model.
            files: files and folders; without these and without a filter, the whole library is judged.
            version: of the model; None for the newest.
            top: maximum number of inspections in the report; all pictures are judged and counted.
            store: whether to store the values of the library's own images as the field `anomaly_NAME`.
            where, folders: images of the library.
            progress: called a few times per second.
        Raises:
            NotFoundError: no such model.
            EncoderMismatchError: it was trained with another encoder.
            NoImagesError: nothing to judge.
            LibraryBusyError: another process is writing.
        """
        started = time.perf_counter()
        context = self._context
        encoder = context.spaces.encoder()
        trained = models.load_model(context.catalog, name, encoder.info, version)
        everything = not files and not where and not folders
        subjects, failed = subjects_of(context, files, where, folders, everything=everything)
        if not subjects:
            raise NoImagesError("there is nothing to judge", hint="give files, folders or a filter")
        with (
            context.jobs.run("inspect", progress) as job,
            context.open_decoder(encoder.info.recipe) as decoder,
        ):
            report = inspect_pictures(
                context.catalog,
                trained,
                features_of(encoder, trained.model.method),
                subject_batches(decoder, subjects),
                subjects,
                top=top,
                store=store,
                report=job.report,
            )
            job.done(images=report.images, bad=report.bad)
        return replace(report, failed=(*failed, *report.failed), seconds=time.perf_counter() - started)

    def heat_map(self, image: Picture, name: str, *, version: int | None = None, size: int = 512) -> HeatMap:
        """Where a picture differs from good ones; its `overlay()` shows it. Writes nothing.

        Args:
            image: a path, an `ImageId`, encoded bytes, pixels, or a PIL image.
            name: of a model that was trained by patches.
            version: of the model; None for the newest.
            size: longest side of the heat map, pixels, from 1 to 4096.
        Raises:
            NotFoundError: no such model.
            EncoderMismatchError: it was trained with another encoder.
            InputError: the model judges whole pictures only, or the size is out of range.
            UnreadableImageError, PathNotFoundError, ImageNotFoundError: the picture.
        """
        context = self._context
        encoder = context.spaces.encoder()
        trained = models.load_model(context.catalog, name, encoder.info, version)
        check_heat(trained, size)
        if isinstance(image, ImageId):
            image = existing_file(context.record(image))
        shown = PixelRecipe(size=size, fit="contain", resample="bilinear")
        return heat_map_of(
            trained,
            features_of(encoder, trained.model.method),
            context.decoded(image, encoder.info.recipe),
            context.decoded(image, shown),
        )

    def models(self) -> Sequence[InspectionModel]:
        """Every version of every model, by name, newest first."""
        return models.models(self._context.catalog)

    def forget(self, name: str) -> int:
        """Delete all versions of a model; number deleted. Takes the library's write lock.

        Raises:
            LibraryBusyError: another process is writing.
        """
        catalog = self._context.catalog
        with catalog.unit("deleting a model"):
            return catalog.results.remove(models.KIND, name)

    def _basis(self) -> str:
        return default_basis(self._context.spaces.encoder())

    def _compare(
        self,
        query: OutlierQuery,
        where: Where | Sequence[str] | None,
        folders: Sequence[Path],
        progress: ReportProgress | None,
    ) -> Compared:
        """Compare the selected images, as a job."""
        context = self._context
        query.check()
        ids = present(context, where, folders)
        query.check_count(len(ids))
        with context.jobs.run("outliers", progress) as job:
            rows = compared_rows(context, context.spaces.encoder(), query, ids, job.report)
            compared = compare(context.catalog, rows, query)
            job.done(compared=len(ids))
        return compared
