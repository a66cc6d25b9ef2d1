"""A telephone number, however somebody types it: +62, 62, 0 in front, spaces and dashes between.

An Indonesian mobile number is `+62 8[1-35-9]` and 7 to 10 digits more. An operator's prefix is never a reason
to refuse: prefixes change hands and new ones appear.
"""

from __future__ import annotations

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat, ValidationResult

from ussd_app.domain import gsm7
from ussd_app.errors import Refused

_TYPED = re.compile(r"\+?[0-9(][0-9 ().\-]*")
_INDONESIAN = re.compile(r"\+628[1-35-9][0-9]{7,10}")
_INDONESIA = 62
_NOT_0_OR_8 = frozenset("12345679")
_SHORT = 12  # characters; below this the usual mask would leave nothing to hide


def parse(text: str) -> str:
    """The number in E.164 (`+6281234567890`), or Refused("phone").

    Numbers of other countries are accepted when written with their `+` and possible there.
    """
    number = _number(_international(text))
    written = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    if number.country_code == _INDONESIA:
        acceptable = _INDONESIAN.fullmatch(written) is not None
    else:
        # is_possible_number() would also say yes to a number that can only be dialled within its town.
        reason = phonenumbers.is_possible_number_with_reason(number)
        acceptable = reason == ValidationResult.IS_POSSIBLE
    if not acceptable:
        raise Refused("phone")
    return written


def local(phone: str) -> str:
    """An E.164 number as people at home read it (`0812-3456-7890`); another country's stays as it is."""
    if not _INDONESIAN.fullmatch(phone):
        return phone
    digits = "0" + phone[3:]
    middle = 7 if len(digits) == 10 else 8  # 0812-345-678, not 0812-3456-78
    return f"{digits[:4]}-{digits[4:middle]}-{digits[middle:]}"


def masked(phone: str) -> str:
    """An E.164 number as it may be logged: `+62812****890`, always four stars whatever they hide."""
    if len(phone) < _SHORT:
        return f"{phone[:3]}****{phone[-2:]}" if len(phone) > len("+62") + 2 else "****"
    return f"{phone[:6]}****{phone[-3:]}"


def _international(text: str) -> str:
    """The text with its `+` put back where one was lost, and with nothing but digits and separators."""
    # In a query string a + means a space, so " 62812…" once began with a plus. " 8…" stays Indonesian:
    # somebody who left out the 0 is likelier than a caller from +8x.
    lost_plus = text[:1] == " " and text[1:2] in _NOT_0_OR_8
    tidy = gsm7.plain(text).strip()
    if not _TYPED.fullmatch(tidy):
        raise Refused("phone")
    if tidy.startswith("+"):
        return tidy
    if tidy.startswith("00"):
        # 00 is not how Indonesia dials abroad, and "008 1…" would silently become an American number.
        raise Refused("phone")
    return f"+{tidy}" if lost_plus or tidy.startswith("62") else tidy


def _number(text: str) -> PhoneNumber:
    try:
        return phonenumbers.parse(text, None if text.startswith("+") else "ID")
    except NumberParseException:
        raise Refused("phone") from None
