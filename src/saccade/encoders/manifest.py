"""What `manifest.json` in an encoder's folder says, checked; and the fingerprint of all of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from saccade.core.errors import EncoderUnavailableError
from saccade.core.types import EncoderInfo, PixelRecipe, Role
from saccade.encoders.patches import LookPlan, PatchPlan, read_look_plan, read_plan

_PARTS = (("image", "image.onnx"), ("text", "text.onnx"), ("tokenizer", "tokenizer.json"))
_SAME_AS = "same_embeddings_as"
"""Fingerprints of earlier manifests that made the very same embeddings; not part of the fingerprint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What `manifest.json` says.

    Attributes:
        info: the encoder as the rest of saccade sees it.
        files: {"image" | "text" | "tokenizer": (file name, SHA-256 in hexadecimal)}.
        max_tokens: longest text the text tower reads, in tokens; the rest is cut off.
        patches: where the image tower's patch features are; None if it has none.
        looks: where the features are that sum up how a picture looks; None if it has none.
    """

    info: EncoderInfo
    files: Mapping[str, tuple[str, str]]
    max_tokens: int
    patches: PatchPlan | None = None
    looks: LookPlan | None = None


def read_manifest(folder: Traversable) -> Manifest:
    """The manifest of an encoder's folder.

    Raises:
        EncoderUnavailableError: it is missing or does not say what it must.
    """
    try:
        raw = json.loads(folder.joinpath("manifest.json").read_text(encoding="utf-8"))
        digests = {name: str(entry["sha256"]) for name, entry in raw["files"].items()}
        files = {part: (name, digests[name]) for part, name in _PARTS if name in digests}
        info = EncoderInfo(
            name=raw["name"],
            fingerprint=fingerprint(raw),
            dims={Role(role): int(dim) for role, dim in raw["dims"].items()},
            recipe=PixelRecipe(**raw["input"]),
            license=raw["license"],
            reads_text="text" in files,
            copy_threshold=raw.get("copy_threshold"),
            languages=tuple(map(str, raw.get("languages", ()))),
            stop_words=frozenset(map(str, raw.get("stop_words", ()))),
            fitted=_numbers(raw.get("fitted", {})),
            same_as=frozenset(map(str, raw.get(_SAME_AS, ()))),
        )
        return Manifest(
            info=info,
            files=files,
            max_tokens=int(raw["max_tokens"]),
            patches=read_plan(raw.get("patches")),
            looks=read_look_plan(raw.get("looks")),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EncoderUnavailableError(
            f"the encoder's manifest cannot be used: {error}", hint="install saccade again"
        ) from error


def fingerprint(raw: Mapping[str, object]) -> str:
    """SHA-256 of the manifest: it names the weights by digest, and everything else that decides an answer.

    All of it counts, so that no number can change behind a fingerprint's back; only the list of earlier
    manifests that made the same embeddings does not.
    """
    facts = {name: value for name, value in raw.items() if name != _SAME_AS}
    text = json.dumps(facts, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _numbers(raw: Mapping[str, Mapping[str, object]]) -> dict[str, dict[str, float]]:
    """{use-case: {name: number}}. Raises ValueError or TypeError: something else."""
    return {
        area: {name: float(value) for name, value in values.items()}  # type: ignore[arg-type]  # float checks
        for area, values in raw.items()
    }
