"""Everything that happened to somebody, in one list: in order, page by page, and hidden from whoever only looks."""

from __future__ import annotations

import pytest

from tests.builders import PHONE, a_registered_member, a_sponsor, an_sms, execute, rows
from tests.conftest import clock_of
from tests.conversations import Conversation
from tests.sponsoring import last
from tests.work import work
from ussd_app.errors import NotAllowedNow
from ussd_app.runtime import Runtime
from ussd_app.services import corrections, following_up, journal, masked_texts, phone_numbers, rights, timeline
from ussd_app.services.corrections import Wanted
from ussd_app.services.timeline import Sight, Subject
from ussd_app.storage import members, sponsors
from ussd_app.storage.timeline import Event

REASON = "salah ketik di KTP"
VIEWER, OPERATOR, OWNER = Sight("viewer"), Sight("operator"), Sight("owner")


def subject(rt: Runtime, member_id: int = 1) -> Subject:
    """A member's timeline."""
    with rt.db.connect() as connection:
        return timeline.of_member(rt, connection, members.by_id(connection, member_id))


def everything(rt: Runtime, sight: Sight = OWNER, whose: Subject | None = None, only: str = "") -> list[Event]:
    """All pages of a timeline, one after another."""
    found: list[Event] = []
    after = None
    while True:
        page, after = timeline.page(rt, whose or subject(rt), sight, only=only, after=after)
        found += page
        if after is None:
            return found


def enrolled(rt: Runtime) -> Conversation:
    """Siti dials, enrols and pays."""
    conversation = Conversation(rt)
    conversation.dial("*777#")
    last(conversation, "1", "3174054508880003", "05081988", "Siti Aminah", "1", "1", "2", "1")
    conversation.work()
    conversation.pay("")
    conversation.work()
    return conversation


def test_everything_about_a_member_is_in_one_list_the_newest_first(rt: Runtime) -> None:
    enrolled(rt)
    found = everything(rt)
    kinds = {"dialogue", "consent", "registration", "code", "payment", "month", "sms"}
    assert kinds <= {one.kind for one in found}
    assert found == sorted(found, key=lambda one: (one.at, one.kind, one.id), reverse=True)


def test_a_long_list_comes_in_pages_without_a_gap_or_a_double(rt: Runtime) -> None:
    a_registered_member(rt)
    for number in range(70):
        an_sms(rt, key=f"k{number}")
        if number % 10 == 0:
            clock_of(rt).forward(seconds=1)
            execute(
                rt,
                "INSERT INTO follow_ups (kind, phone, detail, created_at) VALUES ('help', :p, '', :now)",
                p=PHONE,
                now=rt.clock(),
            )
    found = everything(rt)
    assert len(found) == len({(one.kind, one.id) for one in found}) == 78
    assert [one.id for one in found if one.kind == "sms"] == list(range(70, 0, -1))


def test_one_kind_can_be_looked_at_alone(rt: Runtime) -> None:
    enrolled(rt)
    assert {one.kind for one in everything(rt, only="sms")} == {"sms"}


def test_an_sms_shows_what_we_wrote_and_hides_what_was_filled_in(rt: Runtime) -> None:
    enrolled(rt)
    texts = [str(one.facts["text"]) for one in everything(rt, OPERATOR, only="sms")]
    receipt = next(text for text in texts if "diterima" in text)
    assert ("S*** A***" in receipt, "Nov 2026" in receipt, "Rp8.400" in receipt, "Siti" in receipt) == (
        True,
        True,
        True,
        False,
    )
    code = rows(rt, "SELECT code FROM pay_codes")[0]["code"]
    assert [code for text in texts if code in text] == []


def test_whoever_sees_no_money_reads_no_sums_and_no_codes(rt: Runtime) -> None:
    enrolled(rt)
    found = everything(rt, VIEWER)
    assert "8.400" not in repr(found)
    assert {"payment", "refund", "act"} & {one.kind for one in found} == set()
    assert [one.facts.keys() & {"total", "amount", "code"} for one in found if one.kind in ("code", "month")] == [
        set()
    ] * 2


def test_a_wording_that_nobody_knows_is_not_shown(rt: Runtime) -> None:
    a_registered_member(rt)
    an_sms(rt, words="Halo Siti Aminah")
    (sms,) = everything(rt, only="sms")
    assert sms.facts["text"] is None
    opened = everything(rt, Sight("operator", opened=True), only="sms")
    assert opened[0].facts["text"] == "Halo Siti Aminah"


