"""A sponsor asks five people: whoever agrees is paid for with one code, nobody else is, and everybody is told."""

from __future__ import annotations

import pytest

from tests.builders import NOVEMBER, a_nik, a_paid_member, a_registered_member, count, execute, rows
from tests.conftest import clock_of, emptied
from tests.sponsoring import (
    CODE,
    SPONSOR,
    YES,
    a_basket,
    a_phone,
    dialled,
    last,
    paid,
    sms_to,
    texted,
    told_about,
)
from tests.work import work
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import invitations
from ussd_app.services.sponsorship import ADDING
from workers import sponsorship as jobs

FIVE = ["Ani", "Budiman", "Citra", "Dewi", "Eko"]


def states(rt: Runtime) -> list[str]:
    return [str(row["state"]) for row in rows(rt, "SELECT state FROM invitations ORDER BY id")]


def codes(rt: Runtime) -> list[tuple[str, int]]:
    return [(row["state"], row["total"]) for row in rows(rt, "SELECT state, total FROM pay_codes ORDER BY id")]


@pytest.fixture
def five(rt: Runtime) -> Runtime:
    """Five are asked; the first two say yes, by SMS and by dialling; the third says no; two are silent."""
    a_basket(rt, FIVE)
    texted(rt, a_phone(1), "ya")
    last(dialled(rt, a_phone(2), "*777#"), YES)
    texted(rt, a_phone(3), "TIDAK")
    work(rt)
    return rt


def test_whoever_is_asked_reads_who_wants_to_pay_for_what_and_how_to_answer(rt: Runtime) -> None:
    a_basket(rt, ["Ani"])
    assert sms_to(rt, a_phone(1)) == [
        "Budi Santoso ingin bayari Ani 1 bln JKK+JKM BPJS Ketenagakerjaan. Setuju daftar & data dikirim? "
        "Balas YA/TIDAK atau *777#"
    ]


def test_nothing_is_registered_before_somebody_says_yes(rt: Runtime) -> None:
    a_basket(rt, FIVE)
    assert (count(rt, "members"), count(rt, "registrations"), count(rt, "pay_codes")) == (0, 0, 0)


def test_two_say_yes_one_says_no_and_two_have_not_answered(five: Runtime) -> None:
    assert states(five) == ["agreed", "agreed", "refused", "asked", "asked"]


def test_whoever_says_yes_is_registered_and_nobody_else(five: Runtime) -> None:
    assert rows(five, "SELECT name, (SELECT r.state FROM registrations r WHERE r.member_id = m.id) FROM members m") == [
        {"name": "Ani", "state": "confirmed"},
        {"name": "Budiman", "state": "confirmed"},
    ]


def test_a_yes_is_kept_with_the_words_that_were_agreed_to_and_where(five: Runtime) -> None:
    by_sms, by_dialling = rows(five, "SELECT purpose, channel, text, session_id FROM consents ORDER BY id")
    assert by_sms["purpose"] == by_dialling["purpose"] == "sponsored registration"
    assert (by_sms["channel"], by_sms["text"]) == ("sms", sms_to(five, a_phone(1))[0])
    assert by_sms["session_id"].startswith("in-")
    assert "ingin bayari Budiman 1 bln kerja+kematian." in by_dialling["text"]
    assert by_dialling["channel"] == "ussd"


def test_the_sponsor_hears_of_a_no_and_is_not_charged_for_it(five: Runtime) -> None:
    assert sms_to(five, SPONSOR)[0].startswith("Citra memilih tidak ikut. Anda tidak ditagih")
    last(dialled(five, SPONSOR), "2", "1")
    assert codes(five) == [("requested", 16_800)]


def test_one_code_pays_for_all_who_agreed(five: Runtime) -> None:
    last(dialled(five, SPONSOR), "2", "1")
    work(five)
    paid(five)
    assert rows(
        five, "SELECT m.name, c.amount FROM contribution_months c JOIN members m ON m.id = c.member_id ORDER BY m.id"
    ) == [{"name": "Ani", "amount": 8_400}, {"name": "Budiman", "amount": 8_400}]


def test_the_books_show_what_a_sponsor_paid_and_nothing_is_left_over(five: Runtime) -> None:
    last(dialled(five, SPONSOR), "2", "1")
    work(five)
    paid(five)
    balances = rows(five, "SELECT account, sum(amount)::int AS n FROM ledger_entries GROUP BY account ORDER BY account")
    standing = {row["account"]: row["n"] for row in balances}
    assert standing["settlement"] == 16_800
    assert standing["sponsor_credit"] == 0
    assert standing.get("contributions_owed", 0) + standing.get("remitted", 0) == -16_800


