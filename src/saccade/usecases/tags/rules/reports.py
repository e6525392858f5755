"""Labels and reports of tagging: values only."""

from dataclasses import dataclass

from saccade.core.types import Failure

ZERO_SHOT = "zero-shot"
"""Origin of tags that come from the words of the labels alone."""
PERSON = "person"
"""Origin of tags that a person gave."""
LONGEST_LABEL = 200
"""Maximum characters of a label's path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """Something an image may show.

    Attributes:
        path: its name, below its parents' names: "animal/dog".
        texts: its name and synonyms, each a text to compare images with.
    """

    path: str
    texts: tuple[str, ...]

    @property
    def parents(self) -> tuple[str, ...]:
        """Paths of everything it is a kind of, nearest first: "a/b/c" is an "a/b" and an "a"."""
        parts = self.path.split("/")
        return tuple("/".join(parts[:depth]) for depth in range(len(parts) - 1, 0, -1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """Labels in their given order, and notes on how they were read."""

    labels: tuple[Label, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An image as an example of a label.

    Attributes:
        path: one of its files.
        image_id: SHA-256 of its bytes, hexadecimal.
        confidence: in [0, 1].
    """

    path: str
    image_id: str
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSummary:
    """The summary of one label.

    Attributes:
        label: its path.
        images: how many now have it (or would).
        share: estimated share in [0, 1] of the library's images that show it, tagged or not.
        threshold: confidence in [0, 1] from which an image has it; 0 if its children decide.
        best: images that have it, most confident first.
        borderline: images that have it, least confident first, to check the threshold.
    """

    label: str
    images: int
    share: float
    threshold: float
    best: tuple[Example, ...] = ()
    borderline: tuple[Example, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggingReport:
    """The result of a tagging run.

    Attributes:
        origin: of the tags.
        images: images examined.
        tagged: those that now have a label; the rest are "none of these".
        tags: total tags, including those of parents.
        labels: one for each label, most frequent first.
        written: whether they were stored (not in a dry run).
        notes: further remarks, a sentence each.
        seconds: wall time.
    """

    origin: str
    images: int
    tagged: int
    tags: int
    labels: tuple[LabelSummary, ...]
    written: bool
    notes: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportReport:
    """The result of an export.

    Attributes:
        format: "csv", "xmp", "hf", "coco" or "files".
        images: images that have tags to export.
        written: files written (or that would be).
        unchanged: files that already have the tags.
        skipped: files that could not be written, with the reason.
        kept: the folder of the originals, if image files were written.
        applied: whether anything was written (not in a dry run).
    """

    format: str
    images: int
    written: tuple[str, ...]
    unchanged: int
    skipped: tuple[Failure, ...]
    kept: str | None
    applied: bool
