"""Labels and reports of tagging: values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from saccade.core.ports.stores import Tag
from saccade.core.results import Listed
from saccade.core.types import Failure
from saccade.usecases.tags.rules.classifying import Measurement

ZERO_SHOT = "zero-shot"
"""Origin of tags that come from the words of the labels alone."""
PERSON = "person"
"""Origin of tags that a person gave."""
TAUGHT = "taught:"
"""What the origin of a classifier's tags begins with; its name follows."""
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
class Suggestion:
    """An image worth labeling next.

    Attributes:
        path: one of its files.
        image_id: SHA-256 of its bytes, hexadecimal.
        confidence: in [0, 1].
        why: "unsure", or "check": confident, but worth checking.
    """

    path: str
    image_id: str
    confidence: float
    why: Literal["unsure", "check"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SuggestionReport(Listed[Suggestion]):
    """Images to label next, chosen by the active version of a classifier.

    Attributes:
        name: of the classifier.
        version: the active one.
        suggestions: first the uncertain ones, then some to check.
    """

    name: str
    version: int
    suggestions: tuple[Suggestion, ...]

    @property
    def listed(self) -> tuple[Suggestion, ...]:
        """The suggestions."""
        return self.suggestions


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachingReport:
    """The result of a lesson.

    Attributes:
        name: of the classifier.
        version: its stored number; 0 in a dry run.
        examples: {class: images given by a person}.
        random_images: images of the library used for missing "no" examples.
        measured: how good it is on held-out examples; null if not measured, see `why_not`.
        why_not: why it could not be measured.
        shares: {class: estimated share of the library}.
        images: images of the library it was applied to.
        tags: {label: images that now have it}.
        suggestions: images to label next.
        written: whether version and tags were stored.
        notes: further remarks, a sentence each.
        seconds: wall time.
    """

    name: str
    version: int
    examples: Mapping[str, int]
    random_images: int
    measured: Measurement | None
    why_not: str
    shares: Mapping[str, float]
    images: int
    tags: Mapping[str, int]
    suggestions: tuple[Suggestion, ...]
    written: bool
    notes: tuple[str, ...]
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassifierVersion:
    """One stored version of a classifier.

    Attributes:
        name: of the classifier.
        version: 1, 2, ...
        created: UTC, ISO 8601.
        examples: {class: number of examples}.
        accuracy: accuracy on held-out examples; null if it could not be measured.
        active: whether it is in use.
    """

    name: str
    version: int
    created: str
    examples: Mapping[str, int]
    accuracy: float | None
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageTags:
    """The tags of one image.

    Attributes:
        path: one of its files.
        tags: most confident first.
    """

    path: str
    tags: tuple[Tag, ...]


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
