"""Tags and taught classifiers: this part of the facade."""

import os
from collections.abc import Mapping, Sequence

import numpy as np

from saccade.core.errors import InputError
from saccade.core.filters import Filter, Where
from saccade.core.ports import ReportProgress
from saccade.core.ports.stores import Tag
from saccade.core.types import Role, SpaceInfo
from saccade.encoders.registry import BUILTIN
from saccade.library.inputs import absolute
from saccade.library.parts import Path
from saccade.library.tag_exports import TagExports
from saccade.usecases.tags.flow.applying import reapply
from saccade.usecases.tags.flow.classifiers import load, model_of, use, versions
from saccade.usecases.tags.flow.taxonomy import labels_of, read_labels
from saccade.usecases.tags.flow.teaching import Teaching, teach
from saccade.usecases.tags.flow.zero_shot import zero_shot
from saccade.usecases.tags.rules.classifying import NO, YES, ClassifierVersion, TaughtReport
from saccade.usecases.tags.rules.reports import PERSON, TaggingReport, Taxonomy

_LANGUAGES = {BUILTIN: ("en",)}
"""Codes of the languages an encoder reads, where that is known."""


class TagTools(TagExports):
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
            return self._catalog.tags.write(PERSON, dict.fromkeys(names, (ids, ones)), replace=False)

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
            for record in self._catalog.images.get(ids)
            if record.paths and record.id in tags
        }

    def labels(self, origin: str | None = None) -> Mapping[str, int]:
        """{label: images that bear it}, most borne first; of one origin ("person", "zero-shot") or all."""
        return self._catalog.tags.labels(origin)

    def teach(
        self,
        name: str,
        *,
        yes: Sequence[Path] = (),
        no: Sequence[Path] = (),
        classes: Mapping[str, Sequence[Path]] | None = None,
        forget: Sequence[Path] = (),
        words: str | None = None,
        suggest: int = 8,
        least: float | None = None,
        where: Where | Sequence[str] | None = None,
        folders: Sequence[Path] = (),
        seed: int = 0,
        dry_run: bool = False,
        progress: ReportProgress | None = None,
    ) -> TaughtReport:
        """Teach the library to tell something by examples, and tag what it tells.

        Examples add to those given before under the same name. Tags are called `name`; with `classes`,
        "name/class". A folder stands for all images in it.

        Args:
            yes, no: images that show it, and that do not.
            classes: {class: images}, to tell several things from each other instead.
            forget: images that are no examples any more.
            words: what it is called, for an encoder that reads text; None for its name, "" for nothing.
            suggest: how many images to suggest to label next.
            least: confidence in (0, 1) from which an image bears the tag; None for the classifier's own.
            where, folders: tag only these images.
            seed: of what is drawn at random (parts for measuring, stand-ins for "no").
            dry_run: say what it would do, and store nothing.
        Raises:
            InputError: contradictory examples, or nothing to tell apart.
            ImageNotFoundError: an example the library does not hold.
        """
        label = labels_of([name], None).labels[0].path
        if classes is not None and (yes or no):
            raise InputError("classes exclude yes and no", hint="give one or the other")
        if least is not None and not 0 < least < 1:
            raise InputError(f"the least confidence is {least}; it must lie between 0 and 1")
        wanted = {YES: yes, NO: no} if classes is None else classes
        given = {group: self._examples(images) for group, images in wanted.items() if images}
        spaces = self._classified_spaces()
        called = {group: group for group in wanted} if classes else {YES: label if words is None else words}
        return teach(
            self._catalog,
            self._spaces.encoder,
            spaces,
            Teaching(
                name=label,
                given={group: np.array(list(found), np.int64) for group, found in given.items()},
                names={image: called for found in given.values() for image, called in found.items()},
                forget=np.array(list(self._examples(forget)), np.int64),
                words=called if words != "" else {},
                suggest=suggest,
                least=least,
            ),
            same_picture=self._spaces.copy_threshold(),
            among=self._among(where, folders),
            seed=seed,
            dry_run=dry_run,
            report=progress or (lambda _: None),
        )

    def classifiers(self, name: str | None = None) -> tuple[ClassifierVersion, ...]:
        """Every version of what was taught (under one name, or all), newest first."""
        return versions(self._catalog, name)

    def use_classifier(self, name: str, version: int, *, progress: ReportProgress | None = None) -> int:
        """Go back (or forward) to a version, and tag the library anew with it; number of tags.

        Raises:
            NotFoundError: no such classifier or version.
            EncoderMismatchError: it was taught with another encoder.
        """
        spaces = self._classified_spaces()
        result = load(self._catalog, name, version)
        model = model_of(result, {space.role: space for space in spaces})
        least = result.facts.get("least")
        with self._catalog.writing("tagging"):
            use(self._catalog, name, version)
            return reapply(
                self._catalog,
                spaces,
                name,
                model,
                least=float(least) if isinstance(least, (int, float)) else None,
                report=progress or (lambda _: None),
            )

    def _classified_spaces(self) -> list[SpaceInfo]:
        """The spaces whose rows a classifier sees, semantic first."""
        roles = self._spaces.encoder.info.dims
        return [self._spaces.reader(role).space for role in (Role.SEMANTIC, Role.COPY) if role in roles]

    def _examples(self, images: Sequence[Path]) -> dict[int, str]:
        """{image id: what it was called}; a folder stands for all images in it."""
        found: dict[int, str] = {}
        for image in images:
            name = os.fspath(image)
            if os.path.isdir(name):
                inside = self._catalog.images.match(Filter(folders=tuple(absolute([name])))).tolist()
                if not inside:
                    raise InputError(f"no image of the library lies in {name}", hint="index it first")
                found.update((one, f"{name} (a picture in it)") for one in inside)
            else:
                found[self._record(name).id] = name
        return found

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
