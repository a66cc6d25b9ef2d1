"""Somebody at the desk types what they have: a phone, a NIK, a number or a piece of a name."""

from __future__ import annotations

import pytest

from tests.builders import NIK, PHONE, a_member, a_nik, a_registered_member, a_sponsor, some_members
from ussd_app.runtime import Runtime
from ussd_app.services import finding
from ussd_app.services.finding import Beyond, Found


def found(rt: Runtime, said: str) -> tuple[str, list[str], list[str]]:
    """As what the words were taken, and the names of the members and sponsors they found."""
    result: Found = finding.find(rt, said)
    return result.taken_as, [one.person.name for one in result.members], [one.name for one in result.sponsors]


@pytest.mark.parametrize(
    ("said", "taken_as"),
    [
        ("0812-3456-7890", "phone"),
        (PHONE, "phone"),
        (NIK, "nik"),
        (f"'{NIK}", "nik"),
        ("3174 0545 0888 0003", "nik"),
        ("21234567890", "kpj"),
        ("1", "number"),
        ("#1", "number"),
        ("siti", "name"),
        ("AMINAH, Siti", "name"),
        ("sit ami", "name"),
    ],
)
def test_what_is_typed_says_itself_what_it_is(rt: Runtime, said: str, taken_as: str) -> None:
    a_registered_member(rt)
    assert found(rt, said) == (taken_as, ["Siti Aminah"], [])


@pytest.mark.parametrize("said", ["", "  ", "%", "a", "si", "' OR 1=1 --", "3174054508880004", "Siti Rahayu", "0812"])
def test_what_is_nobodys_finds_nobody(rt: Runtime, said: str) -> None:
    a_registered_member(rt)
    assert found(rt, said)[1:] == ([], [])


def test_words_are_told_apart_by_whatever_stands_between_them(rt: Runtime) -> None:
    a_member(rt, name="H.M.Yusuf/Nur'aini")
    assert [found(rt, said)[1] != [] for said in ("yusuf", "aini", "nur yus", "usuf")] == [True, True, True, False]


def test_a_sponsor_is_found_by_phone_and_name_beside_members(rt: Runtime) -> None:
    a_member(rt, phone="+6281299999999", name="Rini Astuti")
    a_sponsor(rt)
    assert found(rt, "0812 9999 9999") == ("phone", ["Rini Astuti"], ["Bu Rini"])
    assert found(rt, "rini") == ("name", ["Rini Astuti"], ["Bu Rini"])


def test_many_people_of_one_name_come_in_pages_the_newest_first(rt: Runtime) -> None:
    some_members(rt, 45)
    a_sponsor(rt, name="Budi")
    seen: list[int] = []
    payers = 0
    beyond = Beyond()
    for _ in range(5):
        page = finding.find(rt, "budi", beyond)
        seen += [one.id for one in page.members]
        payers += len(page.sponsors)
        if page.next is None:
            break
        beyond = page.next
    assert (seen, payers) == (list(range(45, 0, -1)), 1)


def test_somebody_who_was_erased_is_not_found_by_an_empty_name(rt: Runtime) -> None:
    a_member(rt, nik=a_nik(9), name="Siti Aminah")
    assert found(rt, "***")[0] == "nothing"
