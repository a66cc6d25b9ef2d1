"""A telephone number is understood however it is typed, and shown to nobody who need not see it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_app.domain import phone
from ussd_app.errors import Refused

SITI = "+6281234567890"
MOBILES = st.from_regex(r"8[1-35-9][0-9]{7,10}", fullmatch=True).filter(str.isascii)


@pytest.mark.parametrize(
    "typed",
    [
        *("081234567890", "6281234567890", "+6281234567890", "+62 812 3456 7890", "+62 812-3456-7890"),
        *("0812-3456-7890", "0812 3456 7890", "0812.3456.7890", " 6281234567890", " 62 812 3456 7890"),
        *("081234567890\n", "  081234567890  ", "62 812-3456-7890", "81234567890", " 81234567890"),
        *("(0812) 3456-7890", "+62 (0)812 3456 7890", "+62 0812 3456 7890", "0812\u00a03456\u20117890"),
        *("\u202a+62 812-3456-7890\u202c", " +6281234567890", "+62\u00a0812\u00a03456\u00a07890"),
    ],
)
def test_every_way_to_type_a_number_leads_to_the_same(typed: str) -> None:
    assert phone.parse(typed) == SITI


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        ("0812345678", "+62812345678"),
        ("0812345678901", "+62812345678901"),
        ("08100000000", "+628100000000"),
        ("08300000000", "+628300000000"),
        ("08999999999", "+628999999999"),
    ],
)
def test_lengths_and_prefixes_are_taken_generously(typed: str, parsed: str) -> None:
    assert phone.parse(typed) == parsed


@pytest.mark.parametrize(
    ("typed", "parsed"),
    [
        ("+254711000000", "+254711000000"),
        (" 254711000000", "+254711000000"),
        ("+254 711 000-000", "+254711000000"),
        ("+1 202 555 0100", "+12025550100"),
    ],
)
def test_a_number_of_another_country_is_taken_when_written_internationally(typed: str, parsed: str) -> None:
    assert phone.parse(typed) == parsed


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "+", "0", "08", "halo", "081234567", "08123456789012", "08412345678", "08012345678"),
        *("0211234567", "+62211234567", "254711000000", "+254711", "+999123456789", "+15550100"),
        *("008123456789", "00812345678901", "0062812345678", "0812345678a", "0812/3456/789"),
        *("٠٨١٢٣٤٥٦٧٨٩٠", "+٦٢٨١٢٣٤٥٦٧٨٩٠", "08123456789０", "0812\n34567890", "%2B6281234567890"),
        *(
            "081234567890 081234567891",
            "081234567890;ext=1",
            "0812345678x1",
            "++6281234567890",
            "-081234567890",
        ),
    ],
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(Refused) as caught:
        phone.parse(typed)
    assert caught.value.reason == "phone"


@given(MOBILES)
def test_every_indonesian_mobile_survives_being_written_and_read(national: str) -> None:
    written = f"+62{national}"
    for typed in (written, f"62{national}", f"0{national}", f" 62{national}", phone.local(written)):
        assert phone.parse(typed) == written


@given(st.text(max_size=20) | st.from_regex(r"\+?[0-9 .()-]{5,20}"))
def test_whatever_is_typed_is_a_clean_number_or_refused(text: str) -> None:
    try:
        found = phone.parse(text)
    except Refused:
        return
    assert re.fullmatch(r"\+[1-9][0-9]{4,16}", found)
    assert phone.parse(found) == found


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (SITI, "0812-3456-7890"),
        ("+62812345678", "0812-345-678"),
        ("+628123456789", "0812-3456-789"),
        ("+62812345678901", "0812-3456-78901"),
        ("+254711000000", "+254711000000"),
    ],
)
def test_a_number_is_shown_as_people_at_home_read_it(number: str, shown: str) -> None:
    assert phone.local(number) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (SITI, "+62812****890"),
        ("+62812345678", "+62812****678"),
        ("+254711000000", "+25471****000"),
        ("+2906123456", "+29****56"),
        ("+1234", "****"),
        ("", "****"),
    ],
)
def test_a_masked_number_hides_its_middle_and_its_length(number: str, shown: str) -> None:
    assert phone.masked(number) == shown
