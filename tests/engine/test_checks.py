"""An answer is taken as what it means, or refused with the reason that helps."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engine.menus import TODAY
from ussd_app.domain import gsm7
from ussd_app.engine.checks import CHECKS, Asked
from ussd_app.engine.kinds import Value
from ussd_app.engine.turn import Known
from ussd_app.errors import Refused

SITI = "3174054508880003"  # 5 August 1988
# Parameters without which a check cannot be asked.
NEEDED = {"pattern": {"mask": "AA 99"}}


def take(check: str, said: str, nik: str | None = None, **parameters: str) -> Value:
    answers: dict[str, Value] = {"nik": nik} if nik else {}
    return CHECKS[check].check(said, Asked(parameters, answers, TODAY))


def refusal(check: str, said: str, nik: str | None = None, **parameters: str) -> tuple[str, dict[str, object]]:
    with pytest.raises(Refused) as caught:
        take(check, said, nik, **parameters)
    return caught.value.reason, caught.value.values


@pytest.mark.parametrize(
    ("check", "said", "value"),
    [
        ("nik", SITI, SITI),
        ("nik", " 317405 450888 0003 ", SITI),
        ("birth_date", "05081988", "1988-08-05"),
        ("birth_date", "5 Agustus 1988", "1988-08-05"),
        ("birth_date", "22112026", "2026-11-22"),
        ("name", "Siti Rahayu", "Siti Rahayu"),
        ("name", "  Siti \t Rahayu  ", "Siti Rahayu"),
        ("name", "M. Nur'aini, S.Pd", "M. Nur'aini, S.Pd"),
        ("name", "Nur’aini", "Nur'aini"),
        ("name", "Li", "Li"),
        ("name", "W" * 60, "W" * 60),
        ("words", "Kota  Bogor", "Kota Bogor"),
        ("words", "A1", "A1"),
        ("words", "W" * 40, "W" * 40),
        ("number", "0", 0),
        ("number", " 42 ", 42),
        ("number", "007", 7),
        ("number", "999999999", 999_999_999),
        ("money", "16800", 16_800),
        ("money", "Rp16.800", 16_800),
        ("money", "0", 0),
        ("money", "99888888", 99_888_888),
        ("phone", "081234567890", "+6281234567890"),
        ("phone", "+62 812-3456-7890", "+6281234567890"),
    ],
)
def test_a_good_answer_is_kept_as_its_value(check: str, said: str, value: Value) -> None:
    assert take(check, said) == value


@pytest.mark.parametrize(
    ("check", "said", "reason", "values"),
    [
        ("nik", "123", "nik_length", {"count": 3}),
        ("nik", "", "nik_length", {"count": 0}),
        ("nik", "NIK saya", "nik_letters", {}),
        ("nik", "3174053213880003", "nik_date", {}),
        ("nik", "0074054508880003", "nik_province", {}),
        ("nik", "3174054508880000", "nik_serial", {}),
        ("birth_date", "31021988", "date", {}),
        ("birth_date", "kemarin", "date", {}),
        ("birth_date", "23112026", "date", {}),
        ("birth_date", "5-8-88", "date_year", {}),
        ("name", "", "name", {}),
        ("name", "S", "name", {}),
        ("name", "S.", "name", {}),
        ("name", "5iti", "name", {}),
        ("name", "Siti 2", "name", {}),
        ("name", "1", "name", {}),
        ("name", "Siti 😀", "name", {}),
        ("name", "-Siti", "name", {}),
        ("name", "W" * 61, "name_long", {"most": 60}),
        ("words", "", "words_short", {}),
        ("words", " B ", "words_short", {}),
        ("words", "東京都", "words_short", {}),
        ("words", "W" * 41, "words_long", {"most": 40}),
        ("words", "€" * 21, "words_long", {"most": 40}),
        ("number", "", "number", {}),
        ("number", "dua", "number", {}),
        ("number", "-1", "number", {}),
        ("number", "1.5", "number", {}),
        ("number", "٣", "number", {}),
        ("number", "1" * 10, "number", {}),
        ("money", "", "amount", {}),
        ("money", "dua ribu", "amount", {}),
        ("money", "99888889", "amount_range", {"least": 0, "most": 99_888_888}),
        ("pin", "12345", "pin", {}),
        ("pin", "1234567", "pin", {}),
        ("pin", "PIN123", "pin", {}),
        ("pin", "123456", "pin_easy", {}),
        ("pin", "987654", "pin_easy", {}),
        ("pin", "111111", "pin_easy", {}),
        ("phone", "123", "phone", {}),
        ("phone", "", "phone", {}),
        ("phone", "halo", "phone", {}),
    ],
)
def test_a_bad_answer_is_refused_with_its_reason(check: str, said: str, reason: str, values: dict[str, object]) -> None:
    assert refusal(check, said) == (reason, values)


def test_a_pin_leaves_only_a_hash_that_the_same_pin_and_pepper_give_again() -> None:
    first, again, other = (
        CHECKS["pin"].check(said, Asked({}, {}, TODAY, pepper))
        for said, pepper in ((" 204861 ", b"a"), ("204861", b"a"), ("204861", b"b"))
    )
    assert first == again != other
    assert re.fullmatch("[0-9a-f]{32}", str(first))


def test_the_pepper_is_not_in_what_is_printed() -> None:
    assert "secret" not in repr(Asked({}, {}, TODAY, b"secret")) + repr(Known(TODAY, pepper=b"secret"))


@pytest.mark.parametrize("said", ["05081988", "1988-08-05"])
def test_a_birth_date_that_is_in_the_nik_agrees_with_it(said: str) -> None:
    assert take("birth_date", said, SITI, agrees_with="nik") == "1988-08-05"


def test_a_birth_date_that_is_not_in_the_nik_disagrees() -> None:
    assert refusal("birth_date", "06081988", SITI, agrees_with="nik") == ("birth_disagrees", {})


def test_a_birth_date_is_compared_only_where_the_menu_asks_for_it() -> None:
    assert take("birth_date", "06081988", SITI) == "1988-08-06"


def test_disagreeing_with_the_nik_is_told_before_being_too_young() -> None:
    assert refusal("birth_date", "01012020", SITI, agrees_with="nik", min_age="17")[0] == "birth_disagrees"


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ("22112009", None),  # seventeen today
        ("23112009", ("too_young", {"least": 17})),
        ("23111961", None),  # sixty-five tomorrow
        ("22111961", ("too_old", {"limit": 65})),  # sixty-five today
        ("01011900", ("too_old", {"limit": 65})),
    ],
)
def test_enrolling_is_for_those_from_17_to_64_to_the_day(
    said: str, refused: tuple[str, dict[str, object]] | None
) -> None:
    if refused is None:
        assert take("birth_date", said, min_age="17", max_age="64")
    else:
        assert refusal("birth_date", said, min_age="17", max_age="64") == refused


@pytest.mark.parametrize(
    ("check", "said", "reason"),
    [
        ("number", "4", "number_range"),
        ("number", "11", "number_range"),
        ("money", "4", "amount_range"),
        ("money", "11", "amount_range"),
    ],
)
def test_a_number_outside_the_menus_range_is_refused_with_the_range(check: str, said: str, reason: str) -> None:
    assert refusal(check, said, min="5", max="10") == (reason, {"least": 5, "most": 10})


@pytest.mark.parametrize("check", ["number", "money"])
@pytest.mark.parametrize("said", ["5", "10"])
def test_both_ends_of_a_range_belong_to_it(check: str, said: str) -> None:
    assert take(check, said, min="5", max="10") == int(said)


@pytest.mark.parametrize(
    ("said", "reason"), [("abcd", "words_short"), ("abcdefghijk", "words_long"), ("[][][]", "words_long")]
)
def test_words_have_the_length_the_menu_asks_for(said: str, reason: str) -> None:
    assert refusal("words", said, min="5", max="10")[0] == reason


@pytest.mark.parametrize("check", sorted(CHECKS))
@given(said=st.text(max_size=182) | st.text("0123456789 .-/", max_size=30) | st.text("€[]{}ab ", max_size=60))
def test_whatever_is_typed_gives_a_value_in_its_room_or_a_reason_that_the_check_declares(check: str, said: str) -> None:
    spec = CHECKS[check]
    refused, value = None, None
    try:
        value = take(check, said, **NEEDED.get(check, {}))
    except Refused as error:
        refused = error
    if refused:
        assert set(refused.values) == set(spec.reasons[refused.reason])
    else:
        assert (gsm7.septets(str(value)) or 999) <= len(str(spec.kind.longest))


@pytest.mark.parametrize(("check", "zero"), [(name, name in {"number", "money"}) for name in sorted(CHECKS)])
def test_only_a_number_or_an_amount_can_be_zero(check: str, zero: bool) -> None:
    assert CHECKS[check].zero is zero
