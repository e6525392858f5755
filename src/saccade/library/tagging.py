"""Tags and taught classifiers: this part of the facade."""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from saccade.core.errors import InputError
from saccade.core.filters import Where
from saccade.core.ports import ReportProgress
from saccade.core.stores import Tag
from saccade.core.tagging import PERSON, TaggingReport, Taxonomy
from saccade.core.types import Role
from saccade.encoders.registry import BUILTIN
from saccade.library.parts import LibraryParts, Path
from saccade.pipelines.tagging import zero_shot
from saccade.pipelines.taxonomy import labels_of, read_labels

_LANGUAGES = {BUILTIN: ("en",)}
"""Codes of the languages an encoder reads, where that is known."""


class TagTools(LibraryParts):
    """See `Library`."""

    def tag(
        self,
        labels: Sequence[str] | Path,
        *,
        least: float | None = None,
        top: int = 10,
        keep: bool = False,
        truth: str | None = None,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        dry_run: bool = False,
        progress: ReportProgress | None = None,
    ) -> TaggingReport:
        """Put labels on every image that shows them, told from the labels' words alone.

        Args:
            labels: a list of labels ("dog", "animal/dog", "sofa: couch, settee"), or the path of a file with
                them: a list, an indented list, CSV or TOML.
            least: confidence in (0, 1) from which on an image bears a label; None for each label's own.
            top: most labels an image gets.
            keep: leave earlier zero-shot tags of other labels; else they are replaced.
            truth: a text column whose values name labels, to fit by; None for what people tagged.
            where, folders: only these images.
            dry_run: say what would be tagged, and store nothing.
        Raises:
            InputError: an empty or doubled label, an unreadable file, nothing to tag.
            InvalidQueryError: the encoder reads no text.
        """
        taxonomy = self._taxonomy(labels)
        return zero_shot(
            self._catalog,
            self._spaces.encoder,
            self._spaces.reader(Role.SEMANTIC).space,
            taxonomy,
            among=self._among(where, folders),
            least=least,
            top=top,
            keep=keep,
            truth=truth,
            dry_run=dry_run,
            report=progress or (lambda _: None),
        )

    def set_tags(self, labels: Sequence[str], images: Sequence[Path]) -> int:
        """Put labels on images, as a person does; number of tags written.

        Raises:
            ImageNotFoundError: an image the library does not hold; nothing is written.
        """
        names = [label.path for label in labels_of(labels, None).labels]
        ids = np.unique(self._ids(_some(images)))
        ones = np.ones(len(ids))
        with self._catalog.writing("tagging"):
            return self._catalog.tags.write(PERSON, {name: (ids, ones) for name in names}, replace=False)

    def remove_tags(self, labels: Sequence[str], images: Sequence[Path] = ()) -> int:
        """Take labels off images (off all without any), whoever gave them; number of tags removed."""
        names = [label.path for label in labels_of(labels, None).labels]
        ids = np.unique(self._ids(images)) if images else None
        with self._catalog.writing("tagging"):
            return sum(
                self._catalog.tags.remove(origin, name, ids) for origin in self._origins() for name in names
            )

    def tags(self, images: Sequence[Path] = ()) -> Mapping[str, Sequence[Tag]]:
        """{path: its tags, surest first} of the images named, or of all that have any."""
        if images:
            ids = self._ids(images).tolist()
        else:
            labels = self._catalog.tags.labels()
            found = [self._catalog.tags.with_label(label)[0] for label in labels]
            ids = np.unique(np.concatenate([np.zeros(0, np.int64), *found])).tolist()
        tags = self._catalog.tags.of(ids)
        return {
            record.paths[0]: tags[record.id]
            for record in self._catalog.images(ids)
            if record.paths and record.id in tags
        }

    def labels(self, origin: str | None = None) -> Mapping[str, int]:
        """{label: images that bear it}, most borne first; of one origin ("person", "zero-shot") or all."""
        return self._catalog.tags.labels(origin)

    def _taxonomy(self, labels: Sequence[str] | Path) -> Taxonomy:
        languages = _LANGUAGES.get(self._spaces.encoder.info.name)
        if isinstance(labels, (str, os.PathLike)):
            return read_labels(os.path.abspath(os.fspath(labels)), languages)
        return labels_of(labels, languages)

    def _origins(self) -> list[str]:
        """Every origin that tags may have."""
        taught = {result.name for result in self._catalog.results.versions("classifier")}
        return [PERSON, "zero-shot", *(f"taught:{name}" for name in sorted(taught))]


def _some(images: Sequence[Path]) -> Sequence[Path]:
    if not images:
        raise InputError("no image was named", hint="e.g. saccade tag --set beach A.jpg B.jpg")
    return images
