"""Encoders that run on ONNX Runtime: an image tower, a text tower and a tokenizer in one folder.

The folder's `manifest.json` lists the files with their SHA-256, the input recipe and the dimensions. Each
tower is loaded on first use, so that a text query does not load the image tower.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from importlib.resources.abc import Traversable
from typing import TypeVar

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from saccade.core.errors import EncoderUnavailableError, InvalidVectorError
from saccade.core.types import Embeddings, EncoderInfo, Pixels, Role
from saccade.core.vectors import check_embeddings
from saccade.encoders.manifest import read_manifest
from saccade.encoders.patches import LookPlan, PatchPlan, one_grid, with_outputs

_In = TypeVar("_In", Pixels, list[str])
_Out = TypeVar("_Out")

_TEXT_BATCH = 16
"""Texts per run of the text tower: with 64, long texts take 20 % longer, and 40 MB more memory."""
_IMAGE_BATCH = 8
"""Pictures per run of the image tower: more do not fit the cache (2.7 ms each with 8, 3.3 with 32)."""
_QUIET = 3  # ONNX Runtime's level "error"; its warnings are for model makers


class OnnxEncoder:
    """An encoder read from a folder; thread-safe.

    Args:
        folder: the folder with `manifest.json` and its files.
        threads: batches of pictures that are encoded at the same time, each by one thread: threads that share
            one batch wait for each other, which costs 10 %. So are batches of texts.
        cores: held while a batch of pictures is encoded; no more threads compute than there are cores.
    """

    def __init__(
        self, folder: Traversable, *, threads: int, cores: AbstractContextManager[object] | None = None
    ) -> None:
        self._folder = folder
        self._threads = threads
        self._cores = cores or nullcontext()
        self._manifest = read_manifest(folder)
        self._loading = threading.Lock()

    @property
    def info(self) -> EncoderInfo:
        """Its name, fingerprint, dimensions and license."""
        return self._manifest.info

    def encode_pixels(self, pixels: Pixels) -> Mapping[Role, Embeddings]:
        """(n, size, size, 3) uint8 -> {role: (n, d) unit rows}, in one pass.

        Raises:
            InvalidVectorError: the pixels do not match the recipe.
        """
        self._check(pixels)
        if len(pixels) == 0:
            return {role: np.zeros((0, dim), np.float32) for role, dim in self.info.dims.items()}
        outputs = zip(*self._in_batches(self._run_image, pixels), strict=True)
        return {
            role: check_embeddings(np.concatenate(rows), dim)
            for (role, dim), rows in zip(self.info.dims.items(), outputs, strict=True)
        }

    @property
    def patch_shape(self) -> tuple[int, int, int]:
        """(rows, columns, channels) of the patch features of one picture.

        Raises:
            EncoderUnavailableError: this encoder has none.
        """
        return self._plan.shape

    def encode_patches(self, pixels: Pixels) -> NDArray[np.float32]:
        """(n, size, size, 3) uint8 -> (n, rows, columns, channels) features, not unit rows.

        Raises:
            InvalidVectorError: the pixels do not match the recipe.
            EncoderUnavailableError: this encoder has none.
        """
        shape = self._plan.shape
        self._check(pixels)
        if len(pixels) == 0:
            return np.zeros((0, *shape), np.float32)
        return np.concatenate(list(self._in_batches(self._run_patches, pixels)))

    @property
    def look_dim(self) -> int:
        """Number of features for looks. Raises EncoderUnavailableError if there are none."""
        return self._look_plan.dim

    def encode_looks(self, pixels: Pixels) -> NDArray[np.float32]:
        """(n, size, size, 3) uint8 -> (n, look_dim): mean and spread of each channel, regardless of position.

        Raises:
            InvalidVectorError: the pixels do not match the recipe.
            EncoderUnavailableError: this encoder does not support looks.
        """
        plan = self._look_plan
        self._check(pixels)
        if len(pixels) == 0:
            return np.zeros((0, plan.dim), np.float32)
        return np.concatenate(list(self._in_batches(self._run_looks, pixels)))

    def _run_looks(self, pixels: Pixels) -> NDArray[np.float32]:
        """One batch: (n, look_dim)."""
        (pooled,) = self._middle.run([self._look_plan.output], {"pixels": np.ascontiguousarray(pixels)})
        return self._look_plan.read(pooled)

    def _check(self, pixels: Pixels) -> None:
        """Raise InvalidVectorError unless the pixels match the recipe."""
        size = self.info.recipe.size
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != (size, size, 3):
            raise InvalidVectorError(
                f"expected (n, {size}, {size}, 3) uint8 pixels, got {pixels.shape} {pixels.dtype}"
            )

    def _in_batches(
        self, work: Callable[[_In], _Out], inputs: _In, size: int = _IMAGE_BATCH
    ) -> Iterable[_Out]:
        """The results of `work` for each batch of `size`, in order; several run at a time."""
        batches = [inputs[start : start + size] for start in range(0, len(inputs), size)]
        return map(work, batches) if len(batches) == 1 else self._workers.map(work, batches)

    def _run_patches(self, pixels: Pixels) -> NDArray[np.float32]:
        """One batch: (n, rows, columns, channels)."""
        maps = self._middle.run(list(self._plan.outputs), {"pixels": np.ascontiguousarray(pixels)})
        return one_grid(maps, *self._plan.shape[:2])

    def _run_image(self, pixels: Pixels) -> list[NDArray[np.float32]]:
        """One batch: (n, d) rows of each role."""
        wanted = [str(role) for role in self.info.dims]
        image = self._image
        with self._cores:
            rows: list[NDArray[np.float32]] = image.run(wanted, {"pixels": np.ascontiguousarray(pixels)})
        return rows

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """The n texts as (n, d) unit rows in the semantic space. A text past `max_tokens` is cut off."""
        dim = self.info.dims[Role.SEMANTIC]
        if len(texts) == 0:
            return np.zeros((0, dim), np.float32)
        rows = self._in_batches(self._run_text, list(texts), _TEXT_BATCH)
        return check_embeddings(np.concatenate(list(rows)), dim)

    def _run_text(self, texts: list[str]) -> NDArray[np.float32]:
        """(n, d) rows of at most `_TEXT_BATCH` texts."""
        session, tokenizer = self._text
        # Half of a surrogate pair (an undecodable byte of a command line) is not a character: replace it
        # with "?".
        tokens = tokenizer.encode_batch([text.encode("utf-8", "replace").decode() for text in texts])
        inputs = {
            "ids": np.array([token.ids for token in tokens], np.int64),
            "mask": np.array([token.attention_mask for token in tokens], np.int64),
        }
        wanted = {put.name for put in session.get_inputs()}
        output: NDArray[np.float32]
        (output,) = session.run(["semantic"], {name: inputs[name] for name in wanted})
        return output

    @cached_property
    def _image(self) -> ort.InferenceSession:
        with self._loading:
            return _session(self._verified("image"))

    @cached_property
    def _middle(self) -> ort.InferenceSession:
        """The image tower with its inner layers as outputs: a separate session, since few need it."""
        patches, looks = self._manifest.patches, self._manifest.looks
        more = [*(patches.outputs if patches else ()), *([looks.output] if looks else [])]
        with self._loading:
            return _session(with_outputs(self._verified("image"), more))

    @property
    def _look_plan(self) -> LookPlan:
        if self._manifest.looks is None:
            raise EncoderUnavailableError(
                f"encoder {self.info.name!r} does not support comparison by look",
                hint="compare by content: --by content",
            )
        return self._manifest.looks

    @property
    def _plan(self) -> PatchPlan:
        if self._manifest.patches is None:
            raise EncoderUnavailableError(
                f"encoder {self.info.name!r} has no patch features: it cannot locate anything in a picture",
                hint="compare whole pictures, or use the built-in encoder",
            )
        return self._manifest.patches

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, thread_name_prefix="saccade-encode")

    @cached_property
    def _text(self) -> tuple[ort.InferenceSession, Tokenizer]:
        with self._loading:
            tokenizer = Tokenizer.from_buffer(self._verified("tokenizer"))
            tokenizer.enable_truncation(self._manifest.max_tokens)
            tokenizer.enable_padding()
            return _session(self._verified("text")), tokenizer

    def _verified(self, part: str) -> bytes:
        """The file's bytes, after checking the manifest's digest."""
        name, digest = self._manifest.files[part]
        try:
            data = self._folder.joinpath(name).read_bytes()
        except OSError as error:
            raise EncoderUnavailableError(
                f"{name} of encoder {self.info.name!r} cannot be read: {error}", hint="reinstall saccade"
            ) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise EncoderUnavailableError(
                f"{name} of encoder {self.info.name!r} is damaged: its SHA-256 differs from the manifest",
                hint="reinstall saccade",
            )
        return data


def _session(model: bytes) -> ort.InferenceSession:
    """A session that runs in the calling thread and does not log."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = _QUIET
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
