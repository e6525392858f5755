"""Archives, good and hostile, through the guarded workers."""

import io
import os
import stat
import struct
import tarfile
import time
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from saccade.core.decoding import Decoded, DecodeTask, FileEntry, FileStamp, Hashed
from saccade.core.types import Failure, PixelRecipe
from saccade.sources.pool import GuardedDecoder
from saccade.sources.wire import Limits

Encode = Callable[..., bytes]

ZIPS = {
    "stored": zipfile.ZIP_STORED,
    "deflated": zipfile.ZIP_DEFLATED,
    "bz2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}
TARS = {"tar": "w", "tar.gz": "w:gz", "tar.bz2": "w:bz2", "tar.xz": "w:xz"}


def colored(encode: Encode, count: int) -> dict[str, bytes]:
    """PNG files by name, each of its own gray."""
    return {f"dir {n % 3}/{n:03}.png": encode(Image.new("L", (9, 9), n)) for n in range(count)}


def pack(path: Path, files: dict[str, bytes]) -> Path:
    """An archive of the kind its name says."""
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w", ZIPS.get(path.stem, zipfile.ZIP_DEFLATED)) as out:
            for name, data in files.items():
                out.writestr(zipfile.ZipInfo(name, (2024, 5, 6, 7, 8, 10)), data, out.compression)
        return path
    with tarfile.open(path, TARS[path.name.split(".", 1)[1]]) as out:  # type: ignore[call-overload]
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), 1_700_000_000
            out.addfile(info, io.BytesIO(data))
    return path


def entry_of(path: Path) -> FileEntry:
    found = path.stat()
    stamp = FileStamp(size=found.st_size, mtime_ns=found.st_mtime_ns)
    return FileEntry(path=str(path), stamp=stamp, kind="archive")


@pytest.mark.parametrize("name", [*(f"{kind}.zip" for kind in ZIPS), *(f"a.{kind}" for kind in TARS)])
def test_members_are_listed_and_read(
    decoder: GuardedDecoder, encode: Encode, tmp_path: Path, name: str
) -> None:
    """Every member is an entry in order, decodes to its own picture, and its stamp is the same both times."""
    files = colored(encode, 40)
    path = pack(tmp_path / name, files)
    members = list(decoder.list_archive(entry_of(path)))
    assert [m.member for m in members if isinstance(m, FileEntry)] == list(files)
    assert {m.path for m in members} == {str(path)}
    outcomes = list(decoder.decode(DecodeTask(path=m.path, member=m.member) for m in members))  # type: ignore[union-attr]
    for n, (member, outcome) in enumerate(zip(members, outcomes, strict=True)):
        assert isinstance(member, FileEntry)
        assert isinstance(outcome, Decoded)
        assert outcome.pixels[0, 0].tolist() == [n, n, n]
        assert outcome.stamp == member.stamp
        assert member.stamp.size == len(files[member.member])


def test_members_may_be_asked_for_in_any_order(
    decoder: GuardedDecoder, encode: Encode, tmp_path: Path
) -> None:
    """Going back in a compressed tar works too, only slower."""
    files = colored(encode, 6)
    path = pack(tmp_path / "a.tar.gz", files)
    for name in [*reversed(files), *files]:
        (outcome,) = decoder.decode([DecodeTask(path=str(path), member=name, hash_only=True)])
        assert isinstance(outcome, Hashed)


def test_hidden_members_and_archives_in_archives_are_left_out(
    decoder: GuardedDecoder, encode: Encode, tmp_path: Path
) -> None:
    """What a walk would leave out of a folder is left out of an archive."""
    picture = encode(Image.new("L", (9, 9)))
    names = [
        "a.png",
        ".b.png",
        "__MACOSX/a.png",
        "x/.git/a.png",
        "in.zip",
        "in.tar.gz",
        "ok/../c.png",
        "/d.png",
    ]
    for kind in ("x.zip", "x.tar"):
        path = pack(tmp_path / kind, dict.fromkeys(names, picture))
        members = [m.member for m in decoder.list_archive(entry_of(path)) if isinstance(m, FileEntry)]
        assert members == ["a.png", "ok/../c.png", "/d.png"]