def test_after_the_payment_everybody_who_was_paid_for_is_told_by_whom(five: Runtime) -> None:
    last(dialled(five, SPONSOR), "2", "1")
    work(five)
    paid(five)
    assert [text.split(" diteruskan")[0] for text in (sms_to(five, a_phone(1))[-1], sms_to(five, SPONSOR)[-1])] == [
        "Ani, iuran Anda s.d. Nov 2026 dibayar oleh Budi Santoso,",
        "Terima kasih Budi Santoso! Rp16.800 untuk 2 orang diterima,",
    ]
    assert len(sms_to(five, a_phone(4))) == 1


def test_the_code_comes_by_itself_when_everybody_has_answered(rt: Runtime) -> None:
    a_basket(rt, ["Ani", "Budiman"])
    texted(rt, a_phone(1), "YA")
    assert codes(rt) == []
    texted(rt, a_phone(2), "TIDAK")
    assert codes(rt) == [("open", 8_400)]


def test_no_code_comes_while_the_sponsor_is_still_adding_people(rt: Runtime) -> None:
    conversation = dialled(rt, SPONSOR)
    last(conversation, "1", "Budi Santoso", *told_about(1, "Ani"), YES)
    work(rt)
    texted(rt, a_phone(1), "YA")
    assert codes(rt) == []
    clock_of(rt).forward(seconds=ADDING.total_seconds() + 1)
    jobs.sweep()
    work(rt)
    assert codes(rt) == [("open", 8_400)]


def test_whoever_agrees_late_is_in_the_next_code(five: Runtime) -> None:
    last(dialled(five, SPONSOR), "2", "1")
    work(five)
    texted(five, a_phone(4), "YA")
    texted(five, a_phone(5), "YA")
    assert codes(five) == [("open", 16_800), ("open", 16_800)]


def test_the_silent_are_forgotten_after_thirty_days_and_the_sponsor_is_told_once(five: Runtime) -> None:
    clock_of(five).forward(days=31)
    for _ in range(2):
        jobs.forget_silent()
    assert states(five)[3:] == ["silent", "silent"]
    assert rows(five, "SELECT DISTINCT phone, nik, name, born, workplace FROM invitations WHERE state = 'silent'") == [
        {"phone": "", "nik": "", "name": "", "born": None, "workplace": ""}
    ]
    assert [text[:42] for text in sms_to(five, SPONSOR) if "30 hari" in text] == [
        "2 orang tidak menjawab selama 30 hari. Dat"
    ]


def test_renewing_everybody_is_three_key_presses(five: Runtime) -> None:
    last(dialled(five, SPONSOR), "2", "1")
    work(five)
    paid(five)
    assert "CON 2 orang, masing-masing 1 bulan: Rp16.800" in last(dialled(five, SPONSOR), "1")
    assert last(dialled(five, SPONSOR), "1", "1").startswith("END SMS berisi kode bayar segera datang")


def test_some_are_marked_in_the_list_and_renewed_together(five: Runtime) -> None:
    last(dialled(five, SPONSOR), "2", "1")
    work(five)
    paid(five)
    conversation = dialled(five, SPONSOR)
    marked = last(conversation, "4", "6", "1")
    assert marked.startswith("CON 1 orang ditandai (*)\n1. * Ani lunas\n2. Budiman lunas")
    assert "CON 1 orang, masing-masing 1 bulan: Rp8.400" in last(conversation, "3")


def test_the_number_of_months_chosen_last_is_offered_next_time(five: Runtime) -> None:
    last(dialled(five, SPONSOR), "2", "1")
    work(five)
    paid(five)
    last(dialled(five, SPONSOR), "1", "2", "1", "1")
    assert "masing-masing 3 bulan" in last(dialled(five, SPONSOR), "1")


def test_whoever_is_paid_for_no_more_is_told(five: Runtime) -> None:
    last(dialled(five, SPONSOR), "2", "1")
    work(five)
    paid(five)
    last(dialled(five, SPONSOR), "4", "1", "2", "1")
    work(five)
    assert sms_to(five, a_phone(1))[-1].startswith("Ani, Budi Santoso tidak lagi membayar iuran Anda.")


def test_a_member_sees_who_pays_and_may_end_it(five: Runtime) -> None:
    screen = last(dialled(five, a_phone(1), "*777#"), "3", "5", "3")
    assert screen.startswith("CON Yang membayari Anda\n1. Budi Santoso")
    last(dialled(five, a_phone(1), "*777#"), "3", "5", "3", "1", "2")
    work(five)
    assert sms_to(five, SPONSOR)[-1].startswith("Ani memilih tidak dibayari lagi.")


