"""Somebody enrols, pays and asks by SMS: the same menu, the same checks, the same consent as by dialling."""

from __future__ import annotations

from datetime import timedelta

import pytest
import yaml

from tests.builders import (
    NIK,
    PHONE,
    a_member,
    a_nik,
    a_paid_member,
    a_registered_member,
    count,
    dearer_rates,
    execute,
    rows,
)
from tests.conftest import MENUS, clock_of
from tests.sponsoring import a_basket, a_phone, sms_to, texted
from ussd_app.domain.keywords import keywords_from
from ussd_app.runtime import Runtime
from ussd_app.services import inbox, journal, pins, publishing, rights, texting
from ussd_app.storage import documents, proofs, sms_dialogues

DAFTAR = f"DAFTAR#{NIK}#Siti Aminah#05081988"
# From the keyword to the question whether they agree, for one month.
TO_CONSENT = (DAFTAR, "1", "1", "2")
CONSENT = (
    "Nov 2026: 1x 8.400 = Rp8.400. Setuju daftar & kirim data ke BPJS TK?\n1. Setuju\n2. Batal\n3. Rincian\n0. Kembali"
)


def said(rt: Runtime, *texts: str, phone: str = PHONE) -> str:
    """Somebody texts us these, one after another; the last SMS they have got."""
    for words in texts:
        texted(rt, phone, words)
    return sms_to(rt, phone)[-1]


# ---- enrolling ----


def test_the_fields_of_daftar_answer_the_questions_of_the_menu_in_its_own_order(rt: Runtime) -> None:
    assert said(rt, DAFTAR).startswith("Pekerjaan Anda?")


def test_whoever_enrols_by_sms_is_a_member_with_the_same_data_as_by_dialling(rt: Runtime) -> None:
    said(rt, *TO_CONSENT, "1")
    assert rows(
        rt,
        "SELECT m.name, m.born::text, m.phone, m.language, m.workplace, p.sector, p.package, p.wage "
        "FROM members m JOIN member_plans p ON p.member_id = m.id",
    ) == [
        {
            "name": "Siti Aminah",
            "born": "1988-08-05",
            "phone": PHONE,
            "language": "id",
            "sector": "household",
            "workplace": "DKI Jakarta",
            "package": "jkk_jkm",
            "wage": 1_000_000,
        }
    ]
    assert (count(rt, "registrations"), count(rt, "pay_codes")) == (1, 1)


def test_the_proof_of_a_consent_by_sms_holds_the_words_that_were_texted(rt: Runtime) -> None:
    said(rt, *TO_CONSENT, "1")
    (proof,) = rows(rt, "SELECT text, channel, phone, session_id FROM consents")
    assert proof == {"text": CONSENT, "channel": "sms", "phone": PHONE, "session_id": "sms:in-0"}


def test_the_last_answer_of_enrolling_is_the_pay_code_alone(rt: Runtime) -> None:
    said(rt, *TO_CONSENT, "1")
    # The institution's number comes of its own accord.
    assert sorted(text[:13] for text in sms_to(rt, PHONE)[4:]) == ["Bayar Rp8.400", "NOMOR PESERTA"]


def test_whoever_writes_in_english_is_answered_in_english_and_so_is_the_member(rt: Runtime) -> None:
    assert said(rt, f"JOIN#{NIK}#Siti Aminah#05081988").startswith("What is your work?")
    said(rt, "1", "1", "2", "yes")
    assert rows(rt, "SELECT language FROM members") == [{"language": "en"}]


@pytest.mark.parametrize("written", ["1", "setuju", "YA", "Setuju."])
def test_agreeing_may_be_written_out(rt: Runtime, written: str) -> None:
    said(rt, *TO_CONSENT, written)
    assert count(rt, "registrations") == 1


@pytest.mark.parametrize("written", ["2", "batal", "TIDAK", "ya ampun mahal", "mungkin", "setuju tidak", "00"])
def test_nothing_else_agrees(rt: Runtime, written: str) -> None:
    said(rt, *TO_CONSENT, written)
    assert (count(rt, "members"), count(rt, "consents")) == (0, 0)


def test_no_keyword_with_however_many_fields_goes_past_the_question_of_consent(rt: Runtime) -> None:
    said(rt, f"{DAFTAR}#1#1#1#1#1#1", f"{DAFTAR} 1 1 1 1 setuju ya")
    assert (count(rt, "members"), count(rt, "consents"), count(rt, "pay_codes")) == (0, 0, 0)


