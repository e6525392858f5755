"""The answers of `lib.tags` for `--json`, HTTP and MCP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from saccade.core.ports.stores import Tag
from saccade.core.wire import Answer
from saccade.usecases.tags.rules.reports import (
    ClassifierVersion,
    ExportReport,
    ImageTags,
    SuggestionReport,
    TaggingReport,
    TeachingReport,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCount:
    """A label of the library.

    Attributes:
        label: its path, such as "animal/dog".
        images: present images that have it.
    """

    label: str
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelList:
    """The labels of a library, and the changes made by a command.

    Attributes:
        labels: the most frequent first.
        set: tags set.
        removed: tags removed.
    """

    labels: tuple[LabelCount, ...]
    set: int
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TagList:
    """The tags of the given images.

    Attributes:
        by_image: those that have any.
    """

    by_image: tuple[ImageTags, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionList:
    """The stored versions of classifiers.

    Attributes:
        versions: newest first.
    """

    versions: tuple[ClassifierVersion, ...]


def label_list(labels: Mapping[str, int], *, written: int = 0, removed: int = 0) -> LabelList:
    """Convert labels."""
    counts = tuple(LabelCount(label=label, images=count) for label, count in labels.items())
    return LabelList(labels=counts, set=written, removed=removed)


def tag_list(tags: Mapping[str, Sequence[Tag]]) -> TagList:
    """Convert tags of images."""
    return TagList(by_image=tuple(ImageTags(path=path, tags=tuple(one)) for path, one in tags.items()))


ANSWERS = (
    Answer(name="tag", command="saccade tag", kind=TaggingReport | LabelList | TagList | ExportReport),
    Answer(name="teach", command="saccade teach", kind=TeachingReport | SuggestionReport | VersionList),
)
