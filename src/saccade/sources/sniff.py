"""Detects picture formats by content; names only affect the wording of refusals."""

import os

HEAD_BYTES = 4096
"""How much of a file's start `sniff` and `refusal` need."""

_SIMPLE = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
)
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BMP_HEADERS = {12, 16, 40, 52, 56, 64, 108, 124}
_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"hevm", b"hevs", b"mif1", b"msf1"}

_IMAGE_SUFFIXES = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".apng", ".webp", ".gif", ".bmp", ".dib", ".tif", ".tiff",
    ".avif", ".avifs", ".heic", ".heics", ".heif", ".heifs", ".hif", ".mpo",
}  # fmt: skip

_RAW_SUFFIXES = {
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc", ".mef", ".mos",
    ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
}  # fmt: skip

_MAGICS: tuple[tuple[bytes, str], ...] = (
    (b"8BPS", "Photoshop"),
    (b"\xff\x0a", "JPEG XL"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"v/1\x01", "OpenEXR"),
    (b"#?RADIANCE", "Radiance HDR"),
    (b"DDS ", "DirectDraw surface"),
    (b"qoif", "QOI"),
    (b"gimp xcf", "GIMP"),
    (b"icns", "Apple icon"),
    (b"\x59\xa6\x6a\x95", "Sun raster"),
    (b"BPG\xfb", "BPG"),
    (b"FLIF", "FLIF"),
    (b"FUJIFILMCCD-RAW", "camera raw"),
    (b"IIRO", "camera raw"),
    (b"IIU\0", "camera raw"),
)

_OTHER_SUFFIXES = {
    ".psd": "Photoshop", ".psb": "Photoshop", ".svg": "SVG drawing", ".svgz": "SVG drawing",
    ".jxl": "JPEG XL", ".jp2": "JPEG 2000", ".j2k": "JPEG 2000", ".j2c": "JPEG 2000", ".jpx": "JPEG 2000",
    ".ico": "icon", ".cur": "cursor", ".icns": "Apple icon", ".tga": "Targa", ".pcx": "PCX", ".dcx": "PCX",
    ".ppm": "portable pixmap", ".pgm": "portable graymap", ".pbm": "portable bitmap",
    ".pnm": "portable anymap", ".pam": "portable anymap", ".pfm": "portable float map", ".exr": "OpenEXR",
    ".hdr": "Radiance HDR", ".dds": "DirectDraw surface", ".qoi": "QOI", ".xcf": "GIMP", ".sgi": "SGI",
    ".ras": "Sun raster", ".fits": "FITS", ".fit": "FITS", ".dcm": "DICOM", ".eps": "PostScript drawing",
    ".wmf": "Windows metafile", ".emf": "Windows metafile", ".xbm": "X bitmap", ".xpm": "X pixmap",
    ".bpg": "BPG", ".flif": "FLIF", ".fpx": "FlashPix", ".mic": "FlashPix", ".jxr": "JPEG XR",
}  # fmt: skip

READABLE = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF and HEIC can be read"


def sniff(head: bytes) -> str | None:
    """Name of the format as in `ImageInfo.format`, None for anything else.

    Args:
        head: the first HEAD_BYTES of the file, or all of it.
    """
    for magic, kind in _SIMPLE:
        if head.startswith(magic):
            return kind
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WEBP"
    if head.startswith(_TIFF) and head[8:10] != b"CR":
        return "TIFF"
    if head.startswith(b"BM") and int.from_bytes(head[14:18], "little") in _BMP_HEADERS:
        return "BMP"
    return _boxed(head)


def refusal(head: bytes, name: str, *, claimed: bool = False) -> tuple[str, str]:
    """Code and reason for a file that `sniff` does not know.

    Args:
        head: as for `sniff`.   name: its name, used for the suffix only.
        claimed: the caller says it is a picture, whatever its name.
    """
    suffix = os.path.splitext(name)[1].lower()
    claimed = claimed or suffix in _IMAGE_SUFFIXES
    if not head:
        if claimed or suffix in _OTHER_SUFFIXES or suffix in _RAW_SUFFIXES:
            return "empty_file", "the file is empty (0 bytes)"
        return "excluded", "an empty file without a picture's name"
    kind = _unsupported(head, suffix)
    if kind:
        return "unsupported_format", f"{kind} pictures cannot be read; {READABLE}"
    if claimed:
        what = "its name says it is one" if suffix in _IMAGE_SUFFIXES else "these bytes"
        if suffix in _IMAGE_SUFFIXES:
            return "not_an_image", f"the content is not a known picture format, though {what} ({suffix})"
        return "not_an_image", f"{what} are not a known picture format; {READABLE}"
    return "excluded", "not a picture"


def is_raw(head: bytes, name: str) -> bool:
    """Whether a TIFF is actually a camera raw file, of which only a preview could be read."""
    return head.startswith(_TIFF) and os.path.splitext(name)[1].lower() in _RAW_SUFFIXES


def _boxed(head: bytes) -> str | None:
    """AVIF or HEIF by the brands of an ISO media file's first box."""
    if head[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12]} | {head[i : i + 4] for i in range(16, end - 3, 4)}
    if head[8:12] in {b"avif", b"avis"}:
        return "AVIF"
    if not brands & (_HEIF_BRANDS | {b"avif", b"avis"}) or b"crx " in brands:
        return None
    coded_hevc = brands & (_HEIF_BRANDS - {b"mif1", b"msf1"})
    return "AVIF" if brands & {b"avif", b"avis"} and not coded_hevc else "HEIF"


def _unsupported(head: bytes, suffix: str) -> str | None:
    """Name of a known but unsupported picture format."""
    for magic, kind in _MAGICS:
        if head.startswith(magic):
            return kind
    if (head.startswith(_TIFF) and head[8:10] == b"CR") or head[4:12] == b"ftypcrx ":
        return "camera raw"
    if suffix in _RAW_SUFFIXES:
        return "camera raw"
    return _OTHER_SUFFIXES.get(suffix)
