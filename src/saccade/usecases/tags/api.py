"""`lib.tags`: labels on images, by hand, from words alone, and from a few examples."""

from collections.abc import Iterator, Mapping, Sequence

from saccade.core.filters import Where
from saccade.core.pictures import ImageId, Path
from saccade.core.ports.decoders import ReportProgress
from saccade.core.ports.stores import Tag
from saccade.core.types import Role
from saccade.engine.context import LibraryContext
from saccade.engine.inputs import absolute
from saccade.usecases.tags.rules.encoder_fit import encoder_fit
from saccade.usecases.tags.rules.reports import (
    ClassifierVersion,
    ExportReport,
    ImageTags,
    SuggestionReport,
    TaggingReport,
    TeachingReport,
)

Images = Sequence[Path | ImageId]


class Tags:
    """Labels on the images of one library; filters use `tag=beach`."""

    def __init__(self, context: LibraryContext) -> None:
        self._context = context

    # --- by words

    def zero_shot(
        self,
        labels: Sequence[str] | Path,
        *,
        min_confidence: float | None = None,
        max_labels: int = 10,
        keep_others: bool = False,
        truth: str | None = None,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        dry_run: bool = False,
        progress: ReportProgress | None = None,
    ) -> TaggingReport:
        """Label images by the labels' words alone.

        Takes the library's write lock to store the tags, after all computing; all are stored, or none.

        Args:
            labels: a list of labels ("dog", "animal/dog", "sofa: couch, settee"), or the path of a file with
                labels: a list, an indented list, CSV or TOML.
            min_confidence: confidence in (0, 1) needed for a label; None for each label's threshold.
            max_labels: maximum labels per image.
            keep_others: keep earlier zero-shot tags of other labels; otherwise they are removed.
            truth: a text field with the correct labels, to fit on; None to fit on what people tagged.
            where, folders: only these images.
            dry_run: report what would be tagged, and store nothing.
        Raises:
            InputError: an empty or repeated label, an unreadable file, nothing to tag.
            InvalidQueryError: the encoder reads no text.
        """
        from saccade.usecases.tags.flow.taxonomy import taxonomy_of
        from saccade.usecases.tags.flow.zero_shot import zero_shot

        context = self._context
        encoder = context.spaces.encoder()
        fit = encoder_fit(encoder.info)
        taxonomy = taxonomy_of(labels, fit.languages)
        among = context.among(where, folders)
        with context.jobs.run("tags", progress) as job:
            report = zero_shot(
                context.catalog,
                encoder,
                context.spaces.reader(Role.SEMANTIC).space,
                taxonomy,
                fit,
                among=among,
                min_confidence=min_confidence,
                max_labels=max_labels,
                replace_others=not keep_others,
                truth=truth,
                dry_run=dry_run,
                report=job.report,
            )
            job.done(tagged=report.tagged)
        return report

    # --- by hand

    def set(self, labels: Sequence[str], images: Images) -> int:
        """Put labels on images, as a person; the number of tags written.

        Takes the library's write lock, and waits for it; all tags are written, or none.

        Raises:
            InputError: an empty label, or no image.
            ImageNotFoundError: an image that is not in the library; nothing is written.
        """
        from saccade.usecases.tags.flow.by_hand import add_labels

        return add_labels(self._context, labels, images)

    def remove(self, labels: Sequence[str], images: Images = ()) -> int:
        """Remove labels from images (from all by default), whatever their origin; the number of tags removed.

        Takes the library's write lock, and waits for it; all tags are removed, or none.
        """
        from saccade.usecases.tags.flow.by_hand import remove_labels

        return remove_labels(self._context, labels, images)

    def of(self, images: Images = ()) -> Mapping[str, Sequence[Tag]]:
        """{path: its tags, most confident first} of the given images, or of all that have any."""
        from saccade.usecases.tags.flow.by_hand import tags_of

        return tags_of(self._context, images)

    def iter_tags(
        self, *, where: Where | Sequence[str] | None = None, folders: Sequence[Path] = ()
    ) -> Iterator[ImageTags]:
        """Every tagged image with its tags, page by page: for libraries too large for `of`."""
        from saccade.usecases.tags.flow.by_hand import iter_tags

        return iter_tags(self._context.catalog, self._context.among(where, folders))

    def labels(self, origin: str | None = None) -> Mapping[str, int]:
        """{label: images that have it}, the most frequent first; of one origin ("person") or all."""
        return self._context.catalog.tags.labels(origin)

    # --- by examples

    def teach(
        self,
        name: str,
        *,
        yes: Images = (),
        no: Images = (),
        classes: Mapping[str, Images] | None = None,
        forget: Images = (),
        words: str | None = None,
        suggest: int = 8,
        min_confidence: float | None = None,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        seed: int = 0,
        dry_run: bool = False,
        progress: ReportProgress | None = None,
    ) -> TeachingReport:
        """Teach the library to recognize something by examples, and tag what it recognizes.

        Examples are added to earlier ones of the same name. Tags are named `name`; with `classes`,
        "name/class". A folder stands for all images in it.

        Takes the library's write lock to store the result, after all computing; version and tags are stored
        together, or neither. If someone else teaches the same name meanwhile, no example is lost.

        Args:
            yes, no: images that show it, and that do not.
            classes: {class: images} instead, to distinguish several classes.
            forget: images to drop from the examples.
            words: words that describe it, for an encoder that reads text; None for its name, "" for none.
            suggest: how many images to suggest to label next.
            min_confidence: confidence in (0, 1) needed for the tag; None for the classifier's threshold.
            where, folders: tag only these images.
            seed: random seed (of the folds for measuring and of stand-ins for "no").
            dry_run: report what would be done, and store nothing.
        Raises:
            InputError: contradictory examples, or nothing to distinguish.
            ImageNotFoundError: an example that is not in the library.
        """
        from saccade.usecases.tags.flow.lessons import LessonRequest, teach

        context = self._context
        lesson = LessonRequest(
            name=name,
            yes=yes,
            no=no,
            classes=classes,
            forget=forget,
            words=words,
            suggest=suggest,
            min_confidence=min_confidence,
        )
        numbers = encoder_fit(context.spaces.encoder().info)
        among = context.among(where, folders)
        with context.jobs.run("teach", progress) as job:
            return teach(
                context, lesson, numbers, among=among, seed=seed, dry_run=dry_run, progress=job.report
            )

    def suggest(
        self,
        name: str,
        count: int = 8,
        *,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        progress: ReportProgress | None = None,
    ) -> SuggestionReport:
        """Images to label next, chosen by the active version without learning anything. Stores no result.

        Raises:
            NotFoundError: no classifier is called this.
            EncoderMismatchError: it was taught with another encoder.
        """
        from saccade.usecases.tags.flow.lessons import suggest

        among = self._context.among(where, folders)
        with self._context.jobs.run("suggest", progress) as job:
            return suggest(self._context, name, count, among=among, progress=job.report)

    def classifiers(self, name: str | None = None) -> Sequence[ClassifierVersion]:
        """Every version of what was taught (under one name, or all), newest first."""
        from saccade.usecases.tags.flow.classifiers import versions

        return versions(self._context.catalog, name)

    def use(self, name: str, version: int, *, progress: ReportProgress | None = None) -> int:
        """Switch to another version, and tag the library with it again; the number of tags.

        Takes the library's write lock to store the result, after all computing; the version and its tags
        change together, or neither.

        Raises:
            NotFoundError: no such classifier or version.
            EncoderMismatchError: it was taught with another encoder.
        """
        from saccade.usecases.tags.flow.lessons import use

        with self._context.jobs.run("use", progress) as job:
            return use(self._context, name, version, progress=job.report)

    # --- for other programs

    def export(
        self,
        format: str,
        to: Path | None = None,
        *,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        dry_run: bool = False,
        progress: ReportProgress | None = None,
    ) -> ExportReport:
        """Write tags for other programs; each file is written atomically. Takes no lock.

        Args:
            format: "csv" (path, label, origin, score), "hf" (metadata.jsonl of an image folder), "coco"
                (annotations of whole images) or "xmp" (a sidecar IMG.jpg.xmp next to each image, merged into
                an existing one).
            to: the file to write; default: tags.csv, metadata.jsonl or tags.json next to the library. Not for
                "xmp".
            where, folders: only these images.
        Raises:
            InputError: an unknown format, or a file that exists.
        """
        from saccade.usecases.tags.flow.exporting import Export, export

        among = self._context.among(where, folders)
        target = None if to is None else absolute([to])[0]
        wanted = Export(format=format, target=target, among=among, dry_run=dry_run)
        with self._context.jobs.run("export", progress) as job:
            return export(self._context, wanted, job.report)

    def write_files(
        self,
        *,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        dry_run: bool = False,
        progress: ReportProgress | None = None,
    ) -> ExportReport:
        """Write tags into the JPEG files as XMP keywords; pixels are unchanged.

        The originals are kept in the library's folder (`restore_files` puts them back). Every new file is
        verified to show the same picture before it replaces the old one, and keeps its tags, fields and
        feedback in the library; other formats are skipped, with the reason.

        Holds the library's write lock throughout, like indexing. The catalog records files in units of some
        hundred; if a run is interrupted, the next call of either method records what it left.
        """
        from saccade.usecases.tags.flow.files import write_files

        among = self._context.among(where, folders)
        with self._context.jobs.run("write_files", progress) as job:
            return write_files(self._context, among, dry_run=dry_run, progress=job.report)

    def restore_files(self, *, dry_run: bool = False) -> ExportReport:
        """Put back every file that `write_files` changed, byte for byte.

        A file that was changed since is skipped, and its original is kept. Holds the library's write lock
        throughout, and records files as `write_files` does.
        """
        from saccade.usecases.tags.flow.files import restore_files

        with self._context.jobs.run("restore_files") as job:
            return restore_files(self._context, dry_run=dry_run, progress=job.report)
