"""What the office does for somebody who calls: a text once more, a new pay code, no texts for a while."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.builders import (
    NOVEMBER,
    PHONE,
    a_basket,
    a_paid_member,
    a_pay_code,
    a_registered_member,
    count,
    dearer_rates,
    execute,
    rows,
)
from tests.conftest import clock_of
from tests.conversations import Conversation
from tests.sponsoring import last, sms_to
from tests.work import work
from ussd_app.domain.ledger import Payer
from ussd_app.domain.phone import masked
from ussd_app.errors import NotAllowedNow, Refused
from ussd_app.runtime import Runtime
from ussd_app.services import billing, office_codes, office_stops, resending, rights
from ussd_app.storage import stops

REASON = "menelepon, SMS tidak sampai"
BY, ADDRESS = "ani@kantor.id", "10.0.0.1"
SITI = Payer(1)


def resend(rt: Runtime, which: resending.Which = "code", payer: Payer = SITI) -> None:
    """Have a text sent once more."""
    resending.resend(rt, payer, which, REASON, BY, ADDRESS)


def a_member_with_a_code(rt: Runtime) -> None:
    """Siti, who has had the text with her code an hour ago."""
    a_registered_member(rt)
    asked = office_codes.bill(rt, 1, 1)
    office_codes.make(rt, 1, 1, asked.total, REASON, BY, ADDRESS)
    work(rt)
    clock_of(rt).forward(hours=1)


def why(rt: Runtime, act: Callable[[], object]) -> str:
    """The reason for which something is not done."""
    try:
        act()
    except (NotAllowedNow, Refused) as refused:
        return refused.reason
    raise AssertionError("it was done")


# ---- once more ----


def test_the_text_with_the_open_code_is_sent_again_and_says_so(rt: Runtime) -> None:
    a_member_with_a_code(rt)
    resend(rt)
    work(rt)
    first, again = sms_to(rt, PHONE)
    assert again == f"Ulang: {first}"
    assert rows(rt, "SELECT state, lane FROM outbox ORDER BY id DESC LIMIT 1") == [{"state": "sent", "lane": "codes"}]
    (entry,) = rows(rt, "SELECT what, after FROM audit_log WHERE kind = 'text.resent'")
    assert entry == {"what": "member 1", "after": {"text": "pay_code", "reason": REASON}}


def test_it_is_not_sent_again_while_the_last_may_be_on_its_way(rt: Runtime) -> None:
    a_member_with_a_code(rt)
    resend(rt)
    assert why(rt, lambda: resend(rt)) == "just_sent"
    clock_of(rt).forward(minutes=11)
    resend(rt)
    assert count(rt, "outbox") == 3


def test_it_goes_to_the_phone_they_use_now(rt: Runtime) -> None:
    a_member_with_a_code(rt)
    execute(rt, "UPDATE members SET phone = '+6281299999999'")
    resend(rt)
    assert len(sms_to(rt, "+6281299999999")) == 1


def test_without_an_open_code_there_is_none_to_send(rt: Runtime) -> None:
    a_member_with_a_code(rt)
    execute(rt, "UPDATE pay_codes SET state = 'expired'")
    assert why(rt, lambda: resend(rt)) == "no_code"


def test_the_last_receipt_is_sent_again_to_whose_it_is(rt: Runtime) -> None:
    conversation = Conversation(rt)
    conversation.dial("*777#")
    last(conversation, "1", "3174054508880003", "05081988", "Siti Aminah", "1", "1", "2", "1")
    conversation.work()
    conversation.pay("")
    conversation.work()
    a_registered_member(rt, nik="3174054508880004", name="Budi", member_number="21234567891")
    clock_of(rt).forward(hours=1)
    resend(rt, "receipt")
    assert sms_to(rt, PHONE)[-1].startswith("Ulang: Terima kasih Siti")
    assert why(rt, lambda: resend(rt, "receipt", Payer(2))) == "no_receipt"


def test_a_sponsor_gets_the_text_with_their_code_again(rt: Runtime) -> None:
    order = a_basket(rt, [a_registered_member(rt)])
    execute(rt, "UPDATE pay_codes SET state = 'requested', gateway = NULL, code = NULL")
    billing.make_code(rt, 1)
    clock_of(rt).forward(hours=1)
    resend(rt, "code", order.payer)
    assert len(sms_to(rt, order.phone)) == 2


def test_nothing_is_sent_to_somebody_who_has_left(rt: Runtime) -> None:
    a_member_with_a_code(rt)
    with rt.db.begin() as connection:
        rights.leave(rt, connection, 1, "office", "map 1")
    assert why(rt, lambda: resend(rt)) == "left_already"


# ---- a new code ----


def test_a_code_is_made_for_the_next_months_and_texted_to_the_member(rt: Runtime) -> None:
    a_paid_member(rt)
    asked = office_codes.bill(rt, 1, 3)
    assert ([f"{month:%Y-%m}" for month in asked.months], asked.total) == (["2026-12", "2027-01", "2027-02"], 42_000)
    office_codes.make(rt, 1, 3, 42_000, REASON, BY, ADDRESS)
    work(rt)
    assert "Rp42.000" in sms_to(rt, PHONE)[-1]
    (entry,) = rows(rt, "SELECT what, after FROM audit_log WHERE kind = 'code.made'")
    months = ["2026-12", "2027-01", "2027-02"]
    assert entry == {"what": "member 1", "after": {"months": months, "rupiah": 42_000, "reason": REASON}}


def test_a_code_that_was_lost_is_not_paid_beside_the_new_one(rt: Runtime) -> None:
    a_pay_code(rt, a_registered_member(rt), months=(NOVEMBER,))
    office_codes.make(rt, 1, 3, 33_600, REASON, BY, ADDRESS)
    assert rows(rt, "SELECT state FROM pay_codes ORDER BY id") == [{"state": "expired"}, {"state": "requested"}]


def test_for_the_very_same_months_the_open_code_is_the_one_to_pay(rt: Runtime) -> None:
    a_pay_code(rt, a_registered_member(rt), months=(NOVEMBER,))
    assert why(rt, lambda: office_codes.make(rt, 1, 1, 8_400, REASON, BY, ADDRESS)) == "code_waiting"


def test_nobody_pays_another_price_than_was_shown(rt: Runtime) -> None:
    a_registered_member(rt)
    shown = office_codes.bill(rt, 1, 1).total
    dearer_rates(rt)
    assert why(rt, lambda: office_codes.make(rt, 1, 1, shown, REASON, BY, ADDRESS)) == "price_changed"
    assert count(rt, "pay_codes") == 0


def test_no_code_is_made_for_months_that_nobody_offers_or_for_somebody_who_left(rt: Runtime) -> None:
    a_registered_member(rt)
    assert why(rt, lambda: office_codes.bill(rt, 1, 7)) == "months_not_offered"
    with rt.db.begin() as connection:
        rights.leave(rt, connection, 1, "office", "map 1")
    assert why(rt, lambda: office_codes.bill(rt, 1, 1)) == "barred"


# ---- no texts ----


def stop(rt: Runtime, topic: str = "reminders", weeks: int = 0) -> None:
    """Texts of a topic are stopped."""
    office_stops.stop(rt, SITI, topic, weeks, REASON, BY, ADDRESS)


def stopped(rt: Runtime, topic: str = "reminders") -> bool:
    """Whether the phone gets no texts of a topic."""
    with rt.db.connect() as connection:
        return bool(stops.stopped_by(connection, [PHONE], topic))


def planned(rt: Runtime) -> bool:
    """Whether a reminder is planned for Siti."""
    found = rows(rt, "SELECT next_at FROM reminder_times WHERE kind = 'member' AND next_at IS NOT NULL")
    return bool(found)


def test_a_pause_ends_by_itself_and_reminders_are_planned_again(rt: Runtime) -> None:
    a_paid_member(rt)
    stop(rt, weeks=2)
    assert (stopped(rt), planned(rt)) == (True, False)
    clock_of(rt).forward(days=13)
    assert (office_stops.sweep(rt), stopped(rt)) == (0, True)
    clock_of(rt).forward(days=2)
    assert (office_stops.sweep(rt), stopped(rt), planned(rt)) == (1, False, True)
    assert office_stops.sweep(rt) == 0


def test_who_wants_everything_stopped_gets_only_answers(rt: Runtime) -> None:
    a_registered_member(rt)
    stop(rt, "all")
    assert (stopped(rt, "reminders"), stopped(rt, "education")) == (True, True)
    assert why(rt, lambda: stop(rt, "reminders")) == "stopped_already"
    office_stops.allow(rt, SITI, "reminders", REASON, BY, ADDRESS)
    assert (stopped(rt, "reminders"), stopped(rt, "education")) == (False, True)
    assert [row["kind"] for row in rows(rt, "SELECT kind FROM audit_log ORDER BY id")] == [
        "texts.stopped",
        "texts.allowed",
    ]


def test_what_somebody_stopped_at_the_network_is_not_ours_to_allow(rt: Runtime) -> None:
    a_registered_member(rt)
    with rt.db.begin() as connection:
        stops.stop(connection, PHONE, "all", "gateway", "x", rt.clock())
    assert why(rt, lambda: office_stops.allow(rt, SITI, "all", REASON, BY, ADDRESS)) == "stopped_at_gateway"


def test_a_number_that_belongs_to_nobody_is_stopped_and_allowed_like_that_of_a_member(rt: Runtime) -> None:
    office_stops.stop(rt, "0812-3456-7890", "reminders", 2, REASON, BY, ADDRESS)
    assert stopped(rt)
    office_stops.allow(rt, PHONE, "reminders", REASON, BY, ADDRESS)
    assert not stopped(rt)
    assert {row["what"] for row in rows(rt, "SELECT what FROM audit_log")} == {f"number {masked(PHONE)}"}
    assert why(rt, lambda: office_stops.stop(rt, "12", "all", 0, REASON, BY, ADDRESS)) == "phone"


def test_nothing_is_allowed_that_was_not_stopped(rt: Runtime) -> None:
    a_registered_member(rt)
    assert why(rt, lambda: office_stops.allow(rt, SITI, "all", REASON, BY, ADDRESS)) == "not_stopped"


@pytest.mark.parametrize(
    ("topic", "weeks", "reason"), [("money", 0, "topic"), ("all", 13, "weeks"), ("all", -1, "weeks")]
)
def test_only_known_topics_are_stopped_and_for_a_quarter_of_a_year_at_most(
    rt: Runtime, topic: str, weeks: int, reason: str
) -> None:
    a_registered_member(rt)
    assert why(rt, lambda: stop(rt, topic, weeks)) == reason
