"""The office makes right what is wrong about a member: in our books at once, at the institution by a follow-up."""

from __future__ import annotations

import pytest

from tests.builders import (
    NIK,
    PHONE,
    a_member,
    a_nik,
    a_pay_code,
    a_registered_member,
    a_registration,
    count,
    execute,
    rows,
)
from tests.work import work
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import corrections, rights
from ussd_app.services.corrections import Wanted
from ussd_app.storage import members

REASON = "KTP diperlihatkan"


def corrected(rt: Runtime, *, why: str = REASON, **wanted: str) -> list[str]:
    """Correct a member; what has changed."""
    return corrections.correct(rt, 1, Wanted(**wanted), why, "ani@kantor.id", "10.0.0.1")


def person(rt: Runtime, member_id: int = 1) -> tuple[str, str, str, str, str]:
    """A member as they are kept."""
    with rt.db.connect() as connection:
        one = members.by_id(connection, member_id).person
    return one.name, f"{one.born:%d-%m-%Y}", one.workplace, one.sector, one.language


def refused_member(rt: Runtime) -> None:
    """Somebody whom the institution refused."""
    registration = a_registration(rt, a_member(rt))
    with rt.db.begin() as connection:
        members.settle_registration(connection, registration, "refused", "nik", rt.clock(), None)


def test_what_nobody_has_filed_yet_is_simply_made_right(rt: Runtime) -> None:
    a_registration(rt, a_member(rt))
    changed = corrected(rt, name="siti  rahayu", born="6-8-1988", workplace="Bandung", sector="seller", language="jv")
    assert changed == ["name", "born", "workplace", "sector", "language"]
    assert person(rt) == ("siti rahayu", "06-08-1988", "Bandung", "seller", "jv")
    assert count(rt, "follow_ups") == 0


def test_what_was_filed_leaves_a_follow_up_for_the_institution(rt: Runtime) -> None:
    a_registered_member(rt)
    corrected(rt, name="Siti Rahayu", language="en")
    assert rows(rt, "SELECT kind, phone, detail FROM follow_ups") == [
        {"kind": "correction", "phone": PHONE, "detail": "member 1: name"}
    ]


def test_a_language_alone_is_no_business_of_the_institution(rt: Runtime) -> None:
    a_registered_member(rt)
    corrected(rt, language="su")
    assert (count(rt, "follow_ups"), rows(rt, "SELECT language FROM phones")) == (0, [{"language": "su"}])


def test_the_log_says_what_was_corrected_and_holds_no_name(rt: Runtime) -> None:
    a_registered_member(rt)
    corrected(rt, name="Siti Rahayu", born="06-08-1989")
    (entry,) = rows(rt, "SELECT kind, what, by_whom, before, after, address FROM audit_log")
    assert (entry["kind"], entry["what"], entry["by_whom"]) == ("member.corrected", "member 1", "ani@kantor.id")
    assert entry["before"] == {"name": "S*** A***", "born": "**-**-1988"}
    assert entry["after"] == {"name": "S*** R***", "born": "**-**-1989", "reason": REASON}


def test_another_kind_of_work_closes_codes_at_the_old_price(rt: Runtime) -> None:
    member = a_registered_member(rt)
    a_pay_code(rt, member)
    corrected(rt, sector="seller")
    assert rows(rt, "SELECT state FROM pay_codes") == [{"state": "expired"}]
    assert rows(rt, "SELECT sector, package, wage FROM member_plans") == [
        {"sector": "seller", "package": "jkk_jkm", "wage": 1_000_000}
    ]


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"name": "123"}, "name"),
        ({"born": "31-02-1988"}, "date"),
        ({"sector": "king"}, "sector"),
        ({"language": "fr"}, "language"),
        ({"workplace": "x"}, "words_short"),
        ({"nik": a_nik(4)}, "nik_filed"),
        ({}, "nothing_changed"),
        ({"name": "Siti Aminah"}, "nothing_changed"),
    ],
)
def test_a_wrong_answer_changes_nothing(rt: Runtime, wanted: dict[str, str], reason: str) -> None:
    a_registered_member(rt)
    with pytest.raises(Refused) as refused:
        corrected(rt, **wanted)
    assert (refused.value.reason, count(rt, "audit_log")) == (reason, 0)


def test_without_a_reason_nothing_is_corrected(rt: Runtime) -> None:
    a_registered_member(rt)
    with pytest.raises(Refused):
        corrected(rt, why=" ", name="Siti Rahayu")
    assert person(rt)[0] == "Siti Aminah"


def test_somebody_who_was_refused_is_sent_again_once_they_have_signed(rt: Runtime) -> None:
    refused_member(rt)
    corrected(rt, nik=a_nik(7), reference="map 3")
    assert rows(rt, "SELECT state FROM registrations ORDER BY id") == [{"state": "refused"}, {"state": "accepted"}]
    assert rows(rt, "SELECT channel, session_id FROM consents") == [{"channel": "paper", "session_id": "map 3"}]
    work(rt)
    assert rows(rt, "SELECT state FROM registrations ORDER BY id DESC LIMIT 1")[0]["state"] == "confirmed"


def test_without_a_signature_a_refused_registration_is_not_sent_again(rt: Runtime) -> None:
    refused_member(rt)
    corrected(rt, name="Siti Rahayu")
    assert (count(rt, "registrations"), count(rt, "consents")) == (1, 0)


def test_a_nik_that_is_somebody_elses_is_not_taken(rt: Runtime) -> None:
    refused_member(rt)
    a_member(rt, nik=a_nik(7), phone="+6281299999999")
    with pytest.raises(NotAllowedNow) as refused:
        corrected(rt, nik=a_nik(7))
    assert refused.value.reason == "nik_taken"
    with rt.db.connect() as connection:
        assert members.by_nik(connection, rt.vault, NIK) is not None


def test_a_registration_in_somebodys_hands_is_left_alone(rt: Runtime) -> None:
    a_registration(rt, a_member(rt))
    execute(rt, "UPDATE registrations SET lease_until = :until", until=rt.clock().replace(hour=23))
    with pytest.raises(NotAllowedNow) as refused:
        corrected(rt, name="Siti Rahayu")
    assert refused.value.reason == "being_filed"


def test_nobody_is_corrected_who_has_left(rt: Runtime) -> None:
    a_registered_member(rt)
    with rt.db.begin() as connection:
        rights.leave(rt, connection, 1, "office", "map 1")
    with pytest.raises(NotAllowedNow):
        corrected(rt, name="Siti Rahayu")
