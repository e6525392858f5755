"""What files say about their pictures, true, clean and bounded."""

import io
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from saccade.core.decoding import Decoded, DecodeOutcome
from saccade.sources.iptc import read_iptc
from saccade.sources.text import MAX_KEYWORDS, MAX_TEXT, clean, clean_keywords, parse_date
from saccade.sources.xmp import read_xmp

Encode = Callable[..., bytes]
DecodeBytes = Callable[[bytes], DecodeOutcome]

XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 photoshop:DateCreated="2021-03-04T05:06:07+02:00">
<dc:title><rdf:Alt><rdf:li xml:lang="de">Hund</rdf:li>
<rdf:li xml:lang="x-default">Dog</rdf:li></rdf:Alt></dc:title>
<dc:description><rdf:Alt><rdf:li xml:lang="x-default">A dog &amp; a ball</rdf:li></rdf:Alt></dc:description>
<dc:subject><rdf:Bag><rdf:li>dog</rdf:li><rdf:li> ball </rdf:li><rdf:li>dog</rdf:li></rdf:Bag></dc:subject>
<dc:creator><rdf:Seq><rdf:li>Ada</rdf:li><rdf:li>Grace</rdf:li></rdf:Seq></dc:creator>
<dc:rights><rdf:Alt><rdf:li xml:lang="x-default">CC BY 4.0</rdf:li></rdf:Alt></dc:rights>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>""".encode()

XMP_FACTS = {
    "title": "Dog",
    "caption": "A dog & a ball",
    "keywords": ["dog", "ball"],
    "creator": "Ada, Grace",
    "rights": "CC BY 4.0",
    "taken_at": "2021-03-04T05:06:07",
}


def tagged(
    encode: Encode, main: dict[int, object], photo: dict[int, object], gps: dict[int, object]
) -> bytes:
    """A JPEG with these EXIF tags."""
    exif = Image.Exif()
    exif.update(main)
    exif.get_ifd(0x8769).update(photo)
    exif.get_ifd(0x8825).update(gps)
    return encode(Image.new("RGB", (40, 30)), "JPEG", exif=exif)


def records(*pairs: tuple[int, bytes]) -> bytes:
    """IPTC datasets of the application record."""
    return b"".join(b"\x1c\x02" + bytes([n]) + len(value).to_bytes(2, "big") + value for n, value in pairs)


def test_exif_gives_time_camera_lens_and_place(encode: Encode, decode_bytes: DecodeBytes) -> None:
    """The usual tags of a camera, once each."""
    data = tagged(
        encode,
        {
            0x010F: "Canon",
            0x0110: "Canon EOS R5",
            0x013B: "Ada",
            0x8298: "(c) Ada",
            0x010E: "Lake",
            0x0112: 6,
        },
        {0x9003: "2024:02:29 23:59:59", 0xA434: "RF 50mm"},
        {1: "S", 2: (33.0, 51.0, 54.0), 3: "E", 4: (151.0, 12.0, 36.0)},
    )
    outcome = decode_bytes(data)
    assert isinstance(outcome, Decoded)
    info = outcome.info
    assert (info.width, info.height, info.format, info.orientation) == (30, 40, "JPEG", 6)
    assert (info.taken_at, info.camera, info.lens) == ("2024-02-29T23:59:59", "Canon EOS R5", "RF 50mm")
    assert (info.latitude, info.longitude) == (-33.865, 151.21)
    assert (info.caption, info.creator, info.rights) == ("Lake", "Ada", "(c) Ada")
    assert info.size_bytes == len(data)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_sizes_are_those_of_the_upright_picture(
    encode: Encode, decode_bytes: DecodeBytes, orientation: int
) -> None:
    """From orientation 5 on, the picture lies on its side."""
    outcome = decode_bytes(tagged(encode, {0x0112: orientation}, {}, {}))
    assert isinstance(outcome, Decoded)
    upright = (40, 30) if orientation < 5 else (30, 40)
    assert (outcome.info.width, outcome.info.height, outcome.info.orientation) == (*upright, orientation)


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("NIKON CORPORATION", "NIKON D850", "NIKON D850"),
        ("Apple", "iPhone 15", "Apple iPhone 15"),
        ("SONY  ", "", "SONY"),
        ("", "Pixel 8", "Pixel 8"),
        ("Leica Camera AG", "Q3\0\0junk", "Leica Camera AG Q3junk"),
    ],
)
def test_camera_names_the_maker_once(
    encode: Encode, decode_bytes: DecodeBytes, make: str, model: str, camera: str
) -> None:
    """Maker and model are joined unless the model already says it."""
    outcome = decode_bytes(tagged(encode, {0x010F: make, 0x0110: model}, {}, {}))
    assert isinstance(outcome, Decoded)
    assert outcome.info.camera == camera


@pytest.mark.parametrize(
    "gps",
    [
        {1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)},
        {1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "N", 2: (10.0, 0.0, 0.0)},
        {1: "X", 2: (10.0, 0.0, 0.0), 3: "E", 4: (1.0, 0.0, 0.0)},
        {1: "N", 2: (10.0, 0.0, 0.0), 3: "W", 4: (181.0, 0.0, 0.0)},
    ],
)
def test_a_place_that_is_none_is_left_out(
    encode: Encode, decode_bytes: DecodeBytes, gps: dict[int, object]
) -> None:
    """Half a place, null island and places off the globe are no place."""
    outcome = decode_bytes(tagged(encode, {}, {}, gps))
    assert isinstance(outcome, Decoded)
    assert (outcome.info.latitude, outcome.info.longitude) == (None, None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2020:01:02 03:04:05", "2020-01-02T03:04:05"),
        ("2020-01-02T03:04:05Z", "2020-01-02T03:04:05"),
        (b"2020:01:02 03:04:05\0", "2020-01-02T03:04:05"),
        ("0000:00:00 00:00:00", None),
        ("2021:02:29 00:00:00", None),
        ("2020:01:02", None),
        ("    :  :     :  :  ", None),
        ("9999:01:01 00:00:00", None),
        (None, None),
        (17, None),
    ],
)
def test_parse_date_takes_real_moments_only(text: object, expected: str | None) -> None:
    """A date is a real one or none."""
    assert parse_date(text) == expected


def test_xmp_gives_its_facts() -> None:
    """Titles and rights in the default language, keywords once each."""
    assert read_xmp(XMP) == XMP_FACTS


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_xmp_is_found_in_every_format(encode: Encode, decode_bytes: DecodeBytes, format: str) -> None:
    """The packet is read wherever a format keeps it."""
    options: dict[str, object] = {"xmp": XMP}
    image = Image.new("RGB", (20, 20))
    if format == "PNG":
        from PIL.PngImagePlugin import PngInfo  # noqa: PLC0415 - of one case

        text = PngInfo()
        text.add_itxt("XML:com.adobe.xmp", XMP.decode())
        options = {"pnginfo": text}
    elif format == "TIFF":
        options = {"tiffinfo": {700: XMP}}
    outcome = decode_bytes(encode(image, format, **options))
    assert isinstance(outcome, Decoded)
    info = outcome.info
    assert (info.title, info.caption, info.keywords) == ("Dog", "A dog & a ball", ("dog", "ball"))
    assert (info.creator, info.rights, info.taken_at) == ("Ada, Grace", "CC BY 4.0", "2021-03-04T05:06:07")


@pytest.mark.parametrize(
    "doctype",
    [
        b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>',
        b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/evil.dtd">',
    ],
)
def test_xmp_with_a_document_type_is_refused(doctype: bytes) -> None:
    """Entities are where XML attacks live; a packet that declares a document type is not read."""
    assert read_xmp(doctype + XMP[XMP.index(b"<x:xmpmeta") :]) == {}


def test_xmp_that_is_too_deep_or_too_long_is_refused() -> None:
    """Nesting and length are bounded."""
    assert read_xmp(b"<a>" * 100_000) == {}
    assert read_xmp(XMP + b" " * (4 << 20)) == {}


def test_iptc_gives_its_facts() -> None:
    """Title, caption, keywords, creators and rights; the headline stands in for a title."""
    block = records((5, b"T"), (120, "Caf\u00e9".encode()), (25, b"a"), (25, b"b"), (80, b"Ada"), (116, b"R"))
    facts = {"title": "T", "caption": "Caf\u00e9", "rights": "R", "creator": "Ada", "keywords": ["a", "b"]}
    assert read_iptc(block) == facts
    assert read_iptc(records((105, b"Headline"), (120, b"Caf\xe9"))) == {
        "title": "Headline",
        "caption": "Caf\u00e9",
    }


def test_iptc_is_found_in_jpeg(encode: Encode, decode_bytes: DecodeBytes) -> None:
    """JPEG keeps it in a Photoshop segment."""
    data = encode(Image.new("RGB", (20, 20)), "JPEG")
    block = records((5, b"Dog"), (25, b"k"))
    resource = b"8BIM" + (0x0404).to_bytes(2, "big") + bytes(2) + len(block).to_bytes(4, "big") + block
    segment = b"Photoshop 3.0\0" + resource + bytes(len(block) % 2)
    outcome = decode_bytes(
        data[:2] + b"\xff\xed" + (len(segment) + 2).to_bytes(2, "big") + segment + data[2:]
    )
    assert isinstance(outcome, Decoded)
    assert (outcome.info.title, outcome.info.keywords) == ("Dog", ("k",))


@given(st.binary(max_size=300))
def test_iptc_and_xmp_never_raise_on_anything_short_of_a_bug(noise: bytes) -> None:
    """Noise, and noise inside a sound packet, gives facts of the right shape."""
    for facts in (read_iptc(b"\x1c\x02" + noise), read_xmp(XMP[:300] + noise + XMP[300:]), read_xmp(noise)):
        assert facts.keys() <= {"title", "caption", "keywords", "creator", "rights", "taken_at"}


@given(st.one_of(st.text(), st.binary(), st.text(st.characters(codec=None)), st.none(), st.integers()))
def test_clean_gives_storable_text(text: object) -> None:
    """Cleaned text is valid, bounded and printable, not empty, and clean."""
    cleaned = clean(text)
    if cleaned is not None:
        cleaned.encode("utf-8")
        assert 0 < len(cleaned) <= MAX_TEXT
        assert all(c in "\n\t" or (c >= " " and not "\x7f" <= c < "\xa0") for c in cleaned)
        assert clean(cleaned) == cleaned


def test_clean_drops_what_deceives() -> None:
    """Direction overrides, NULs and escapes go; letters of every script stay."""
    assert clean("\u202egpj.exe\0\x1b[31m\ud800") == "gpj.exe[31m"
    assert clean("שלום 你好 \U0001f600") == "שלום 你好 \U0001f600"
    assert clean("a" * 10_000) == "a" * MAX_TEXT
    assert clean(" \0\n ") is None


def test_keywords_are_bounded() -> None:
    """No file brings more than MAX_KEYWORDS keywords."""
    assert len(clean_keywords(str(n) for n in range(10_000))) == MAX_KEYWORDS


def test_broken_metadata_never_costs_the_picture(encode: Encode, decode_bytes: DecodeBytes) -> None:
    """EXIF of nonsense, XMP of nonsense: the picture is decoded all the same."""
    image = Image.new("RGB", (20, 20))
    for exif in (b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0" + bytes(50), b"Exif\0\0MM\0*" + b"\xff" * 500):
        outcome = decode_bytes(encode(image, "JPEG", exif=exif, xmp=b"<x" + bytes(40)))
        assert isinstance(outcome, Decoded)
        assert outcome.info.orientation == 1


def test_iptc_caption_wins_over_exif_and_xmp_over_both(encode: Encode, decode_bytes: DecodeBytes) -> None:
    """Editors write XMP last, so it wins."""
    exif = Image.Exif()
    exif[0x010E] = "from exif"
    exif[0x8298] = "rights of exif"
    buffer = io.BytesIO()
    Image.new("RGB", (20, 20)).save(buffer, "JPEG", exif=exif, xmp=XMP.replace(b"CC BY 4.0", b" "))
    outcome = decode_bytes(buffer.getvalue())
    assert isinstance(outcome, Decoded)
    assert (outcome.info.caption, outcome.info.rights) == ("A dog & a ball", "rights of exif")