def test_names_are_labels_only(decoder: GuardedDecoder, encode: Encode, tmp_path: Path) -> None:
    """Names that climb out, or are not UTF-8, or are long, are read like any other and write nothing."""
    picture = encode(Image.new("L", (9, 9), 7))
    names = [
        "../../up.png",
        "/abs.png",
        "new\nline.png",
        "-dash.png",
        "a" * 250 + ".png",
        "\u202egnp.png",
        "\U0001f600.png",
    ]
    before = sorted(p for p in tmp_path.parent.rglob("*.png"))
    for kind in ("x.zip", "x.tar.gz"):
        path = pack(tmp_path / kind, dict.fromkeys(names, picture))
        members = [m for m in decoder.list_archive(entry_of(path)) if isinstance(m, FileEntry)]
        assert [m.member for m in members] == names
        tasks = [DecodeTask(path=str(path), member=m.member) for m in members]
        assert all(isinstance(outcome, Decoded) for outcome in decoder.decode(tasks))
    with tarfile.open(tmp_path / "raw.tar", "w", encoding="utf-8", errors="surrogateescape") as out:
        info = tarfile.TarInfo(os.fsdecode(b"\xff\xfe.png"))
        info.size = len(picture)
        out.addfile(info, io.BytesIO(picture))
    (member,) = decoder.list_archive(entry_of(tmp_path / "raw.tar"))
    assert isinstance(member, FileEntry)
    assert os.fsencode(member.member) == b"\xff\xfe.png"
    (outcome,) = decoder.decode([DecodeTask(path=member.path, member=member.member)])
    assert isinstance(outcome, Decoded)
    assert sorted(p for p in tmp_path.parent.rglob("*.png")) == before


def test_tar_links_and_devices_are_not_members(
    decoder: GuardedDecoder, encode: Encode, tmp_path: Path
) -> None:
    """Links, devices and folders in a tar are nothing to read."""
    picture = encode(Image.new("L", (9, 9)))
    with tarfile.open(tmp_path / "x.tar", "w") as out:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo(f"{kind!r}.png")
            info.type, info.linkname = kind, "/etc/passwd"
            out.addfile(info)
        info = tarfile.TarInfo("a.png")
        info.size = len(picture)
        out.addfile(info, io.BytesIO(picture))
    assert [
        m.member for m in decoder.list_archive(entry_of(tmp_path / "x.tar")) if isinstance(m, FileEntry)
    ] == ["a.png"]