@pytest.mark.parametrize("repeated", ["", "Ulang: "])
def test_a_text_is_recognised_in_any_language_and_when_it_was_repeated(rt: Runtime, repeated: str) -> None:
    thanks = "Thank you Siti! Rp8.400 Nov 2026 received, going on to BPJS Ketenagakerjaan."
    said = f"{repeated}{thanks} Receipt SRT-ABCDEF1234. *777#"
    shown = masked_texts.masked(rt, "receipt", said, money=True)
    assert shown == said.replace("Siti", "S***").replace("SRT-ABCDEF1234", "SRT-…")


def test_what_was_texted_to_us_is_read_only_for_a_reason(rt: Runtime) -> None:
    a_registered_member(rt)
    Conversation(rt).text_us("HALO nama saya Siti")
    assert everything(rt, OWNER, only="incoming")[0].facts["text"] is None
    opened = everything(rt, Sight("operator", opened=True), only="incoming")
    assert opened[0].facts["text"] == "HALO nama saya Siti"


def test_a_dialogue_can_be_looked_at_screen_by_screen(rt: Runtime) -> None:
    enrolled(rt)
    (begun,) = everything(rt, only="dialogue")
    seen = timeline.dialogue(rt, subject(rt), begun.facts["dialogue"])
    assert (len(seen), begun.facts["screens"]) == (9, 9)
    assert "1. Daftar" in seen[0].text
    assert "3174054508880003" not in repr(seen)


def test_a_dialogue_of_somebody_else_is_not_shown(rt: Runtime) -> None:
    enrolled(rt)
    other = a_registered_member(rt, phone="+6281299999999", nik="3174054508880004")
    (begun,) = everything(rt, only="dialogue")
    for name in (begun.facts["dialogue"], "nothing"):
        with pytest.raises(NotAllowedNow):
            timeline.dialogue(rt, subject(rt, other.id), name)


def test_what_happened_at_a_number_after_it_was_left_is_not_theirs(rt: Runtime) -> None:
    a_registered_member(rt)
    an_sms(rt, key="before")
    clock_of(rt).forward(hours=1)
    phone_numbers.change_by_operator(rt, 1, "+6281299999999", "ani@kantor.id", reason=REASON)
    work(rt)
    clock_of(rt).forward(hours=1)
    an_sms(rt, key="after")
    an_sms(rt, phone="+6281299999999", key="there")
    ids = {one.id for one in everything(rt, only="sms")}
    known = {row["key"]: row["id"] for row in rows(rt, "SELECT key, id FROM outbox")}
    assert (known["before"] in ids, known["after"] in ids, known["there"] in ids) == (True, False, True)


def test_a_correction_tells_a_viewer_what_changed_and_nothing_more(rt: Runtime) -> None:
    a_registered_member(rt)
    corrections.correct(rt, 1, Wanted(name="Siti Rahayu"), REASON, "ani@kantor.id", "")
    (seen,) = everything(rt, VIEWER, only="correction")
    assert seen.facts == {"before": {"name": "…"}, "after": {"name": "…"}}
    (known,) = everything(rt, OPERATOR, only="correction")
    assert (known.facts["by"], known.facts["after"]["reason"]) == ("ani@kantor.id", REASON)


def test_a_sponsors_list_has_their_codes_texts_and_payments(rt: Runtime) -> None:
    sponsor = a_sponsor(rt)
    an_sms(rt, phone=sponsor.phone)
    execute(
        rt,
        "INSERT INTO rosters (sponsor_id, digest, people, total, uploaded_by, created_at) "
        "VALUES (:id, 'd', 3, 25200, 'ani@kantor.id', now())",
        id=sponsor.id,
    )
    with rt.db.connect() as connection:
        whose = timeline.of_sponsor(rt, sponsors.by_id(connection, sponsor.id))
    assert {one.kind for one in everything(rt, OWNER, whose)} == {"sms", "roster"}


def test_who_is_erased_leaves_neither_dialogues_nor_notes_that_are_known_as_theirs(rt: Runtime) -> None:
    a_registered_member(rt)
    Conversation(rt).dial("*777#")
    journal.write(rt)
    execute(
        rt,
        "INSERT INTO follow_ups (kind, phone, detail, created_at) VALUES ('help', :p, '', :now)",
        p=PHONE,
        now=rt.clock(),
    )
    following_up.note(rt, 1, "Siti sudah ditelepon", "ani@kantor.id")
    assert rows(rt, "SELECT count(*) AS n FROM turns WHERE caller <> ''") == [{"n": 1}]
    with rt.db.begin() as connection:
        rights.leave(rt, connection, 1, "office", "folder 1")
    rights.erase(rt, 1, "ani@kantor.id")
    left = "SELECT (SELECT count(*) FROM turns WHERE caller <> '') AS turns, count(*) AS notes FROM follow_up_notes"
    assert rows(rt, left) == [{"turns": 0, "notes": 0}]
    assert subject(rt).numbers == ()
