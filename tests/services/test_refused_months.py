"""A paid month that the institution refuses is never told as active, and its money is its payer's again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import pytest

from tests.builders import (
    NOVEMBER,
    PRICE,
    a_basket,
    a_nik,
    a_paid_member,
    a_registered_member,
    count,
    execute,
    rows,
    some_members,
    typed,
)
from ussd_app.domain import ledger
from ussd_app.domain.ledger import Payer
from ussd_app.errors import NotAllowedNow
from ussd_app.gateways.handover_file import FileInstitution
from ussd_app.gateways.payment import PaymentStatus, TakenBack
from ussd_app.runtime import Runtime
from ussd_app.services import accounts, books, handover_answers, handover_files, payments, refused_months
from ussd_app.services.handover_answers import Taken
from ussd_app.storage import contributions, handover, rights
from ussd_app.storage import ledger as ledgers

ME = "budi@kantor.id"
COLUMNS = "file,reference,verdict,member_number,reason,bank_reference\n"
REFUSED = "1,C1-202611,refused,,wrong sum,"
DECEMBER = date(2026, 12, 1)


def answer(rt: Runtime, *lines: str) -> Taken:
    return handover_answers.take(rt, "answers.csv", (COLUMNS + "\n".join(lines)).encode(), ME)


def wrong(taken: Taken) -> list[tuple[int, str]]:
    return [(problem.line, problem.path) for problem in taken.problems]


def balances(rt: Runtime) -> dict[str, int]:
    assert books.check(rt) == []
    with rt.db.connect() as connection:
        return {account: amount for account, amount in ledgers.balances(connection).items() if amount}


def months_of(rt: Runtime) -> list[tuple[date, str]]:
    found = rows(rt, "SELECT month, state FROM contribution_months ORDER BY member_id, month")
    return [(row["month"], row["state"]) for row in found]


def texts(rt: Runtime) -> list[str]:
    return [str(row["text"]) for row in rows(rt, "SELECT text FROM outbox ORDER BY id")]


@pytest.fixture
def desk(rt: Runtime) -> Runtime:
    """A runtime whose institution takes files."""
    return replace(rt, institution=FileInstitution())


def filed(desk: Runtime, months: Sequence[date] = (NOVEMBER,), *, transferred: bool = True) -> Runtime:
    """One member's paid months are in file 1."""
    a_paid_member(desk, months=months)
    handover_files.make(desk, "contributions", ME)
    if transferred:
        handover_files.remitted(desk, 1, "BNI-1")
    return desk


@pytest.fixture
def sent(desk: Runtime) -> Runtime:
    """November of one member is in file 1, and the bank has transferred it."""
    return filed(desk)


# ---- refused, and the money is still there ----


def test_a_refused_month_is_never_told_as_paid_or_active(sent: Runtime) -> None:
    answer(sent, REFUSED)
    screen = typed(sent).text
    assert "BELUM AKTIF" in screen
    assert "lunas" not in screen


def test_the_member_is_told_why_and_the_office_is_asked_once(sent: Runtime) -> None:
    for again in ("", "\n"):
        answer(sent, REFUSED + again)
    assert texts(sent) == ["Siti Ami.., iuran Nov 2026 ditolak BPJS TK: wrong sum. Tidak aktif, uang kami urus. *777#"]
    assert rows(sent, "SELECT detail FROM follow_ups") == [{"detail": "C1-202611: wrong sum"}]


def test_while_the_money_is_with_the_institution_the_books_say_so(sent: Runtime) -> None:
    answer(sent, REFUSED)
    assert balances(sent) == {"settlement": PRICE, "remitted": -PRICE}


def test_several_months_refused_for_one_reason_are_one_text(desk: Runtime) -> None:
    filed(desk, [NOVEMBER, DECEMBER])
    assert answer(desk, REFUSED, "1,C1-202612,refused,,wrong sum,").fresh == 2
    assert ["iuran Nov-Des 2026 ditolak" in text for text in texts(desk)] == [True]


def test_the_next_month_to_pay_is_the_one_after_a_refused_one(sent: Runtime) -> None:
    answer(sent, REFUSED)
    with sent.db.connect() as connection:
        assert contributions.months_of(connection, 1) == {NOVEMBER: "refused"}
    typed(sent, "1", "1")
    code = rows(sent, "SELECT month FROM pay_code_lines ORDER BY pay_code_id DESC, month LIMIT 1")
    assert code == [{"month": DECEMBER}]


def test_the_institution_may_think_again_while_it_has_the_money(sent: Runtime) -> None:
    answer(sent, REFUSED)
    assert answer(sent, "1,C1-202611,confirmed,,,").fresh == 1
    assert "AKTIF s.d. 30 Nov 2026" in typed(sent).text
    assert rows(sent, "SELECT 1 FROM follow_ups WHERE done_at IS NULL") == []
    assert (count(sent, "refused_months"), balances(sent)["remitted"]) == (0, -PRICE)


