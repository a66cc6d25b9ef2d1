"""Nobody is ever surprised by a second segment, or by a screen that the network cuts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_app.domain import gsm7
from ussd_app.domain.gsm7 import Size

# The default alphabet once more, by code point, as a second reading of 3GPP TS 23.038 (escape left out).
DEFAULT = [
    *(0x40, 0xA3, 0x24, 0xA5, 0xE8, 0xE9, 0xF9, 0xEC, 0xF2, 0xC7, 0x0A, 0xD8, 0xF8, 0x0D, 0xC5, 0xE5),
    *(0x394, 0x5F, 0x3A6, 0x393, 0x39B, 0x3A9, 0x3A0, 0x3A8, 0x3A3, 0x398, 0x39E, 0xC6, 0xE6, 0xDF, 0xC9),
    *(0x20, 0x21, 0x22, 0x23, 0xA4, *range(0x25, 0x40)),
    *(0xA1, *range(0x41, 0x5B), 0xC4, 0xD6, 0xD1, 0xDC, 0xA7),
    *(0xBF, *range(0x61, 0x7B), 0xE4, 0xF6, 0xF1, 0xFC, 0xE0),
]
EXTENDED = [0x0C, 0x5E, 0x7B, 0x7D, 0x5C, 0x5B, 0x7E, 0x5D, 0x7C, 0x20AC]


def gsm(units: int, segments: int) -> Size:
    return Size("GSM-7", units, segments)


def ucs(units: int, segments: int) -> Size:
    return Size("UCS-2", units, segments)


# Sixty texts counted by hand. A line is `part | part | …` where it matters what goes into which.
SIZES: list[tuple[str, Size]] = [
    # one part, two, three: 160, 2 x 153, 3 x 153
    ("", gsm(0, 1)),  # still a message
    ("a", gsm(1, 1)),
    ("Rp16.800", gsm(8, 1)),
    ("a" * 159, gsm(159, 1)),
    ("a" * 160, gsm(160, 1)),
    ("a" * 161, gsm(161, 2)),
    ("a" * 306, gsm(306, 2)),
    ("a" * 307, gsm(307, 3)),
    ("a" * 459, gsm(459, 3)),
    ("a" * 460, gsm(460, 4)),
    # the extension characters, each an escape and one more septet
    ("[", gsm(2, 1)),
    ("^{}[]~|\\€\f", gsm(20, 1)),  # all ten
    ("a\fb", gsm(4, 1)),  # a form feed is one of them, a line feed is not
    ("Harga €5 | [baru] ~{a}", gsm(29, 1)),  # 22 characters, 7 of them pairs: € | [ ] ~ { }
    ("€" * 80, gsm(160, 1)),
    ("€" * 81, gsm(162, 2)),
    ("a" * 158 + "[", gsm(160, 1)),
    ("a" * 159 + "[", gsm(161, 2)),
    ("[" + "a" * 158, gsm(160, 1)),
    # a pair at the border of two parts
    ("a" * 152 + "[" + "a" * 152, gsm(306, 3)),  # 152 a | [ 151 a | a: the pair moves on and pushes one a out
    ("a" * 151 + "[" + "a" * 153, gsm(306, 2)),  # 151 a [ | 153 a: the pair just fits
    ("a" * 153 + "[" + "a" * 151, gsm(306, 2)),  # 153 a | [ 151 a
    ("a" * 152 + "[" + "a" * 151, gsm(305, 2)),  # 152 a | [ 151 a
    ("a" * 152 + "\f" + "a" * 152, gsm(306, 3)),  # as with [
    ("a" * 152 + "€" + "a" * 150 + "€", gsm(306, 3)),  # 152 a | € 150 a | €: 2 + 150 leave one septet
    ("a" * 152 + "€" + "a" * 149 + "€", gsm(305, 2)),  # 152 a | € 149 a €
    ("€" * 152, gsm(304, 2)),  # 76 pairs a part, one septet unused in each
    ("€" * 153, gsm(306, 3)),  # 76 | 76 | 1
    # letters with accents: Javanese and Sundanese need only those of the alphabet
    ("Mangga mayar kanggé céléngan, mirsani: *777#", gsm(44, 1)),
    ("cèlèngan", gsm(8, 1)),
    ("é" * 160, gsm(160, 1)),
    ("È", ucs(1, 1)),  # small ones only: the alphabet has É and no È
    ("@£$¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ¤¡ÄÖÑÜ§¿äöñüà", gsm(41, 1)),
    ("Ç", gsm(1, 1)),
    ("ç", ucs(1, 1)),
    # line ends
    ("\n" * 160, gsm(160, 1)),
    ("Bayar\r\nRp8.400", gsm(14, 1)),  # 5 + 2 + 7
    # what no plain phone has makes the whole text UCS-2: 70, 2 x 67
    ("`", ucs(1, 1)),
    ("\t", ucs(1, 1)),
    ("\x1b", ucs(1, 1)),  # an escape by itself is no character
    ("µ", ucs(1, 1)),
    ("ê" * 70, ucs(70, 1)),
    ("ê" * 71, ucs(71, 2)),
    ("ê" * 134, ucs(134, 2)),
    ("ê" * 135, ucs(135, 3)),
    ("a" * 69 + "ê", ucs(70, 1)),
    ("a" * 70 + "ê", ucs(71, 2)),
    ("[" * 69 + "ê", ucs(70, 1)),  # no pairs there
    ("a" * 100 + "€" * 33 + "ê", ucs(134, 2)),  # 100 + 33 + 1
    # beyond U+FFFF: two units, and never cut in the middle
    ("🙂", ucs(2, 1)),
    ("🙂" * 35, ucs(70, 1)),
    ("🙂" * 36, ucs(72, 2)),  # 33 | 3
    ("🙂" * 66, ucs(132, 2)),  # 33 a part, one unit unused in each
    ("🙂" * 67, ucs(134, 3)),  # 33 | 33 | 1
    ("a" * 66 + "🙂" + "a" * 66, ucs(134, 3)),  # 66 a | 🙂 65 a | a
    ("a" * 65 + "🙂" + "a" * 67, ucs(134, 2)),  # 65 a 🙂 | 67 a
    ("👨\u200d👩", ucs(5, 1)),  # two faces and what joins them
    # typographic characters count as they are; `plain` comes before
    ("“halo”", ucs(6, 1)),
    ("e\u0301", ucs(2, 1)),
    ("ꦱꦼꦂꦠ", ucs(4, 1)),
]

# The same after typographic characters have been made plain, as every text of ours is.
PLAIN_SIZES: list[tuple[str, Size]] = [
    ("“" + "a" * 158 + "”", gsm(160, 1)),
    ("a" * 157 + "…", gsm(160, 1)),  # one character becomes three dots
    ("a" * 158 + "…", gsm(161, 2)),
    ("e\u0301" * 160, gsm(160, 1)),  # letter and accent become one
    ("\u200b" + "a" * 160, gsm(160, 1)),  # the invisible is left out
    ("Rp\u00a08.400 – “lunas” 🙂", ucs(21, 1)),  # 8 + 3 + 7 + 1, and the emoji two
]


@pytest.mark.parametrize(("text", "size"), SIZES)
def test_a_text_takes_as_much_as_counting_by_hand_says(text: str, size: Size) -> None:
    assert gsm7.size(text) == size


@pytest.mark.parametrize(("text", "size"), PLAIN_SIZES)
def test_a_text_made_plain_takes_as_much_as_counting_by_hand_says(text: str, size: Size) -> None:
    assert gsm7.size(gsm7.plain(text)) == size


def test_the_table_has_sixty_different_texts() -> None:
    assert len({text for text, _ in SIZES}) == len(SIZES) == 60


def test_the_alphabet_is_the_standards() -> None:
    assert sorted(map(ord, gsm7.ALPHABET)) == sorted(DEFAULT)
    assert sorted(map(ord, gsm7.EXTENSION)) == sorted(EXTENDED)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("abc", 3),
        ("a[b", 4),
        ("€", 2),
        ("\f", 2),
        ("\x1b", None),
        ("ê", None),
        ("[ê", None),
        ("é", 1),
    ],
)
def test_septets_count_pairs_twice_and_give_up_on_ucs2(text: str, count: int | None) -> None:
    assert gsm7.septets(text) == count


@given(st.characters())
def test_a_character_costs_what_the_standard_says(character: str) -> None:
    expected = 1 if ord(character) in DEFAULT else 2 if ord(character) in EXTENDED else None
    assert gsm7.septets(character) == expected


def reference(text: str) -> Size:
    """The same by brute force: write every septet or unit down, then cut off the longest legal part again."""
    in_gsm7 = all(ord(c) in DEFAULT or ord(c) in EXTENDED for c in text)
    single, joined = (160, 153) if in_gsm7 else (70, 67)
    units = []  # what goes over the air, with the first half of each pair marked
    for character in text:
        pair = ord(character) in EXTENDED if in_gsm7 else len(character.encode("utf-16-le")) == 4
        units += ["first", "second"] if pair else ["whole"]
    if len(units) <= single:
        return Size("GSM-7" if in_gsm7 else "UCS-2", len(units), 1)
    parts, rest = 0, units
    while rest:
        end = min(joined, len(rest))
        while rest[end - 1] == "first":
            end -= 1
        parts, rest = parts + 1, rest[end:]
    return Size("GSM-7" if in_gsm7 else "UCS-2", len(units), parts)


PIECES = st.lists(
    st.tuples(st.sampled_from(["a", "é", "[", "€", "\f", "ê", "🙂"]), st.integers(1, 160)), max_size=6
).map(lambda runs: "".join(character * times for character, times in runs))
GSM7_PIECES = PIECES.map(lambda text: text.replace("ê", "b").replace("🙂", "~"))
ANY_TEXT = PIECES | GSM7_PIECES | st.text(max_size=200)


@given(ANY_TEXT)
def test_the_size_is_what_brute_force_counts(text: str) -> None:
    assert gsm7.size(text) == reference(text)


@given(ANY_TEXT)
def test_units_are_what_the_encoder_writes(text: str) -> None:
    assert gsm7.utf16_units(text) == len(text.encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“Halo” ‘kak’", "\"Halo\" 'kak'"),
        ("ya — tidak – mungkin", "ya - tidak - mungkin"),
        ("tunggu…", "tunggu..."),
        ("Rp\u00a016.800", "Rp 16.800"),
        ("• satu\n· dua", "- satu\n- dua"),
        ("a\tb", "a b"),
        ("`x´", "'x'"),
        ("12′ 5″", "12' 5\""),
        ("−5 × 2", "-5 x 2"),
        ("a → b", "a -> b"),
        ("e\u0301", "é"),
        ("\u202a0812\u202c\u200b\ufeff", "0812"),
        ("e\u200b\u0301", "é"),
        ("baris\u2028dua", "baris\ndua"),
        ("ﬁlm", "film"),
        ("ê ç 🙂 ꦱ", "ê ç 🙂 ꦱ"),
        ("\u2126", "Ω"),
        ("\u1fefhalo", "'halo"),  # composing turns it into a backtick
        ("1\u202f000", "1 000"),
    ],
)
def test_typographic_characters_become_plain_and_the_rest_stays(text: str, expected: str) -> None:
    assert gsm7.plain(text) == expected


@given(st.text())
def test_making_plain_twice_changes_nothing_more_and_keeps_gsm7_as_it_is(text: str) -> None:
    once = gsm7.plain(text)
    assert gsm7.plain(once) == once
    assert unicodedata.is_normalized("NFC", once)
    if gsm7.septets(text) is not None:
        assert once == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("halo", []), ("“halo” €5", []), ("ça va, ça va 🙂", ["ç", "🙂"]), ("", []), ("\x1b", ["\x1b"])],
)
def test_strangers_are_named_once_in_order(text: str, expected: list[str]) -> None:
    assert gsm7.strangers(text) == expected


@given(st.text())
def test_a_text_without_strangers_is_gsm7_once_plain(text: str) -> None:
    assert (gsm7.strangers(text) == []) is (gsm7.septets(gsm7.plain(text)) is not None)


@pytest.mark.parametrize(
    ("text", "cap", "fits"),
    [
        ("a" * 160, 160, True),
        ("a" * 161, 160, False),
        ("a" * 182, 182, True),
        ("a" * 183, 182, False),
        ("a" * 159 + "[", 160, False),
        ("ê" * 70, 160, True),
        ("ê" * 71, 160, False),
        ("ê" * 80, 182, True),
        ("ê" * 81, 182, False),
        ("🙂" * 35, 160, True),
        ("🙂" * 35 + "a", 160, False),
        ("", 0, True),
    ],
)
def test_a_screen_holds_septets_or_fewer_units(text: str, cap: int, fits: bool) -> None:
    assert gsm7.fits_screen(text, cap) is fits


@pytest.mark.parametrize(
    ("text", "septets", "expected"),
    [
        ("halo", 4, "halo"),
        ("halo dunia", 7, "halo.."),
        ("halo dunia", 8, "halo d.."),
        ("halo", 3, "h.."),
        ("halo", 2, "ha"),
        ("halo", 1, "h"),
        ("halo", 0, ""),
        ("halo", -5, ""),
        ("ab[cd", 6, "ab[cd"),
        ("ab[cd", 5, "ab.."),  # ab[ and the dots would be six
        ("[[", 3, ""),  # a pair with the dots would be four
        ("[[", 2, "["),
        ("🙂🙂🙂", 5, "🙂.."),
        ("🙂🙂🙂", 6, "🙂🙂🙂"),
        ("[[[[ê", 4, "[.."),  # what is left is GSM-7 again, so the pairs count
    ],
)
def test_a_cut_ends_where_it_may_and_says_so(text: str, septets: int, expected: str) -> None:
    assert gsm7.cut(text, septets) == expected


@given(ANY_TEXT, st.integers(0, 200))
def test_a_cut_text_fits_and_is_a_beginning(text: str, limit: int) -> None:
    shorter = gsm7.cut(text, limit)
    count = gsm7.septets(shorter)
    assert (gsm7.utf16_units(shorter) if count is None else count) <= limit
    assert text.startswith(shorter.removesuffix("..")) or text.startswith(shorter)
