"""An encoder and a decoder that start at once: what survives does not depend on what pictures mean."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO

import numpy as np

import saccade.library.context
from saccade.core.decoding import DecodeOutcome, DecodeTask
from saccade.core.ports.encoders import Encoder
from saccade.core.types import Embeddings, EncoderInfo, PixelRecipe, Pixels, Role
from saccade.core.vectors import normalize
from saccade.sources.exchange import cut_of
from saccade.sources.outcome import read_outcome
from saccade.sources.wire import Header, Limits, receive
from saccade.sources.worker import Worker

_SIDE = 32
_BLOCKS = 4
_DIM = 3 * _BLOCKS**2 + 1


class TinyEncoder:
    """Mean colors of 4 x 4 blocks; texts are random but always the same."""

    info = EncoderInfo(
        name="builtin",
        fingerprint="7e57" * 16,
        dims={Role.SEMANTIC: _DIM, Role.COPY: _DIM},
        recipe=PixelRecipe(size=_SIDE, resample="bilinear"),
        license="Apache-2.0",
        reads_text=True,
    )

    def encode_pixels(self, pixels: Pixels) -> Mapping[Role, Embeddings]:
        """Both roles, the second one mirrored."""
        step = _SIDE // _BLOCKS
        blocks = pixels.reshape(len(pixels), _BLOCKS, step, _BLOCKS, step, 3).mean((2, 4))
        # One coordinate is never zero: a plain gray picture has a direction too.
        colors = np.hstack([blocks.reshape(len(pixels), -1) - 128, np.full((len(pixels), 1), 8.0)])
        rows = normalize(colors.astype(np.float32))
        return {Role.SEMANTIC: rows, Role.COPY: np.ascontiguousarray(rows[:, ::-1])}

    def encode_texts(self, texts: Sequence[str]) -> Embeddings:
        """A random direction for each text."""
        seeds = [
            int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8]) for text in texts
        ]
        rows = [np.random.default_rng(seed).normal(size=_DIM) for seed in seeds]
        return normalize(np.array(rows, np.float32).reshape(len(texts), _DIM))


class PlainDecoder:
    """What a decoding worker does, in this process."""

    def __init__(self, recipe: PixelRecipe) -> None:
        self._recipe = recipe

    def decode(self, tasks: Iterable[DecodeTask]) -> Iterator[DecodeOutcome]:
        """One outcome per task; none of them may be in an archive."""
        for task in tasks:
            replies = BytesIO()
            request: Header = {
                "op": "file" if task.data is None else "bytes",
                "path": os.fsencode(task.path).decode("latin-1"),
                "member": "",
                "cut": cut_of(self._recipe),
            }
            # The worker limits the CPU time of its process, which is this one.
            Worker(Limits(wall_s=1e6), replies).answer(request, task.data or b"")
            replies.seek(0)
            reply = receive(replies, lambda _: True)
            assert reply is not None
            yield read_outcome(task, *reply, self._recipe)


class PlainWorkers:
    """Stands in for `saccade.library.decoding.Workers`, without any process to start."""

    def __init__(self, *_: object) -> None:
        pass

    @contextmanager
    def decoder(self, recipe: PixelRecipe) -> Iterator[PlainDecoder]:
        """A decoder, in a `with` as everywhere."""
        yield PlainDecoder(recipe)

    def close(self) -> None:
        """Nothing to end."""


def load_tiny(name: str, *, threads: int, cores: object = None) -> Encoder:
    """Stands in for `saccade.encoders.registry.load`."""
    return TinyEncoder()


def install(*, decode_here: bool = False) -> None:
    """Let every library of this process use the tiny encoder, and no workers if all files can be trusted."""
    saccade.library.context.load = load_tiny  # type: ignore[attr-defined]
    if decode_here:
        saccade.library.context.Workers = PlainWorkers  # type: ignore[misc,assignment]