def test_a_sponsor_with_enough_credit_needs_no_code(five: Runtime) -> None:
    last(dialled(five, SPONSOR), "2", "1")
    work(five)
    # The first of the two leaves before the money comes: it stays with the sponsor.
    execute(five, "UPDATE members SET state = 'left' WHERE name = 'Ani'")
    paid(five)
    assert last(dialled(five, SPONSOR), "1", "1").startswith("END Saldo Anda cukup")
    assert count(five, "contribution_months") == 2


# ---- one phone, several people; people without a phone ----


def test_yes_alone_asks_which_when_a_phone_has_several_invitations(rt: Runtime) -> None:
    a_basket(rt, ["Ani", "Budiman", "Citra"], {2: a_phone(1), 3: a_phone(1)})
    texted(rt, a_phone(1), "YA")
    assert sms_to(rt, a_phone(1))[-1].startswith("Pilih nomornya: 1 Ani oleh Budi Santo, 2 Budiman oleh Budi Santo")
    assert states(rt) == ["asked"] * 3


def test_the_numbers_stay_the_same_while_others_are_answered(rt: Runtime) -> None:
    a_basket(rt, ["Ani", "Budiman", "Citra"], {2: a_phone(1), 3: a_phone(1)})
    for words in ("ya 1", "TIDAK#2", "YA"):
        texted(rt, a_phone(1), words)
    assert states(rt) == ["agreed", "refused", "agreed"]


def test_dialling_shows_one_invitation_after_the_other(rt: Runtime) -> None:
    a_basket(rt, ["Ani", "Budiman"], {2: a_phone(1)})
    screen = last(dialled(rt, a_phone(1), "*777#"), YES, "1")
    assert "bayari Budiman" in screen


def test_on_the_sponsors_own_phone_a_yes_does_not_count(rt: Runtime) -> None:
    a_basket(rt, ["Ani"], {1: SPONSOR})
    texted(rt, SPONSOR, "YA")
    assert states(rt) == ["asked"]
    assert rows(rt, "SELECT kind FROM follow_ups") == [{"kind": "paper_consent"}]


def test_a_signature_that_an_operator_records_is_a_yes(rt: Runtime) -> None:
    a_basket(rt, ["Ani"], {1: SPONSOR})
    invitations.record_paper_consent(rt, 1, "folder 7, page 3", by="office@example.org")
    work(rt)
    assert states(rt) == ["agreed"]
    assert rows(rt, "SELECT channel, session_id FROM consents") == [
        {"channel": "paper", "session_id": "folder 7, page 3"}
    ]
    with pytest.raises(NotAllowedNow):
        invitations.record_paper_consent(rt, 1, "again", by="office@example.org")


# ---- nobody is spied on ----


def everything_a_sponsor_meets(rt: Runtime) -> list[str]:
    """Each screen and each SMS of a sponsor who asks one person, waits, pays for them, and looks at the list."""
    conversation = dialled(rt, SPONSOR)
    seen = []
    for answer in ("1", "Budi Santoso", *told_about(1, "Ani", a_phone(7)), YES, "2"):
        seen += conversation.answer(answer)
    work(rt)
    phone = rows(rt, "SELECT phone FROM invitations")[0]["phone"]
    seen += [last(dialled(rt, SPONSOR), "4"), last(dialled(rt, SPONSOR), "4", "1")]
    texted(rt, str(phone), "YA")
    seen.append(last(dialled(rt, SPONSOR), "4"))
    paid(rt)
    looks: tuple[tuple[str, ...], ...] = ((), ("4",), ("4", "1"))
    for look in looks:
        seen.append(last(dialled(rt, SPONSOR), *look))
    return seen + sms_to(rt, SPONSOR)


@pytest.fixture(params=["registered", "paid", "other_plan"])
def somebody_known(request: pytest.FixtureRequest) -> str:
    """How whoever is asked stands already."""
    return str(request.param)


def test_asking_a_member_looks_the_same_as_asking_anybody_else(rt: Runtime, somebody_known: str) -> None:
    unknown = everything_a_sponsor_meets(rt)
    emptied(rt)
    told = {"phone": "+6281999999999", "nik": a_nik(1), "name": "Siti Aminah"}
    if somebody_known == "registered":
        a_registered_member(rt, **told)
    elif somebody_known == "paid":
        a_paid_member(rt, months=(NOVEMBER,), **told)
    else:
        a_registered_member(rt, **told, package="jkk_jkm_jht")
    assert everything_a_sponsor_meets(rt) == unknown
    assert sms_to(rt, a_phone(7)) == []
    assert CODE not in "".join(sms_to(rt, "+6281999999999"))
