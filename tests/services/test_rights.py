"""A member stops, reads what is kept about them, and is forgotten; the books stay as they are."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import text

from tests.builders import (
    AGREE,
    NAME,
    NIK,
    PHONE,
    TO_CONSENT,
    a_member,
    a_nik,
    a_paid_member,
    a_pay_code,
    a_registered_member,
    an_sms,
    count,
    execute,
    rows,
    typed,
)
from tests.conftest import clock_of
from tests.texts import a_handed_text, state_of
from tests.work import work
from ussd_app.domain.ledger import Payer
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import books, enrolment, inbox, journal, refunds, rights
from ussd_app.services.relay import relay
from ussd_app.storage import ledger


def leave(rt: Runtime, member_id: int = 1) -> bool:
    with rt.db.begin() as connection:
        return rights.leave(rt, connection, member_id, "ussd", "at:s9")


def pay_back(rt: Runtime) -> None:
    """Finance pays back all that members have asked for."""
    for refund in rows(rt, "SELECT id FROM refunds"):
        for who in ("ani@office", "budi@office"):
            refunds.approve(rt, refund["id"], who)
        refunds.paid_out(rt, refund["id"], "finance@office", "BCA-1")


def written_anywhere(rt: Runtime, *words: str) -> list[str]:
    """The columns of the whole database in which one of these words stands, as a dump would show it."""
    found = []
    with rt.db.connect() as connection:
        columns = connection.execute(
            text(
                "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' "
                "AND table_name NOT IN ('document_versions', 'alembic_version')"
            )
        ).all()
        for table, column in columns:
            for word in words:
                query = f'SELECT count(*) FROM "{table}" WHERE strpos("{column}"::text, :word) > 0'  # noqa: S608
                if connection.execute(text(query), {"word": word}).scalar_one():
                    found.append(f"{table}.{column}")
    return found


def test_whoever_leaves_has_withdrawn_every_consent_with_its_proof(rt: Runtime) -> None:
    typed(rt, *TO_CONSENT, AGREE)
    leave(rt)
    (consent,) = rows(rt, "SELECT withdrawn_at, withdrawn_by FROM consents")
    assert (consent["withdrawn_at"], consent["withdrawn_by"]) == (rt.clock(), "ussd:at:s9")


def test_a_registration_that_waits_is_not_filed_any_more(rt: Runtime) -> None:
    typed(rt, *TO_CONSENT, AGREE)
    leave(rt)
    enrolment.file(rt, 1)
    work(rt)
    assert rows(rt, "SELECT filed_at FROM registrations") == [{"filed_at": None}]


def test_the_open_codes_of_whoever_leaves_are_closed(rt: Runtime) -> None:
    a_pay_code(rt, a_registered_member(rt))
    leave(rt)
    assert rows(rt, "SELECT state FROM pay_codes") == [{"state": "expired"}]


def test_money_that_has_not_gone_on_is_to_be_paid_back(rt: Runtime) -> None:
    a_paid_member(rt)
    leave(rt)
    assert rows(rt, "SELECT amount, reason, state FROM refunds") == [
        {"amount": 8400, "reason": "left", "state": "requested"}
    ]
    assert books.check(rt) == []


def test_reminders_that_wait_are_not_sent_and_receipts_are(rt: Runtime) -> None:
    a_member(rt)
    an_sms(rt, lane="reminders")
    an_sms(rt, lane="urgent")
    leave(rt)
    states = rows(rt, "SELECT lane, state FROM outbox WHERE key LIKE 'test:%' ORDER BY lane")
    assert states == [{"lane": "reminders", "state": "stopped"}, {"lane": "urgent", "state": "waiting"}]


@pytest.mark.parametrize(("lane", "state"), [("reminders", "expired"), ("campaigns", "expired"), ("urgent", "sent")])
def test_what_a_gateway_has_in_its_hands_when_somebody_leaves_is_not_tried_again_but_for_a_receipt(
    rt: Runtime, lane: str, state: str
) -> None:
    a_member(rt)
    number = a_handed_text(rt, "handing_over", lane=lane)
    leave(rt)
    # The gateway was busy and took nothing: it waits for another try.
    execute(rt, "UPDATE outbox SET state = 'waiting', lease_until = NULL WHERE id = :id", id=number)
    relay(rt, lane, lambda _seconds: None)
    assert state_of(rt, number) == state


def test_leaving_twice_is_leaving_once_with_one_sms_and_one_follow_up(rt: Runtime) -> None:
    a_member(rt)
    assert (leave(rt), leave(rt)) == (True, False)
    assert (count(rt, "outbox"), count(rt, "follow_ups")) == (1, 1)


def test_somebody_who_left_dials_is_told_so_and_may_register_again(rt: Runtime) -> None:
    typed(rt, *TO_CONSENT, AGREE)
    leave(rt)
    assert typed(rt, session="at:s2").text.startswith("Anda sudah berhenti")
    typed(rt, *TO_CONSENT, AGREE, session="at:s3")
    assert rows(rt, "SELECT state FROM members") == [{"state": "here"}]


def test_hapus_by_sms_asks_first_and_hapus_ya_stops(rt: Runtime) -> None:
    a_member(rt)
    for number, words in enumerate(("hapus", "HAPUS YA")):
        form = {"id": f"m{number}", "from": PHONE, "to": "777", "text": words, "date": "2026-11-22 10:00:00"}
        inbox.take_sms(rt, form)
        work(rt)
        state = rows(rt, "SELECT state FROM members")[0]["state"]
        assert state == ("here", "left")[number]
    texts = [row["text"] for row in rows(rt, "SELECT text FROM outbox ORDER BY id")]
    assert ["HAPUS YA" in words for words in texts] == [True, False]


def test_an_export_holds_the_nik_in_plain_text_and_no_secret_of_ours(rt: Runtime) -> None:
    typed(rt, *TO_CONSENT, AGREE)
    found = rights.export(rt, 1)
    assert (found["member"]["nik"], found["member"]["name"]) == (NIK, NAME)
    assert len(found["consents"]) == len(found["pay_codes"]) == 1
    assert {"pin", "nik_index"} & found["member"].keys() == set()
    assert json.loads(json.dumps(found)) == found


def test_an_export_leaves_out_what_another_person_on_the_phone_may_have_been_sent(rt: Runtime) -> None:
    a_member(rt)
    a_member(rt, nik=a_nik(4), name="Budi")
    an_sms(rt, words="Budi, bayar")
    assert "outgoing_sms" not in rights.export(rt, 1)


def test_nobody_is_erased_who_is_still_a_member(rt: Runtime) -> None:
    a_member(rt)
    with pytest.raises(NotAllowedNow, match="still a member"):
        rights.erase(rt, 1, "ani@office")


def test_nobody_is_erased_whose_money_is_still_with_us(rt: Runtime) -> None:
    a_paid_member(rt)
    leave(rt)
    with pytest.raises(NotAllowedNow, match="Rp8,400 of member 1 is still to be paid back"):
        rights.erase(rt, 1, "ani@office")


def test_nobody_is_erased_while_a_code_of_theirs_can_still_be_paid(rt: Runtime) -> None:
    a_pay_code(rt, a_registered_member(rt))
    leave(rt)
    with pytest.raises(NotAllowedNow, match="can still be paid"):
        rights.erase(rt, 1, "ani@office")
    clock_of(rt).forward(days=4)
    rights.erase(rt, 1, "ani@office")
    assert rows(rt, "SELECT state FROM members") == [{"state": "erased"}]


@pytest.fixture
def erased(rt: Runtime) -> Runtime:
    """Somebody who enrolled by dialling, got a code, wrote, left and was erased."""
    typed(rt, *TO_CONSENT, AGREE)
    work(rt)
    inbox.take_sms(rt, {"id": "m1", "from": PHONE, "to": "777", "text": f"{NAME} {NIK}", "date": "2026-11-22 10:00:00"})
    form = {
        "sessionId": "s1",
        "phoneNumber": PHONE,
        "status": "Success",
        "serviceCode": "*777#",
        "networkCode": "51010",
    }
    inbox.take_end(rt, {**form, "date": "2026-11-22 10:00:00", "cost": "0", "durationInMillis": "9", "hopsCount": "9"})
    leave(rt)
    work(rt)
    clock_of(rt).forward(days=4)
    journal.write(rt)
    rights.erase(rt, 1, "ani@office")
    return rt


def test_a_dump_of_the_database_names_nobody_who_was_erased(erased: Runtime) -> None:
    words = (NIK, NAME, PHONE, PHONE.removeprefix("+62"), erased.vault.index(NIK), "1988-08-05", "21234567890")
    assert written_anywhere(erased, *words) == []


def test_the_scan_of_the_dump_finds_somebody_who_was_not_erased(rt: Runtime) -> None:
    typed(rt, *TO_CONSENT, AGREE)
    assert {"members.name", "members.phone", "consents.phone"} <= set(written_anywhere(rt, NAME, PHONE))


def test_the_books_balance_after_an_erasure(rt: Runtime) -> None:
    a_paid_member(rt)
    leave(rt)
    pay_back(rt)
    clock_of(rt).forward(days=4)
    before = rows(rt, "SELECT account, amount, member_id FROM ledger_entries ORDER BY id")
    rights.erase(rt, 1, "ani@office")
    assert rows(rt, "SELECT account, amount, member_id FROM ledger_entries ORDER BY id") == before
    assert books.check(rt) == []


def test_the_proof_of_a_consent_remains_as_hashes_after_an_erasure(erased: Runtime) -> None:
    (consent,) = rows(erased, "SELECT phone, session_id, text FROM consents")
    assert (consent["phone"], consent["session_id"]) == (erased.vault.mark(PHONE), erased.vault.mark("at:s1"))
    assert "Setuju daftar" in consent["text"]


def test_an_erased_member_is_nobody_to_the_phone_and_to_the_office(erased: Runtime) -> None:
    assert "Daftar" in typed(erased, session="at:s5").text
    for refused in (rights.export, lambda rt, member: rights.erase(rt, member, "ani@office")):
        with pytest.raises(NotAllowedNow):
            refused(erased, 1)


def test_whoever_was_erased_enrols_as_somebody_new(erased: Runtime) -> None:
    typed(erased, *TO_CONSENT, AGREE, session="at:s6")
    assert [row["state"] for row in rows(erased, "SELECT state FROM members ORDER BY id")] == ["erased", "here"]


def test_what_others_on_the_same_phone_were_sent_stays(rt: Runtime) -> None:
    a_member(rt)
    a_member(rt, nik=a_nik(4), name="Budi Santoso")
    an_sms(rt, words="Budi Santoso, bayar iuran")
    leave(rt)
    work(rt)
    rights.erase(rt, 1, "ani@office")
    assert [row["text"] for row in rows(rt, "SELECT text FROM outbox WHERE text <> ''")] == [
        "Budi Santoso, bayar iuran"
    ]
    assert written_anywhere(rt, NAME) == []


def test_nothing_of_a_member_with_credit_is_lost_by_leaving(rt: Runtime) -> None:
    a_paid_member(rt)
    leave(rt)
    with rt.db.connect() as connection:
        assert ledger.credit(connection, Payer(1)) == 8400
