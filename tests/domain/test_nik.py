"""A NIK is accepted when it can be real, and says no more than it should."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ussd_app.domain import nik
from ussd_app.errors import Refused

SITI = "3174054508880003"  # 5 August 1988, a woman, Jakarta
BUDI = "3174050508880003"  # the same day, a man


def refused(text: str) -> Refused:
    with pytest.raises(Refused) as caught:
        nik.parse(text)
    return caught.value


@pytest.mark.parametrize(
    "typed",
    [
        SITI,
        "317405 450888 0003",
        "317405.450888.0003",
        "3174-0545-0888-0003",
        "  3174054508880003\n",
        "317405\u00a0450888\u20110003",
        "\u202a3174054508880003\u202c",
    ],
)
def test_what_people_type_between_the_digits_does_not_matter(typed: str) -> None:
    assert nik.parse(typed) == nik.Nik(SITI, "31")


@pytest.mark.parametrize(
    ("typed", "count"),
    [("", 0), ("   ", 0), ("1", 1), (SITI[:-1], 15), (SITI + "1", 17), ("3174 0545", 8)],
)
def test_a_wrong_length_is_refused_with_the_number_of_digits_typed(typed: str, count: int) -> None:
    error = refused(typed)
    assert (error.reason, error.values) == ("nik_length", {"count": count})


@pytest.mark.parametrize(
    "typed",
    [
        "31740545088800O3",
        "nik",
        "3174054508880003#",
        "+3174054508880003",
        "٣١٧٤٠٥٤٥٠٨٨٨٠٠٠٣",
        "317405450888000³",
    ],
)
def test_anything_but_ascii_digits_is_refused_as_letters(typed: str) -> None:
    assert refused(typed).reason == "nik_letters"


@pytest.mark.parametrize("code", sorted(nik.PROVINCES))
def test_every_province_is_accepted(code: str) -> None:
    assert nik.parse(code + SITI[2:]).province == code


@pytest.mark.parametrize("code", [f"{n:02}" for n in range(100) if f"{n:02}" not in nik.PROVINCES])
def test_every_other_code_is_refused_as_a_province(code: str) -> None:
    assert refused(code + SITI[2:]).reason == "nik_province"


def test_there_are_38_provinces_and_97_is_not_one() -> None:
    codes = [*range(11, 20), 21, *range(31, 37), *range(51, 54), *range(61, 66), *range(71, 77), 81, 82]
    assert sorted(nik.PROVINCES) == [str(code) for code in [*codes, *range(91, 97)]]
    assert len(set(nik.PROVINCES.values())) == 38


@pytest.mark.parametrize(
    "middle",
    ["010188", "310188", "410188", "710188", "290288", "690288", "290200", "690200", "290204", "300499"],
)
def test_a_date_that_is_real_in_either_century_is_accepted(middle: str) -> None:
    assert nik.parse(f"317405{middle}0003").value[6:12] == middle


@pytest.mark.parametrize(
    "middle",
    [
        *("000188", "320188", "400188", "720188", "990188", "010088", "011388"),
        *("290201", "290287", "690299", "300200", "310488", "710488", "700288"),
    ],
)
def test_a_date_that_no_century_has_is_refused(middle: str) -> None:
    assert refused(f"317405{middle}0003").reason == "nik_date"


@pytest.mark.parametrize(("serial", "accepted"), [("0000", False), ("0001", True), ("9999", True)])
def test_serials_begin_at_0001(serial: str, accepted: bool) -> None:
    if accepted:
        assert nik.parse(SITI[:12] + serial).value.endswith(serial)
    else:
        assert refused(SITI[:12] + serial).reason == "nik_serial"


@pytest.mark.parametrize(
    ("value", "born", "agrees"),
    [
        (SITI, date(1988, 8, 5), True),
        (BUDI, date(1988, 8, 5), True),
        (BUDI, date(2088, 8, 5), True),
        (SITI, date(1988, 8, 6), False),
        (SITI, date(1988, 5, 8), False),
        (SITI, date(1989, 8, 5), False),
        ("3174052902000003", date(2000, 2, 29), True),
        ("3174057112990003", date(1999, 12, 31), True),
    ],
)
def test_the_typed_birth_date_must_be_the_one_in_the_nik(value: str, born: date, agrees: bool) -> None:
    assert nik.agrees(nik.parse(value), born) is agrees


@given(born=st.dates(date(1900, 1, 1), date(2099, 12, 31)), woman=st.booleans())
def test_every_birth_date_agrees_with_the_nik_made_from_it(born: date, woman: bool) -> None:
    day = born.day + (40 if woman else 0)
    made = nik.parse(f"317405{day:02}{born:%m%y}0001")
    assert nik.agrees(made, born)
    assert nik.is_woman(made) is woman


ZONES = {
    "Asia/Jakarta": "11 12 13 14 15 16 17 18 19 21 31 32 33 34 35 36 61 62",
    "Asia/Makassar": "51 52 53 63 64 65 71 72 73 74 75 76",
    "Asia/Jayapura": "81 82 91 92 93 94 95 96",
}


@pytest.mark.parametrize(("code", "zone"), [(code, zone) for zone, codes in ZONES.items() for code in codes.split()])
def test_a_province_has_its_own_time(code: str, zone: str) -> None:
    assert nik.zone(code) == zone
    assert ZoneInfo(zone).key == zone


def test_every_province_is_in_the_table_of_zones_above_and_no_other_has_one() -> None:
    assert sorted(" ".join(ZONES.values()).split()) == sorted(nik.PROVINCES)
    with pytest.raises(KeyError):
        nik.zone("97")


def test_a_masked_nik_gives_no_birth_date_away() -> None:
    assert nik.masked(SITI) == "3174**********03"
    assert nik.masked("12345") == "*****"
    assert nik.masked("") == ""


def test_a_nik_in_a_log_line_is_masked() -> None:
    assert repr(nik.parse(SITI)) == str(nik.parse(SITI)) == "Nik(3174**********03)"


@given(st.text(max_size=24))
def test_whatever_is_typed_is_a_nik_or_refused(text: str) -> None:
    try:
        found = nik.parse(text)
    except Refused:
        return
    assert found.value.isascii()
    assert len(found.value) == 16