def test_a_wrong_field_is_asked_again_with_its_reason_and_the_others_are_remembered(rt: Runtime) -> None:
    asked = said(rt, "DAFTAR#317405450888#Siti Aminah#05081988")
    assert asked.startswith("NIK harus 16 angka, Anda mengetik 12.")
    assert said(rt, NIK).startswith("Pekerjaan Anda?")


def test_a_birth_date_that_does_not_agree_with_the_nik_is_asked_again(rt: Runtime) -> None:
    assert said(rt, f"DAFTAR#{NIK}#Siti Aminah#06081988").startswith("Tanggal lahir tidak cocok dengan NIK.")


def test_a_new_keyword_begins_anew_wherever_somebody_was(rt: Runtime) -> None:
    assert said(rt, *TO_CONSENT, "DAFTAR").startswith("Ketik 16 angka NIK")
    assert said(rt, a_nik(9)).startswith("Ketik tanggal lahir")


def test_a_nik_that_another_number_has_registered_is_not_registered_again(rt: Runtime) -> None:
    a_member(rt, phone="+6281299999990")
    assert said(rt, *TO_CONSENT, "1").startswith("NIK ini sudah terdaftar dengan nomor lain")
    assert count(rt, "members") == 1


def test_a_price_that_changed_before_the_answer_is_shown_again_before_anybody_agrees(rt: Runtime) -> None:
    said(rt, *TO_CONSENT)
    dearer_rates(rt)
    assert "Rp16.800" in said(rt, "1")
    assert count(rt, "members") == 0


# ---- words that are answers, words that are keywords ----


@pytest.mark.parametrize("name", ["Joni", "Info Cahyani", "Bayar Santoso", "Stat Wijaya"])
def test_a_name_that_looks_like_a_keyword_is_a_name_where_a_name_is_asked(rt: Runtime, name: str) -> None:
    assert said(rt, f"DAFTAR#{NIK}##05081988", name).startswith("Pekerjaan Anda?")


@pytest.mark.parametrize(("word", "beginning"), [("STATUS", "Jaminan kecelakaan"), ("bantuan", "SMS ke nomor ini")])
def test_a_keyword_alone_is_a_keyword_even_where_a_name_is_asked(rt: Runtime, word: str, beginning: str) -> None:
    assert said(rt, f"DAFTAR#{NIK}##05081988", word).startswith(beginning)


def test_after_asking_for_help_the_last_question_can_still_be_answered(rt: Runtime) -> None:
    assert said(rt, "DAFTAR", "BANTUAN", NIK).startswith("Ketik tanggal lahir")


def test_a_yes_where_a_name_is_asked_is_no_name(rt: Runtime) -> None:
    said(rt, f"DAFTAR#{NIK}##05081988", "YA")
    assert said(rt, "Siti Aminah").startswith("Pekerjaan Anda?")


@pytest.mark.parametrize("words", ["STOP jangan ganggu", "berhenti kirim SMS ke saya ya pak"])
def test_a_stop_with_words_stops_even_where_a_name_is_asked(rt: Runtime, words: str) -> None:
    said(rt, f"DAFTAR#{NIK}##05081988", words)
    assert rows(rt, "SELECT topic FROM stops WHERE ended_at IS NULL") == [{"topic": "all"}]
    assert count(rt, "sms_dialogues") == 0


def test_a_yes_that_is_not_answered_any_more_leaves_the_dialogue_where_it_was(rt: Runtime) -> None:
    for number in range(texting.MOST_AN_HOUR - len(TO_CONSENT)):
        texted(rt, PHONE, f"CEK {number}")
    assert said(rt, *TO_CONSENT) == CONSENT
    before = rows(rt, "SELECT state FROM sms_dialogues")
    texted(rt, PHONE, "YA")
    assert len(sms_to(rt, PHONE)) == texting.MOST_AN_HOUR
    assert (rows(rt, "SELECT state FROM sms_dialogues"), count(rt, "members")) == (before, 0)


def test_a_yes_goes_to_the_sponsor_who_asked_when_no_dialogue_is_open(rt: Runtime) -> None:
    a_basket(rt, ["Ani"])
    texted(rt, a_phone(1), "YA")
    assert rows(rt, "SELECT state FROM invitations") == [{"state": "agreed"}]


def test_a_yes_that_could_mean_two_things_is_neither_of_them(rt: Runtime) -> None:
    a_basket(rt, ["Ani"])
    later, enrol, household, jakarta, one_month = "3", "1", "1", "1", "2"
    asked = said(rt, DAFTAR, later, enrol, household, jakarta, one_month, phone=a_phone(1))
    last = said(rt, "YA", phone=a_phone(1))
    assert asked == CONSENT
    assert "Balas YA 1" in last
    assert (rows(rt, "SELECT state FROM invitations"), count(rt, "members")) == ([{"state": "asked"}], 0)