# ---- the money comes back ----


def test_money_that_came_back_buys_a_later_month(sent: Runtime) -> None:
    assert answer(sent, REFUSED + "BNI-9").fresh == 1
    assert months_of(sent) == [(DECEMBER, "received")]
    assert balances(sent) == {"settlement": PRICE, "contributions_owed": -PRICE}
    assert texts(sent)[-1] == (
        "Siti Aminah, uang iuran Nov 2026 yang ditolak, Rp8.400, sekarang untuk iuran Des 2026. Lihat: *777#"
    )


def test_nobody_in_the_office_has_to_look_after_money_that_is_back(sent: Runtime) -> None:
    answer(sent, REFUSED)
    answer(sent, REFUSED + "BNI-9")
    assert rows(sent, "SELECT 1 FROM follow_ups WHERE done_at IS NULL") == []


def test_money_that_came_back_counts_once_however_often_it_is_told(sent: Runtime) -> None:
    told = [answer(sent, REFUSED + "BNI-9", *[""] * again).fresh for again in range(3)]
    assert (told, answer(sent, REFUSED).fresh) == ([1, 0, 0], 0)
    assert (balances(sent)["settlement"], count(sent, "outbox")) == (PRICE, 2)
    with pytest.raises(NotAllowedNow, match="back already: C1-202611"):
        refused_months.bring_back(sent, 1, "BNI-9", ["C1-202611"])


def test_the_operator_may_say_that_it_came_back(sent: Runtime) -> None:
    answer(sent, REFUSED)
    assert [refused_months.bring_back(sent, 1, "BNI-9") for _ in range(2)] == [1, 0]
    assert months_of(sent) == [(DECEMBER, "received")]
    assert rows(sent, "SELECT bank_reference FROM refused_months") == [{"bank_reference": "BNI-9"}]


def test_only_the_months_that_the_operator_names_are_back(desk: Runtime) -> None:
    filed(desk, [NOVEMBER, DECEMBER])
    answer(desk, REFUSED, "1,C1-202612,refused,,wrong sum,")
    assert refused_months.bring_back(desk, 1, "BNI-9", ["C1-202612"]) == 1
    assert balances(desk) == {"settlement": 2 * PRICE, "remitted": -PRICE, "member_credit": -PRICE}


def test_money_that_does_not_reach_for_a_later_month_is_kept_and_told_as_kept(sent: Runtime) -> None:
    execute(sent, "INSERT INTO member_plans VALUES (1, '2026-12-01', 'household', 'jkk_jkm_jht', 1000000)")
    answer(sent, REFUSED + "BNI-9")
    assert balances(sent) == {"settlement": PRICE, "member_credit": -PRICE}
    assert texts(sent)[-1] == (
        "Siti Aminah, uang iuran Nov 2026 yang ditolak, Rp8.400, tetap milik Anda. Saldo Rp8.400. Lihat: *777#"
    )


def test_money_of_somebody_whom_the_institution_refuses_altogether_goes_back_to_them(sent: Runtime) -> None:
    execute(sent, "UPDATE registrations SET state = 'refused'")
    answer(sent, REFUSED + "BNI-9")
    assert rows(sent, "SELECT amount, reason, state FROM refunds") == [
        {"amount": PRICE, "reason": "refused", "state": "requested"}
    ]
    assert "kami kembalikan" in texts(sent)[-1]


def test_who_has_left_gets_the_money_back_and_no_text(sent: Runtime) -> None:
    execute(sent, "UPDATE members SET state = 'left'")
    answer(sent, REFUSED + "BNI-9")
    assert rows(sent, "SELECT amount, reason FROM refunds") == [{"amount": PRICE, "reason": "left"}]
    assert texts(sent) == []


def test_nobody_is_erased_while_the_institution_has_money_of_a_month_it_refused(sent: Runtime) -> None:
    answer(sent, REFUSED)
    with sent.db.connect() as connection:
        assert rights.unsettled(connection, 1, sent.clock()).months == 1


def test_a_sponsors_money_is_the_sponsors_again_and_nobody_is_named(desk: Runtime) -> None:
    people = some_members(desk, 2)
    order = a_basket(desk, people)
    with desk.db.begin() as connection:
        ledgers.post(connection, ledger.settlement(order.order_id, order.payer, order.total), desk.clock())
        accounts.allocate(desk, connection, order, order.order_id)
        execute(desk, "UPDATE pay_codes SET state = 'paid'")
    handover_files.make(desk, "contributions", ME)
    handover_files.remitted(desk, 1, "BNI-1")
    answer(desk, f"1,C{people[0].id}-202611,refused,,wrong sum,BNI-9")
    assert balances(desk) == {"settlement": 2 * PRICE, "remitted": -PRICE, "sponsor_credit": -PRICE}
    assert rows(desk, "SELECT text FROM outbox WHERE phone = '+6281299999999'") == [
        {
            "text": "Bu Rini, Rp8.400 yang Anda bayar ditolak BPJS Ketenagakerjaan dan kembali menjadi saldo Anda: "
            "Rp8.400. *777#"
        }
    ]


