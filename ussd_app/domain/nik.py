"""The sixteen digits on somebody's KTP: are they a NIK, and what do they give away?

`PPKKCC DDMMYY SSSS`: region of first registration (PP is the province), birth date with 40 added to a woman's
day, serial from 0001. There is no check digit. Regency and district (KKCC) are not checked: codes move when
provinces split and people keep the old one. (cahyadsn/wilayah)
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from ussd_app.domain import gsm7
from ussd_app.errors import Refused

PROVINCES = {
    "11": "Aceh",
    "12": "Sumatera Utara",
    "13": "Sumatera Barat",
    "14": "Riau",
    "15": "Jambi",
    "16": "Sumatera Selatan",
    "17": "Bengkulu",
    "18": "Lampung",
    "19": "Kepulauan Bangka Belitung",
    "21": "Kepulauan Riau",
    "31": "DKI Jakarta",
    "32": "Jawa Barat",
    "33": "Jawa Tengah",
    "34": "DI Yogyakarta",
    "35": "Jawa Timur",
    "36": "Banten",
    "51": "Bali",
    "52": "Nusa Tenggara Barat",
    "53": "Nusa Tenggara Timur",
    "61": "Kalimantan Barat",
    "62": "Kalimantan Tengah",
    "63": "Kalimantan Selatan",
    "64": "Kalimantan Timur",
    "65": "Kalimantan Utara",
    "71": "Sulawesi Utara",
    "72": "Sulawesi Tengah",
    "73": "Sulawesi Selatan",
    "74": "Sulawesi Tenggara",
    "75": "Gorontalo",
    "76": "Sulawesi Barat",
    "81": "Maluku",
    "82": "Maluku Utara",
    "91": "Papua",
    "92": "Papua Barat",
    "93": "Papua Selatan",
    "94": "Papua Tengah",
    "95": "Papua Pegunungan",
    "96": "Papua Barat Daya",
}

_WITA = frozenset({"51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76"})
_WIT = frozenset({"81", "82", "91", "92", "93", "94", "95", "96"})

_LENGTH = 16
_WOMEN = 40  # added to the day of birth
_TYPED_BETWEEN = re.compile(r"[\s.\-]")


@dataclass(frozen=True)
class Nik:
    """A NIK that passed every hard check: sixteen ASCII digits, and the code of its province."""

    value: str
    province: str

    def __repr__(self) -> str:
        """Masked, so that a NIK in a traceback or a log line gives no birth date away."""
        return f"Nik({masked(self.value)})"


def parse(text: str) -> Nik:
    """The NIK somebody typed, or Refused saying what is wrong with it.

    Spaces, dots and dashes do not matter. Reasons: nik_letters, nik_length (with `count`, the digits typed),
    nik_province, nik_date, nik_serial.
    """
    digits = _TYPED_BETWEEN.sub("", gsm7.plain(text))
    if digits and not (digits.isascii() and digits.isdigit()):
        raise Refused("nik_letters")
    if len(digits) != _LENGTH:
        raise Refused("nik_length", count=len(digits))
    if digits[:2] not in PROVINCES:
        raise Refused("nik_province")
    if not _holds_a_date(digits):
        raise Refused("nik_date")
    if digits[12:] == "0000":
        raise Refused("nik_serial")
    return Nik(digits, digits[:2])


def province_of(value: str) -> str:
    """The code of the province in which a NIK that is kept was first registered: a key of `PROVINCES`."""
    return value[:2]


def agrees(nik: Nik, born: date) -> bool:
    """Whether the NIK holds this birth date. It has no century, so 1926 and 2026 agree alike."""
    return _day_month_year(nik.value) == (born.day, born.month, born.year % 100)


def is_woman(nik: Nik) -> bool:
    """Whether the NIK was given to a woman: the day of birth has 40 added."""
    return int(nik.value[6:8]) > _WOMEN


def zone(province: str) -> str:
    """The IANA time zone of a province code of `PROVINCES`; KeyError for any other.

    Only a default for where a person is now: a NIK keeps the province of its first registration.
    """
    if province not in PROVINCES:
        raise KeyError(province)
    if province in _WIT:
        return "Asia/Jayapura"
    return "Asia/Makassar" if province in _WITA else "Asia/Jakarta"


def zone_of(value: str) -> str:
    """The IANA time zone that somebody with this NIK is taken to be in: see `zone`."""
    return zone(province_of(value))


def masked(value: str) -> str:
    """The NIK as it may be shown or logged: the first four and last two digits, never the birth date."""
    if len(value) != _LENGTH:
        return "*" * len(value)
    return f"{value[:4]}{'*' * 10}{value[-2:]}"


def _day_month_year(digits: str) -> tuple[int, int, int]:
    day, month, year = int(digits[6:8]), int(digits[8:10]), int(digits[10:12])
    return (day - _WOMEN if day > _WOMEN else day), month, year


def _holds_a_date(digits: str) -> bool:
    day, month, year = _day_month_year(digits)
    # 29 February 00 is real in 2000 and not in 1900: one real century is enough.
    return any(_is_real(century + year, month, day) for century in (1900, 2000))


def _is_real(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
