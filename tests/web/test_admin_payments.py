"""Payments on the desk: every pay code, what became of one, a member's money, and files for the accountant."""

from __future__ import annotations

import csv
import io

import pytest

from tests.builders import a_paid_member, a_pay_code, a_registered_member, execute, rows
from tests.office import noted, page_of, signed_in
from ussd_app import queues
from ussd_app.domain import ledger
from ussd_app.runtime import Runtime
from ussd_app.storage import ledger as books
from ussd_app.web.admin import payments, words


def test_payments_are_listed_the_newest_first_and_by_state(rt: Runtime) -> None:
    a_paid_member(rt)
    desk = signed_in(rt, "finance")
    assert "SRT-1" in desk.get("/payments?state=paid").text
    assert "Tidak ada pembayaran di sini" in desk.get("/payments?state=failed").text
    assert "SRT-1" in desk.get("/payments?state=what").text


def test_a_long_list_of_payments_has_pages(rt: Runtime) -> None:
    a_paid_member(rt)
    execute(
        rt,
        "INSERT INTO pay_codes (order_id, member_id, phone, language, total, rates_version, channel, state, "
        "next_try_at, created_at, purpose) SELECT 'X' || i, 1, '+62811', 'id', 1, '1', 'alfamart', 'expired', now(), "
        "now(), 'x' FROM generate_series(1, :number) i",
        number=payments.PAGE,
    )
    desk = signed_in(rt, "finance")
    first = desk.get("/payments").text
    assert "SRT-1<" not in first
    assert "SRT-1<" in desk.get("/payments?before=2").text


@pytest.mark.parametrize("words", ["SRT-1", " SRT-1 ", "THE CODE"])
def test_an_order_is_found_by_its_name_and_by_its_code(rt: Runtime, words: str) -> None:
    a_paid_member(rt)
    code = str(rows(rt, "SELECT code FROM pay_codes")[0]["code"])
    found = signed_in(rt, "finance").post("/payments", {"said": words.replace("THE CODE", code)}, on="/payments")
    assert page_of(found) == "/payments/SRT-1"


def test_what_nobody_knows_is_said_to_be_unknown(rt: Runtime) -> None:
    desk = signed_in(rt, "finance")
    assert "Tidak ada pesanan atau kode seperti itu" in desk.post("/payments", {"said": "?"}, on="/payments").text
    assert desk.get("/payments/SRT-404").status_code == 404


def test_an_order_tells_where_each_rupiah_went(rt: Runtime) -> None:
    a_paid_member(rt)
    page = signed_in(rt, "finance").get("/payments/SRT-1").text
    for said in (
        "Pembayaran diterima",
        "Menjadi bulan iuran",
        "Iuran yang belum diteruskan",
        "Rp8.400",
        "November 2026",
    ):
        assert said in page


def test_money_that_is_no_order_of_ours_has_a_page_too(rt: Runtime) -> None:
    with rt.db.begin() as connection:
        books.post(connection, ledger.unplaced("SRT-STRANGE", 8_400), rt.clock())
    page = signed_in(rt, "finance").get("/payments/SRT-STRANGE").text
    assert "bukan pesanan kita" in page


def test_a_members_money_is_explained_from_the_first_rupiah(rt: Runtime) -> None:
    member = a_paid_member(rt)
    page = signed_in(rt, "finance").get(f"/members/{member.id}/money").text
    assert "Titipan sekarang" in page
    assert "Menjadi bulan iuran" in page
    assert signed_in(rt, "finance", "b@kantor.id").get("/members/999/money").status_code == 404


def test_the_provider_is_asked_again_at_once(rt: Runtime) -> None:
    member = a_registered_member(rt)
    a_pay_code(rt, member)
    execute(rt, "UPDATE pay_codes SET asked_at = now(), gateway = 'console'")
    signed_in(rt, "finance").post("/payments/SRT-1/ask", on="/payments")
    assert rows(rt, "SELECT asked_at FROM pay_codes") == [{"asked_at": None}]
    assert rt.queues.length(queues.HOUSEKEEPING) == 1
    assert noted(rt, "money.asked") == ["finance@kantor.id: SRT-1"]


def read(content: str) -> list[list[str]]:
    """The cells of a file for a spreadsheet."""
    assert content.startswith("\ufeff")
    return list(csv.reader(io.StringIO(content[1:])))


def test_a_month_of_payments_is_a_file_of_its_own_and_the_download_is_logged(rt: Runtime) -> None:
    a_paid_member(rt)
    answer = signed_in(rt, "finance").get("/payments/file?month=2026-11")
    assert answer.mimetype == "text/csv"
    heads, paid = read(answer.text)
    assert (paid[0], paid[3], paid[4]) == ("SRT-1", "member 1", "8400")
    assert len(heads) == len(paid)
    assert noted(rt, "money.exported") == ["finance@kantor.id: payments 2026-11"]


def test_the_file_of_the_books_adds_up_to_zero(rt: Runtime) -> None:
    a_paid_member(rt)
    _, *entries = read(signed_in(rt, "finance").get("/payments/file?month=2026-11&of=books").text)
    assert len(entries) == 4
    assert sum(int(entry[-1]) for entry in entries) == 0


def test_a_month_ends_at_midnight_in_jakarta(rt: Runtime) -> None:
    a_paid_member(rt)
    desk = signed_in(rt, "finance")
    for moment, found in (("2026-10-31 16:59:59+00", 0), ("2026-10-31 17:00+00", 1), ("2026-11-30 17:00+00", 0)):
        execute(rt, "UPDATE pay_codes SET paid_at = CAST(:moment AS timestamptz)", moment=moment)
        assert len(read(desk.get("/payments/file?month=2026-11").text)) == 1 + found


@pytest.mark.parametrize("query", ["month=2026-13", "month=", "month=2026-11&of=members", "month=1999-01"])
def test_a_file_of_no_month_is_not_there(rt: Runtime, query: str) -> None:
    assert signed_in(rt, "finance").get(f"/payments/file?{query}").status_code == 404


@pytest.mark.parametrize(
    "kind",
    [
        "settlement",
        "fee",
        "allocation",
        "given_back",
        "passed_on",
        "taken_back",
        "assigned",
        "refund_approved",
        "refund_paid",
        "remittance",
        "sent_back",
        "recovered",
    ],
)
def test_every_kind_of_move_is_explained(kind: str) -> None:
    assert words.knows(f"move.{kind}")
    assert words.knows(f"move.why_{kind}")