@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz", "x.tar.bz2", "x.tar.xz"])
def test_a_broken_archive_is_one_failure(
    decoder: GuardedDecoder, encode: Encode, tmp_path: Path, name: str
) -> None:
    """Noise, nothing, and a half: what can be listed is, and then one Failure with the archive's path."""
    whole = pack(tmp_path / name, colored(encode, 60)).read_bytes()
    for content in (b"", b"no archive at all", whole[:2] + b"noise" * 100, whole[: len(whole) // 2]):
        (tmp_path / name).write_bytes(content)
        *members, last = decoder.list_archive(entry_of(tmp_path / name))
        assert isinstance(last, Failure)
        assert (last.path, last.code) == (str(tmp_path / name), "broken_archive")
        assert all(isinstance(member, FileEntry) for member in members)


def test_encrypted_members_say_so(decoder: GuardedDecoder, encode: Encode, tmp_path: Path) -> None:
    """A member that needs a password is a Failure of its own; the others are read."""
    path = pack(tmp_path / "x.zip", colored(encode, 2))
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\1\2", 8), (b"PK\3\4", 6)):
        data[data.index(signature) + offset] |= 1
    path.write_bytes(data)
    members = list(decoder.list_archive(entry_of(path)))
    first, second = decoder.decode(DecodeTask(path=str(path), member=m.member) for m in members)  # type: ignore[union-attr]
    assert isinstance(first, Failure)
    assert (first.code, first.path) == ("encrypted_archive", f"{path}!/dir 0/000.png")
    assert isinstance(second, Decoded)


def test_a_zip_bomb_is_not_unpacked(recipe: PixelRecipe, tmp_path: Path) -> None:
    """Declared sizes over the limit are refused unread; a declared size that lies is not believed."""
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        out.writestr("bomb.png", bytes(50_000_000))
    lying = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\1\2", 24), (b"PK\3\4", 22)):
        struct.pack_into("<I", lying, lying.index(signature) + offset, 1000)
    (tmp_path / "lying.zip").write_bytes(lying)
    with GuardedDecoder(recipe, workers=1, limits=Limits(max_bytes=1_000_000)) as decoder:
        tasks = [
            DecodeTask(path=str(tmp_path / name), member="bomb.png") for name in ("bomb.zip", "lying.zip")
        ]
        honest, liar = decoder.decode(tasks)
        assert isinstance(honest, Failure)
        assert honest.code == "too_large_bytes"
        assert "50,000,000" in honest.reason
        assert isinstance(liar, Failure)
        assert liar.code in {"broken_archive", "not_an_image"}


def test_a_compressed_tar_bomb_ends(recipe: PixelRecipe, tmp_path: Path) -> None:
    """Gigabytes of zeros between members are given up in bounded time."""
    path = tmp_path / "bomb.tar.gz"
    with tarfile.open(path, "w:gz", compresslevel=1) as out, open("/dev/zero", "rb") as zeros:
        for name, size in (("zeros.bin", 400_000_000), ("a.png", 10)):
            info = tarfile.TarInfo(name)
            info.size = size
            out.addfile(info, zeros)
    limits = Limits(wall_s=0.05, archive_s=0.05)
    started = time.monotonic()
    with GuardedDecoder(recipe, workers=1, limits=limits) as decoder:
        (outcome,) = decoder.decode([DecodeTask(path=str(path), member="a.png")])
    assert isinstance(outcome, Failure)
    assert outcome.code == "decode_timeout"
    assert time.monotonic() - started < 10


def test_a_long_way_through_a_tar_is_no_hang(recipe: PixelRecipe, encode: Encode, tmp_path: Path) -> None:
    """Skipping to a member may take longer than one picture may, as long as it goes on."""
    path = tmp_path / "long.tar.gz"
    picture = encode(Image.new("L", (9, 9)))
    with tarfile.open(path, "w:gz", compresslevel=1) as out, open("/dev/zero", "rb") as zeros:
        info = tarfile.TarInfo("zeros.bin")
        info.size = 700_000_000
        out.addfile(info, zeros)
        info = tarfile.TarInfo("a.png")
        info.size = len(picture)
        out.addfile(info, io.BytesIO(picture))
    with GuardedDecoder(recipe, workers=1, limits=Limits(wall_s=1.0)) as decoder:
        (outcome,) = decoder.decode([DecodeTask(path=str(path), member="a.png")])
    assert isinstance(outcome, Decoded)


def test_member_counts_are_bounded(recipe: PixelRecipe, tmp_path: Path) -> None:
    """Beyond the limit the rest is one Failure."""
    path = pack(tmp_path / "x.tar", {f"{n}.png": b"" for n in range(30)})
    with GuardedDecoder(recipe, workers=1, limits=Limits(max_members=20)) as decoder:
        *members, last = decoder.list_archive(entry_of(path))
    assert len(members) == 20
    assert isinstance(last, Failure)
    assert "20" in last.reason


def test_a_member_that_is_gone_says_so(decoder: GuardedDecoder, encode: Encode, tmp_path: Path) -> None:
    """The archive may have changed since it was listed."""
    for name in ("x.zip", "x.tar.gz"):
        path = pack(tmp_path / name, colored(encode, 3))
        (outcome,) = decoder.decode([DecodeTask(path=str(path), member="never.png")])
        assert isinstance(outcome, Failure)
        assert outcome.code == "file_vanished"


def test_a_changed_archive_is_opened_again(decoder: GuardedDecoder, encode: Encode, tmp_path: Path) -> None:
    """The archive that stays open between members is not taken for a newer one at its path."""
    path = tmp_path / "x.zip"
    for gray in (10, 200):
        pack(path, {"a.png": encode(Image.new("L", (9, 9), gray)), "b": bytes(gray)})
        (outcome,) = decoder.decode([DecodeTask(path=str(path), member="a.png")])
        assert isinstance(outcome, Decoded)
        assert outcome.pixels[0, 0, 0] == gray


def test_listing_may_stop_early_and_nest(decoder: GuardedDecoder, encode: Encode, tmp_path: Path) -> None:
    """A listing dropped half-way leaves the decoder usable, and two listings may go on at once."""
    path = pack(tmp_path / "x.tar", {f"{n}.png": b"" for n in range(3000)})
    for _ in range(2):
        outer = decoder.list_archive(entry_of(path))
        next(outer)
        assert len(list(decoder.list_archive(entry_of(path)))) == 3000
        outer.close()  # type: ignore[attr-defined]  # a generator
    assert len(list(decoder.list_archive(entry_of(path)))) == 3000


def test_members_with_one_name_are_one_entry(decoder: GuardedDecoder, encode: Encode, tmp_path: Path) -> None:
    """A name stands once in a listing, and reading it gives the member whose stamp was listed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        with zipfile.ZipFile(tmp_path / "x.zip", "w") as out:
            for gray in (1, 2):
                out.writestr("a.png", encode(Image.new("L", (9 * gray, 9), gray)))
    (member,) = decoder.list_archive(entry_of(tmp_path / "x.zip"))
    (outcome,) = decoder.decode([DecodeTask(path=member.path, member="a.png")])
    assert isinstance(member, FileEntry)
    assert isinstance(outcome, Decoded)
    assert outcome.stamp == member.stamp


def test_an_archive_that_is_a_pipe_is_refused(decoder: GuardedDecoder, tmp_path: Path) -> None:
    """A pipe named like an archive hangs nobody."""
    os.mkfifo(tmp_path / "x.zip")
    assert stat.S_ISFIFO((tmp_path / "x.zip").stat().st_mode)
    (failure,) = decoder.list_archive(entry_of(tmp_path / "x.zip"))
    assert isinstance(failure, Failure)
    assert failure.code == "unreadable_file"
