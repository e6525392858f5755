"""Outcomes of a pool come in order, whoever asks and by whatever recipe."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from PIL import Image

from saccade.core.decoding import Decoded, DecodeOutcome, DecodeTask, FileEntry, FileStamp, Hashed
from saccade.core.types import Failure, PixelRecipe
from saccade.sources.pool import DecoderPool, GuardedDecoder
from saccade.sources.turns import Job, Stream, Turns
from saccade.sources.wire import check_cut

Encode = Callable[..., bytes]
GrayOf = Callable[[object], int]
Started = Callable[[], set[int]]


def test_outcomes_come_in_order(recipe: PixelRecipe, pictures: list[DecodeTask], gray_of: GrayOf) -> None:
    """Outcome n belongs to task n, with failures among them, and the decoder can be used again."""
    tasks = [*pictures[:20], DecodeTask(path="bad", data=b"bad"), *pictures[20:]]
    with GuardedDecoder(recipe, workers=3) as decoder:
        for _ in range(2):
            outcomes = list(decoder.decode(tasks))
            assert [gray_of(o) for o in outcomes if isinstance(o, Decoded)] == list(range(60))
            assert outcomes[20] == Failure(
                path="bad",
                code="not_an_image",
                reason=outcomes[20].reason,  # type: ignore[union-attr]
            )


def test_tasks_are_taken_lazily(recipe: PixelRecipe, pictures: list[DecodeTask], gray_of: GrayOf) -> None:
    """No more tasks are taken than a bounded number ahead of what was asked for."""
    taken = 0

    def endless() -> Iterator[DecodeTask]:
        nonlocal taken
        while True:
            taken += 1
            yield pictures[taken % 60]

    with GuardedDecoder(recipe, workers=2) as decoder:
        outcomes = decoder.decode(endless())
        for n in range(1, 201):
            assert isinstance(next(outcomes), Decoded)
            assert taken <= n + 96
        outcomes.close()  # type: ignore[attr-defined]  # a generator
        assert gray_of(next(decoder.decode(pictures[7:8]))) == 7


@pytest.mark.parametrize(("side", "ahead"), [(32, 96), (512, 85), (2048, 16)])
def test_large_pixels_wait_few_at_a_time(pictures: list[DecodeTask], side: int, ahead: int) -> None:
    """64 MB of pixels may wait, or what two workers need to stay busy."""
    taken = 0

    def endless() -> Iterator[DecodeTask]:
        nonlocal taken
        while True:
            taken += 1
            yield pictures[taken % 60]

    with GuardedDecoder(PixelRecipe(size=side), workers=2) as decoder:
        outcomes = decoder.decode(endless())
        assert isinstance(next(outcomes), Decoded)
        assert taken == ahead
        outcomes.close()  # type: ignore[attr-defined]  # a generator


def test_tasks_with_large_bytes_are_held_few_at_a_time(recipe: PixelRecipe) -> None:
    """The bytes in flight are bounded, not only the number of tasks."""
    taken = 0

    def large() -> Iterator[DecodeTask]:
        nonlocal taken
        for _ in range(12):
            taken += 1
            yield DecodeTask(path="x", data=b"BM" + bytes(20 << 20))

    with GuardedDecoder(recipe, workers=1) as decoder:
        outcomes = decoder.decode(large())
        next(outcomes)
        assert taken <= 5
        assert len(list(outcomes)) == 11


def test_several_threads_share_a_decoder(
    recipe: PixelRecipe, pictures: list[DecodeTask], gray_of: GrayOf
) -> None:
    """Each thread gets its own outcomes in its own order."""
    results: dict[int, list[int]] = {}

    def work(n: int) -> None:
        results[n] = [gray_of(outcome) for outcome in decoder.decode(pictures[n::4])]

    with GuardedDecoder(recipe, workers=2) as decoder:
        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == {n: list(range(60))[n::4] for n in range(4)}


def test_hash_only_gives_identity_and_stamp(decoder: GuardedDecoder, encode: Encode, tmp_path: Path) -> None:
    """The digest and stamp of a file are the same with and without decoding."""
    path = tmp_path / "a.png"
    path.write_bytes(encode(Image.new("L", (9, 9))))
    found = path.stat()
    hashed, decoded = decoder.decode([DecodeTask(path=str(path), hash_only=True), DecodeTask(path=str(path))])
    assert isinstance(hashed, Hashed)
    assert isinstance(decoded, Decoded)
    assert hashed.stamp == decoded.stamp == FileStamp(size=found.st_size, mtime_ns=found.st_mtime_ns)
    assert hashed.sha256 == decoded.sha256


@pytest.mark.parametrize(
    ("recipe", "workers"),
    [
        (PixelRecipe(size=0), 1),
        (PixelRecipe(size=10_000), 1),
        (PixelRecipe(size=224, fit="crop", resize=100), 1),
        (PixelRecipe(size=8), 0),
    ],
)
def test_senseless_recipes_are_refused(recipe: PixelRecipe, workers: int) -> None:
    """What can give no picture is refused before any process starts."""
    with pytest.raises(ValueError, match=r"must be|not a usable recipe"):
        GuardedDecoder(recipe, workers=workers)


def test_idle_time_must_be_positive() -> None:
    """A pool that ended its workers at once would be of no use."""
    with pytest.raises(ValueError, match="idle_s must be positive"):
        DecoderPool(workers=1, idle_s=0)


def test_a_pool_serves_several_recipes(
    encode: Encode, pictures: list[DecodeTask], gray_of: GrayOf, started: Started
) -> None:
    """Decoders of different recipes share one process, and each gets its own pixels, interleaved or not."""
    wide = DecodeTask(path="wide", data=encode(Image.new("L", (80, 20), 9)))
    with DecoderPool(workers=1) as pool:
        square = pool.decoder(PixelRecipe(size=16))
        small = pool.decoder(PixelRecipe(size=40, fit="contain"))
        crop = pool.decoder(PixelRecipe(size=8, fit="crop", resize=12))
        shapes = [
            outcome.pixels.shape
            for three in zip(*(one.decode([wide] * 3) for one in (square, small, crop)), strict=True)
            for outcome in three
            if isinstance(outcome, Decoded)
        ]
        assert shapes == [(16, 16, 3), (10, 40, 3), (8, 8, 3)] * 3
        assert [gray_of(outcome) for outcome in square.decode(pictures)] == list(range(60))
        assert len(started()) == 1


def test_closing_a_decoder_of_a_pool_ends_only_its_own_work(
    recipe: PixelRecipe, pictures: list[DecodeTask], gray_of: GrayOf, started: Started
) -> None:
    """Its waiting tasks are dropped; other decoders continue in the same process, also in the middle."""
    with DecoderPool(workers=1) as pool:
        first, second = pool.decoder(recipe), pool.decoder(recipe)
        outcomes, others = first.decode(pictures), second.decode(pictures)
        assert gray_of(next(outcomes)) == gray_of(next(others)) == 0
        workers = started()
        first.close()
        with pytest.raises(RuntimeError, match="closed"):
            list(outcomes)
        with pytest.raises(RuntimeError, match="closed"):
            list(first.decode(pictures))
        with pytest.raises(RuntimeError, match="closed"):
            list(first.list_archive(FileEntry(path="x.zip", stamp=FileStamp(size=1, mtime_ns=1))))
        assert [gray_of(outcome) for outcome in others] == list(range(1, 60))
        assert started() == workers
    with pytest.raises(RuntimeError, match="closed"):
        list(second.decode(pictures))


def test_streams_take_turns() -> None:
    """One picture waits for one job of a long run, not for all of them."""
    turns, run, query = Turns(), Stream(), Stream()
    for number in range(3):
        assert turns.put(run, _job(f"run {number}")) == number + 1
    assert turns.put(query, _job("query")) == 4
    taken = [turns.take() for _ in range(4)]
    assert [job.task.path for job in taken if job] == ["run 0", "query", "run 1", "run 2"]
    assert turns.put(run, _job("one more")) == 5
    turns.done()
    assert turns.put(query, _job("another")) == 5


def test_a_dropped_stream_is_out_of_turn() -> None:
    """Its waiting jobs are cancelled and counted no more; those of others stay in order."""
    turns, first, second = Turns(), Stream(), Stream()
    dropped, kept = _job("dropped"), _job("kept")
    turns.put(first, dropped)
    turns.put(second, kept)
    turns.drop(first)
    turns.drop(first)
    assert dropped.future.cancelled()
    assert turns.put(second, _job("last")) == 2
    assert turns.take() == kept
    turns.close()
    assert turns.take() is None
    with pytest.raises(RuntimeError, match="closed"):
        turns.put(first, dropped)


@pytest.mark.parametrize(
    "value",
    [
        None,
        [],
        [8, "squash", "bicubic"],
        ["8", "squash", "bicubic", 0],
        [0, "squash", "bicubic", 0],
        [4097, "squash", "bicubic", 0],
        [8, "stretch", "bicubic", 0],
        [8, "squash", "nearest", 0],
        [8, "crop", "bicubic", 7],
        [8, "crop", "bicubic", 8193],
    ],
)
def test_recipes_in_requests_are_checked(value: object) -> None:
    """The worker does not trust the recipe of a request either."""
    with pytest.raises(ValueError, match="not a usable recipe"):
        check_cut(value)


def test_recipes_at_the_bounds_are_usable() -> None:
    """The bounds on a recipe's sides are inclusive."""
    assert check_cut([1, "squash", "bilinear", 0]).size == 1
    assert check_cut([4096, "crop", "bicubic", 8192]).resize == 8192
    assert check_cut([8, "crop", "bicubic", 8]).fit == "crop"


def _job(name: str) -> Job:
    future: Future[DecodeOutcome] = Future()
    return Job(DecodeTask(path=name), PixelRecipe(size=8), future)