def test_money_that_the_provider_had_paid_back_meanwhile_is_not_given_a_second_time(sent: Runtime) -> None:
    status = PaymentStatus("SRT-1", "charged_back", PRICE, taken_back=(TakenBack("r1", PRICE),))
    with sent.db.begin() as connection:
        payments._decided(sent, connection, status)
    answer(sent, REFUSED + "BNI-9")
    assert (balances(sent), months_of(sent)) == ({}, [])
    assert len(texts(sent)) == 1


def test_a_new_payment_does_not_buy_the_refused_month_again(sent: Runtime) -> None:
    answer(sent, REFUSED + "BNI-9")
    with sent.db.begin() as connection:
        ledgers.post(connection, ledger.settlement("SRT-2", Payer(1), 40_000), sent.clock())
        bought = accounts.spend(sent, connection, 1, "SRT-2")
    assert [line.month for line in bought] == [date(2027, 1, 1), date(2027, 2, 1)]
    assert books.check(sent) == []


# ---- never sent ----


def test_a_month_left_out_of_the_transfer_is_credit_at_once_and_the_rest_is_transferred(desk: Runtime) -> None:
    a_registered_member(desk, phone="+6281234567899", nik=a_nik(9), member_number="29")
    filed(desk, [NOVEMBER, DECEMBER], transferred=False)
    reference = rows(desk, "SELECT 'C' || member_id || '-202611' AS of FROM contribution_months LIMIT 1")[0]["of"]
    answer(desk, f"1,{reference},refused,,wrong sum,")
    assert refused_months.bring_back(desk, 1, None) == 1
    handover_files.remitted(desk, 1, "BNI-1")
    assert balances(desk)["remitted"] == -PRICE
    assert rows(desk, "SELECT bank_reference FROM refused_months") == [{"bank_reference": None}]


def test_where_every_month_was_left_out_there_is_nothing_to_transfer(desk: Runtime) -> None:
    filed(desk, transferred=False)
    answer(desk, REFUSED)
    refused_months.bring_back(desk, 1, None)
    with pytest.raises(NotAllowedNow, match="nothing to transfer"):
        handover_files.remitted(desk, 1, "BNI-1")
    assert balances(desk) == {"settlement": PRICE, "contributions_owed": -PRICE}


def test_money_cannot_come_back_that_was_never_sent(desk: Runtime) -> None:
    filed(desk, transferred=False)
    assert wrong(answer(desk, REFUSED + "BNI-9")) == [(2, "bank_reference")]
    with pytest.raises(NotAllowedNow, match="not written down"):
        refused_months.bring_back(desk, 1, "BNI-9")


def test_money_that_was_sent_comes_back_with_the_banks_reference_only(sent: Runtime) -> None:
    answer(sent, REFUSED)
    with pytest.raises(NotAllowedNow, match="bank's reference"):
        refused_months.bring_back(sent, 1, None)


@pytest.mark.parametrize(
    ("line", "path"),
    [
        ("1,C1-202611,confirmed,,,", "verdict"),
        ("1,C1-202611,received,,,", "verdict"),
        ("1,C1-202611,refused,,wrong sum,BNI-10", "bank_reference"),
    ],
)
def test_what_is_back_cannot_be_taken_or_come_back_again(sent: Runtime, line: str, path: str) -> None:
    answer(sent, REFUSED + "BNI-9")
    assert wrong(answer(sent, line)) == [(2, path)]


def test_only_a_refused_month_has_money_that_comes_back(sent: Runtime) -> None:
    assert wrong(answer(sent, "1,C1-202611,confirmed,,,BNI-9")) == [(2, "bank_reference")]


# ---- what the office sees ----


def test_a_file_knows_what_was_refused_and_what_of_it_is_back(sent: Runtime) -> None:
    def seen() -> list[tuple[int, int, int]]:
        with sent.db.begin() as connection:
            return [(file.answered, file.refused, file.back) for file in handover.files(connection)]

    answer(sent, REFUSED)
    before = seen()
    answer(sent, REFUSED + "BNI-9")
    assert (before, seen()) == ([(1, PRICE, 0)], [(1, PRICE, PRICE)])


def test_the_way_of_the_rupiah_there_and_back_can_be_read(sent: Runtime) -> None:
    answer(sent, REFUSED + "BNI-9")
    told = "\n".join(books.explain(sent, "SRT-1"))
    steps = ["SRT-1:settlement", ":allocation", "B1:remittance", "B1:1-202611:sent_back", ":given_back", ":allocation"]
    places = [told.index(steps[0])]
    for step in steps[1:]:
        places.append(told.index(step, places[-1] + 1))
    assert places == sorted(places)