@pytest.mark.parametrize(("word", "state"), [("setuju", "agreed"), ("TIDAK", "refused")])
def test_an_invitation_that_a_dialogue_shows_is_answered_with_a_word(rt: Runtime, word: str, state: str) -> None:
    a_basket(rt, ["Ani"])
    assert said(rt, "CEK", phone=a_phone(1)).startswith("Budi San.. ingin bayari Ani")
    said(rt, word, phone=a_phone(1))
    assert rows(rt, "SELECT state FROM invitations") == [{"state": state}]


def test_more_words_than_a_yes_bring_the_question_once_more(rt: Runtime) -> None:
    said(rt, *TO_CONSENT)
    clock_of(rt).forward(minutes=61)
    assert said(rt, "setuju kalau murah") == CONSENT


def test_a_no_leaves_a_question_of_the_dialogue_as_it_was_cancelled(rt: Runtime) -> None:
    assert said(rt, *TO_CONSENT, "TIDAK").startswith("Dibatalkan")


def test_a_choice_may_be_written_out_instead_of_its_number(rt: Runtime) -> None:
    assert said(rt, DAFTAR, "pedagang").startswith("Di mana Anda bekerja?")


# ---- members ----


def test_a_member_who_texts_cek_reads_how_they_stand(rt: Runtime) -> None:
    a_paid_member(rt)
    assert said(rt, "CEK").startswith("Siti Aminah: lunas s.d. 30 Nov 2026")


def test_whoever_is_no_member_and_texts_bayar_learns_how_to_enrol(rt: Runtime) -> None:
    assert "1. Daftar" in said(rt, "BAYAR")


def test_a_member_pays_by_sms_and_the_pay_code_is_the_only_answer(rt: Runtime) -> None:
    a_registered_member(rt)
    assert said(rt, "BAYAR").startswith("Kirim kode untuk")
    assert said(rt, "2").startswith("Bayar Rp8.400 untuk iuran Nov 2026")
    assert (count(rt, "pay_codes"), len(sms_to(rt, PHONE))) == (1, 2)


def test_a_member_who_texts_daftar_alone_reads_how_they_stand(rt: Runtime) -> None:
    a_registered_member(rt)
    assert said(rt, "DAFTAR").startswith("Siti Aminah: terdaftar")


def test_a_member_enrols_somebody_of_the_family_by_giving_their_nik(rt: Runtime) -> None:
    a_registered_member(rt)
    said(rt, f"DAFTAR#{a_nik(8)}#Budi Santoso#05081988", "1", "1", "2", "1")
    assert rows(rt, "SELECT name FROM members ORDER BY id") == [{"name": "Siti Aminah"}, {"name": "Budi Santoso"}]


def test_where_several_people_share_a_number_it_is_asked_who(rt: Runtime) -> None:
    for serial, name in ((3, "Siti Aminah"), (4, "Budi Santoso")):
        a_registered_member(rt, nik=a_nik(serial), name=name, member_number=str(serial))
    assert said(rt, "BAYAR").startswith("Untuk siapa?")
    assert said(rt, "2").startswith("Budi Santoso: terdaftar")


def test_a_pin_is_never_asked_for_by_sms(rt: Runtime) -> None:
    member = a_registered_member(rt)
    with rt.db.begin() as connection:
        proofs.keep_pin(connection, member.id, pins.hashed("a hash of a PIN"), rt.clock())
    execute(rt, "UPDATE members SET doubted_at = :later", later=rt.clock() + timedelta(minutes=1))
    assert said(rt, "CEK") == "Demi keamanan Anda, ini tidak bisa lewat SMS. Silakan tekan *777#"
    assert count(rt, "sms_dialogues") == 0


def test_what_an_sms_explains_is_not_said_twice(rt: Runtime) -> None:
    before = len(sms_to(rt, PHONE))
    last = said(rt, *TO_CONSENT, "3", "2")
    assert last.startswith("Rincian")
    assert len(sms_to(rt, PHONE)) - before == len(TO_CONSENT) + 2


# ---- time, and what is kept ----


def test_an_abandoned_dialogue_ends_with_nothing_done(rt: Runtime) -> None:
    said(rt, *TO_CONSENT)
    clock_of(rt).forward(hours=13)
    assert said(rt, "1").startswith("SMS ke nomor ini")
    texting.sweep(rt)
    assert (count(rt, "members"), count(rt, "sms_dialogues")) == (0, 0)


def test_an_answer_that_comes_hours_later_still_counts(rt: Runtime) -> None:
    said(rt, *TO_CONSENT)
    clock_of(rt).forward(hours=11)
    said(rt, "1")
    assert count(rt, "members") == 1


