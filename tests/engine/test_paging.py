"""What does not fit one screen is cut into pages, and nothing is lost on the way."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ussd_app.domain import gsm7
from ussd_app.engine.paging import Footer, TooNarrow, pages

MORE, BACK = "98. Lanjut", "0. Kembali"
WORD = st.text("abcdefgh{€", min_size=1, max_size=12)
TEXT = st.lists(WORD, max_size=60).map(" ".join) | st.lists(WORD, max_size=60).map("\n".join)
OPTION = st.text("ABCDEFGH ", min_size=1, max_size=20).map(str.strip).filter(bool)
OPTIONS = st.lists(OPTION, max_size=40).map(
    lambda labels: [f"{number}. {label}" for number, label in enumerate(labels, 1)]
)
LIMIT = st.integers(60, 182)


def footer(first: bool, more: bool, words: bool) -> list[str]:
    return keys([MORE] * more + [BACK] * (not first), words)


def always_back(_first: bool, more: bool, words: bool) -> list[str]:
    return keys([MORE, BACK] if more else [BACK], words)


def nothing(_first: bool, _more: bool, _words: bool) -> list[str]:
    return []


def keys(lines: list[str], words: bool) -> list[str]:
    return lines if words else [line.partition(".")[0] for line in lines]


FOOTERS = st.sampled_from([footer, always_back])


@given(TEXT, OPTIONS, FOOTERS, LIMIT)
def test_no_page_is_over_the_limit(text: str, options: list[str], footer: Footer, limit: int) -> None:
    assert all(gsm7.fits_screen(page, limit) for page in pages(text, options, footer, limit))


@given(st.lists(st.text("aé漢😀", min_size=1, max_size=5), max_size=40).map(" ".join), LIMIT)
def test_no_page_is_over_the_limit_of_its_own_alphabet(text: str, limit: int) -> None:
    # A page of UCS-2 has under half the room: at 60 there is none left beside the navigation.
    assume(limit >= 100)
    assert all(gsm7.fits_screen(page, limit) for page in pages(text, [], footer, limit))


@given(TEXT, OPTIONS, FOOTERS, LIMIT)
def test_every_word_and_every_option_is_shown_once_and_in_order(
    text: str, options: list[str], footer: Footer, limit: int
) -> None:
    lines = [line for page in pages(text, options, footer, limit) for line in page.split("\n")]
    shown = [line for line in lines if line not in (MORE, BACK)]
    assert " ".join(shown).split() == " ".join([text, *options]).split()


@given(TEXT, OPTIONS, FOOTERS, LIMIT)
def test_an_option_is_never_split(text: str, options: list[str], footer: Footer, limit: int) -> None:
    lines = [line for page in pages(text, options, footer, limit) for line in page.split("\n")]
    assert [line for line in lines if line in options] == options


@given(TEXT, OPTIONS, FOOTERS, LIMIT)
def test_every_page_ends_with_the_navigation_asked_for(
    text: str, options: list[str], footer: Footer, limit: int
) -> None:
    made = pages(text, options, footer, limit)
    for number, page in enumerate(made):
        wanted = footer(number == 0, number < len(made) - 1, True)
        assert page.split("\n")[-len(wanted) :] == wanted or not wanted


@given(TEXT, OPTIONS, FOOTERS, LIMIT)
def test_pages_are_made_only_where_one_is_too_small(text: str, options: list[str], footer: Footer, limit: int) -> None:
    whole = "\n".join(filter(None, [text, *options, *footer(True, False, True)]))
    assert (len(pages(text, options, footer, limit)) == 1) == gsm7.fits_screen(whole, limit)


@given(TEXT, OPTIONS, FOOTERS, LIMIT)
def test_no_page_is_empty_but_for_its_navigation(text: str, options: list[str], footer: Footer, limit: int) -> None:
    assume(text or options)
    for page in pages(text, options, footer, limit):
        assert set(page.split("\n")) - {MORE, BACK}


def test_a_page_takes_as_many_words_as_fit() -> None:
    made = pages("aaaa bbbb cccc dddd eeee ffff gggg", [], footer, 32)
    assert made == [f"aaaa bbbb cccc dddd\n{MORE}", f"eeee ffff gggg\n{BACK}"]


def test_a_page_takes_as_many_options_as_fit() -> None:
    made = pages("T", ["1. aaaaaa", "2. bbbbbb", "3. cccccc", "4. dddddd"], footer, 32)
    assert made == [f"T\n1. aaaaaa\n2. bbbbbb\n{MORE}", f"3. cccccc\n4. dddddd\n{BACK}"]


def test_options_begin_only_after_the_whole_text() -> None:
    made = pages("aaaa bbbb cccc dddd eeee", ["1. aaaaaa"], footer, 32)
    assert made == [f"aaaa bbbb cccc dddd\n{MORE}", f"eeee\n1. aaaaaa\n{BACK}"]


def test_an_extension_character_takes_two_septets() -> None:
    assert pages("€€ €€ €€ €€ €€ €€ €€", [], footer, 32) == [f"€€ €€ €€ €€\n{MORE}", f"€€ €€ €€\n{BACK}"]


@pytest.mark.parametrize(("text", "expected"), [("", ""), ("Halo", "Halo")])
def test_a_screen_without_options_and_navigation_is_its_text(text: str, expected: str) -> None:
    assert pages(text, [], nothing, 160) == [expected]


@pytest.mark.parametrize(
    ("text", "options"),
    [("w" * 61, []), ("", ["1. " + "w" * 58]), ("ok " + "w" * 60, []), ("ok", ["1. a", "2. " + "w" * 58])],
)
def test_what_fits_no_screen_is_too_narrow(text: str, options: list[str]) -> None:
    with pytest.raises(TooNarrow):
        pages(text, options, footer, 60)


def test_where_a_line_has_no_room_beside_the_words_of_the_keys_the_keys_stand_alone() -> None:
    options = ["1. " + "a" * 50, "2. b", "3. " + "c" * 52]
    assert pages("T", options, always_back, 60) == [
        f"T\n{MORE}\n{BACK}",
        f"{options[0]}\n98\n0",
        f"2. b\n{MORE}\n{BACK}",
        f"{options[2]}\n0",
    ]


@given(st.lists(st.text("abcd", min_size=1, max_size=55), min_size=1, max_size=9), FOOTERS, LIMIT)
def test_whatever_fits_beside_the_keys_alone_is_shown_whole_and_in_order(
    lines: list[str], footer: Footer, limit: int
) -> None:
    made = pages(lines[0], lines[1:], footer, limit)
    shown = [line for page in made for line in page.split("\n") if line not in (MORE, BACK, "98", "0")]
    assert shown == lines
    assert all(gsm7.fits_screen(page, limit) for page in made)


@pytest.mark.parametrize(
    "text", ["aaaa bbbb cccc dddd eeeee  ", "  aaaa bbbb cccc dddd eeeee", "aaaa bbbb cccc dddd eeeee \n"]
)
def test_spaces_around_a_text_make_no_page_of_their_own(text: str) -> None:
    assert pages(text, [], footer, 26) == ["aaaa bbbb cccc dddd eeeee"]


@given(st.text(max_size=200), st.lists(st.text(max_size=40), max_size=10), st.integers(1, 182))
def test_whatever_is_cut_comes_out_or_is_too_narrow(text: str, options: list[str], limit: int) -> None:
    try:
        made = pages(text, options, footer, limit)
    except TooNarrow:
        return
    assert all(gsm7.fits_screen(page, limit) for page in made)