def test_a_version_that_was_withdrawn_begins_over(rt: Runtime) -> None:
    said(rt, "DAFTAR")
    files = publishing.files_of(MENUS)["main"]
    changed = {**files, "main.yaml": files["main.yaml"].replace("Pekerjaan Anda?", "Apa pekerjaan Anda?")}
    publishing.publish(rt, "main", changed, by="test")
    publishing.withdraw(rt, "main", 1)
    assert said(rt, NIK).startswith("Maaf, menu ini baru diperbaiki")


def test_a_nik_that_was_texted_stands_nowhere_in_plain_text(rt: Runtime) -> None:
    said(rt, "DAFTAR#317405450888000#Siti Aminah#05081988", NIK)
    journal.write(rt)
    for table in ("inbound_sms", "sms_dialogues", "outbox", "turns"):
        assert "31740545088800" not in repr(rows(rt, f"SELECT * FROM {table}")), table  # noqa: S608


def test_the_journal_holds_what_was_done_by_sms(rt: Runtime) -> None:
    said(rt, "DAFTAR", NIK)
    journal.write(rt)
    assert rows(rt, "SELECT screen, shown, said, network FROM turns ORDER BY transition") == [
        {"screen": "", "shown": "register_nik", "said": "(sms)", "network": "sms"},
        {"screen": "register_nik", "shown": "register_birth_date", "said": "***", "network": "sms"},
    ]


def test_a_job_that_dies_after_the_answer_was_written_has_done_nothing_twice(rt: Runtime) -> None:
    said(rt, *TO_CONSENT, "1")
    execute(rt, "UPDATE inbound_sms SET lease_until = NULL")
    texting.handle(rt, 5)
    assert (count(rt, "members"), count(rt, "pay_codes"), len(sms_to(rt, PHONE))) == (1, 1, 6)


def test_of_whoever_is_erased_no_dialogue_by_sms_is_left(rt: Runtime) -> None:
    member = a_registered_member(rt)
    said(rt, "CEK")
    with rt.db.begin() as connection:
        rights.leave(rt, connection, member.id, "sms", "in-9")
    rights.erase(rt, member.id, "ani@office")
    assert count(rt, "sms_dialogues") == 0
    assert rows(rt, "SELECT DISTINCT phone, said_mark FROM inbound_sms") == [{"phone": "erased:1", "said_mark": ""}]


def test_what_is_kept_of_a_dialogue_is_read_back_as_it_was(rt: Runtime) -> None:
    said(rt, "DAFTAR#3#Siti#05081988")
    with rt.db.connect() as connection:
        left = sms_dialogues.open_for(connection, rt.vault, PHONE, rt.clock())
    assert left is not None
    assert (left.session, dict(left.known)) == ("sms:in-0", {"name": "Siti", "birth_date": "05081988"})


def test_the_screens_that_keywords_lead_to_are_there(rt: Runtime) -> None:
    keywords = keywords_from(yaml.safe_load((MENUS / "keywords.yaml").read_text(encoding="utf-8")))
    menu = publishing.newest_menu(rt, publishing.newest(rt), "main")
    led_to = {keyword.screen for keyword in keywords.keywords.values() if keyword.screen}
    assert led_to - set(menu.screens) == set()


def test_a_screen_that_is_gone_leaves_people_on_the_first_one(rt: Runtime) -> None:
    files = publishing.files_of(MENUS)["keywords"]
    moved = {"keywords.yaml": files["keywords.yaml"].replace("screen: register_nik", "screen: nowhere")}
    with rt.db.begin() as connection:  # published while there was such a screen
        documents.add_version(connection, "keywords", "keywords", moved, by="test", comment="", now=rt.clock())
    publishing.refresh(rt, published=True)
    assert "1. Daftar" in said(rt, "DAFTAR")


def test_a_new_word_for_a_keyword_counts_as_soon_as_it_is_published(rt: Runtime) -> None:
    files = publishing.files_of(MENUS)["keywords"]
    more = {"keywords.yaml": files["keywords.yaml"].replace("[CEK, STATUS", "[CEK, KABAR, STATUS")}
    publishing.publish(rt, "keywords", more, by="test")
    assert said(rt, "kabar").startswith("Jaminan kecelakaan")


def test_the_number_of_a_sender_is_kept_in_one_form(rt: Runtime) -> None:
    inbox.take_sms(rt, {"from": "081234567890", "to": "777", "text": "CEK", "date": "", "id": "in-1"})
    assert rows(rt, "SELECT phone FROM inbound_sms") == [{"phone": PHONE}]
