"""Someone presses keys: what they see, whatever is repeated, simultaneous, lost or away behind it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from tests.builders import (
    AGREE,
    CONSENT,
    NIK,
    PHONE,
    REGISTERED,
    TO_CONSENT,
    a_keypress,
    a_registered_member,
    count,
    dearer_rates,
    execute,
    rows,
    typed,
)
from tests.fakes.dialogues import CrashesOnce
from tests.work import work
from ussd_app import runtime
from ussd_app.app import create_app
from ussd_app.gateways.ussd import Keypress
from ussd_app.runtime import Runtime
from ussd_app.services import dialing, publishing
from ussd_app.services.dialing import BUSY, WAIT, Reply
from ussd_app.services.turns import DONE_BEFORE
from ussd_app.settings import Settings
from ussd_app.storage.dialogues import Dialogues

OTHER_PHONE = "+6285600000001"
HOME = "Jaminan kecelakaan kerja"
ASK_NIK = "Ketik 16 angka NIK di KTP Anda\n0. Kembali"
FULL = "*".join((*TO_CONSENT, AGREE))
ASKED = "*".join(TO_CONSENT)


@pytest.fixture
def consenting(rt: Runtime) -> Runtime:
    """Somebody stands before the question whether they agree."""
    assert typed(rt, *TO_CONSENT) == Reply(CONSENT, ends=False)
    return rt


def agree(rt: Runtime) -> Reply:
    return dialing.press(rt, a_keypress(FULL))


def seconds_of(act: Callable[[], Any]) -> float:
    started = time.monotonic()
    act()
    return time.monotonic() - started


@contextmanager
def another(settings: Settings, **changes: object) -> Iterator[Runtime]:
    """A runtime of another process, with some settings of its own."""
    made = runtime.build(settings.model_copy(update=changes))
    try:
        yield made
    finally:
        made.db.dispose()


@pytest.fixture
def deaf(tmp_path: Path) -> Iterator[str]:
    """The address of a Redis that takes connections and never answers."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "deaf"))
        listener.listen()
        yield f"unix://{tmp_path}/deaf"


# ---- the same again ----


def test_the_same_text_again_gets_the_same_screen(rt: Runtime) -> None:
    first = typed(rt, "1", NIK)
    assert dialing.press(rt, a_keypress(f"1*{NIK}")) == first


def test_the_same_text_again_consumes_no_answer(rt: Runtime) -> None:
    typed(rt, "1", "123")
    for _ in range(5):  # three wrong answers would end the session
        dialing.press(rt, a_keypress("1*123"))
    assert dialing.press(rt, a_keypress(f"1*123*{NIK}")).text.startswith("Ketik tanggal lahir")


def test_the_same_text_again_is_one_turn_in_the_journal(rt: Runtime) -> None:
    typed(rt, "1")
    dialing.press(rt, a_keypress("1"))
    assert rt.redis.xlen("srt:journal") == 2


def test_agreeing_again_gets_the_same_end(consenting: Runtime) -> None:
    assert agree(consenting) == agree(consenting)


def test_agreeing_again_registers_once(consenting: Runtime) -> None:
    for _ in range(3):
        agree(consenting)
    assert count(consenting, "registrations") == 1


def test_an_older_text_gets_the_current_screen(rt: Runtime) -> None:
    current = typed(rt, "1", NIK)
    assert dialing.press(rt, a_keypress("1")) == current


def test_the_empty_text_of_the_first_dial_gets_the_current_screen(rt: Runtime) -> None:
    current = typed(rt, "1", NIK)
    assert dialing.press(rt, a_keypress("")) == current


def test_an_older_text_leaves_the_dialogue_where_it_is(rt: Runtime) -> None:
    typed(rt, "1", NIK)
    dialing.press(rt, a_keypress("1"))
    assert dialing.press(rt, a_keypress(f"1*{NIK}*05081988")).text.startswith("Ketik nama")


def test_a_foreign_text_gets_the_current_screen(rt: Runtime) -> None:
    current = typed(rt, "1", NIK)
    assert dialing.press(rt, a_keypress("2*3*4*5*6*7*8*9*10*11")) == current


def test_a_text_that_goes_on_without_a_star_is_foreign(rt: Runtime) -> None:
    current = typed(rt, "1")
    assert dialing.press(rt, a_keypress("12")) == current


def test_a_text_after_the_end_gets_the_end_again(consenting: Runtime) -> None:
    end = agree(consenting)
    assert dialing.press(consenting, a_keypress(f"{FULL}*1")) == end


def test_an_answer_may_hold_a_star(rt: Runtime) -> None:
    typed(rt, *TO_CONSENT[:5], "2", "Toko *777 Jaya")  # "2" is another place
    assert dialing.press(rt, a_keypress("*".join((*TO_CONSENT[:5], "2", "Toko *777 Jaya", "2")))).text == CONSENT


def test_an_answer_that_holds_a_star_is_kept_whole(rt: Runtime) -> None:
    typed(rt, *TO_CONSENT[:5], "2", "Toko *777 Jaya", "2", AGREE)
    assert rows(rt, "SELECT workplace FROM members") == [{"workplace": "Toko *777 Jaya"}]


# ---- at once ----


@pytest.fixture
def twenty_answers(consenting: Runtime, settings: Settings) -> list[tuple[int, bytes]]:
    """What twenty posts of the agreeing request are answered, five at a time, by two processes."""
    form = {"sessionId": "s1", "phoneNumber": PHONE, "serviceCode": "*777#", "networkCode": "51010", "text": FULL}
    with another(settings) as one, another(settings) as two:
        apps = [create_app(replace(rt, clock=consenting.clock)) for rt in (one, two)]

        def post(number: int) -> tuple[int, bytes]:
            response = apps[number % 2].test_client().post("/callbacks/africastalking/local/ussd", data=form)
            return response.status_code, response.data

        with ThreadPoolExecutor(5) as threads:
            return list(threads.map(post, range(20)))


def test_twenty_agreeing_requests_at_once_get_one_answer(twenty_answers: list[tuple[int, bytes]]) -> None:
    assert {(status, body[: len(REGISTERED) + 4].decode()) for status, body in twenty_answers} == {
        (200, f"END {REGISTERED}")
    }
    assert len(set(twenty_answers)) == 1


@pytest.mark.usefixtures("twenty_answers")
def test_twenty_agreeing_requests_at_once_register_once(rt: Runtime) -> None:
    assert (count(rt, "members"), count(rt, "registrations"), count(rt, "consents")) == (1, 1, 1)


@pytest.mark.usefixtures("twenty_answers")
def test_twenty_agreeing_requests_at_once_make_one_pay_code(rt: Runtime) -> None:
    work(rt)
    assert [row["state"] for row in rows(rt, "SELECT state FROM pay_codes")] == ["open"]


@pytest.mark.usefixtures("twenty_answers")
def test_twenty_agreeing_requests_at_once_send_one_sms(rt: Runtime) -> None:
    work(rt)
    keys = [row["key"] for row in rows(rt, "SELECT key FROM outbox ORDER BY key")]
    assert keys == ["pay_code:1", "registered:1"]


def test_two_sessions_of_one_phone_at_once_both_get_their_screen(rt: Runtime) -> None:
    typed(rt, "1", session="at:a")
    typed(rt, "1", session="at:b")
    requests = [a_keypress(f"1*{NIK}", session="at:a"), a_keypress("1*0", session="at:b")]
    with ThreadPoolExecutor(2) as threads:
        first, second = threads.map(lambda keypress: dialing.press(rt, keypress), requests)
    assert (first.text[:19], second.text[:8]) == ("Ketik tanggal lahir", "Jaminan ")


def test_two_sessions_of_one_phone_register_a_person_once(rt: Runtime) -> None:
    for session in ("at:a", "at:b"):
        typed(rt, *TO_CONSENT, session=session)
    requests = [a_keypress(FULL, session=session) for session in ("at:a", "at:b")]
    with ThreadPoolExecutor(2) as threads:
        replies = list(threads.map(lambda keypress: dialing.press(rt, keypress), requests))
    assert sorted(reply.text[:20] for reply in replies) == ["NIK ini sudah terdaf", "Terima kasih! SMS be"]


def test_two_phones_with_one_nik_at_once_register_it_once(rt: Runtime) -> None:
    phones = (PHONE, OTHER_PHONE)
    for phone in phones:
        typed(rt, *TO_CONSENT, session=f"at:{phone[-1]}", phone=phone)
    requests = [a_keypress(FULL, session=f"at:{phone[-1]}", phone=phone) for phone in phones]
    with ThreadPoolExecutor(2) as threads:
        replies = list(threads.map(lambda keypress: dialing.press(rt, keypress), requests))
    assert sorted(reply.text[:38] for reply in replies) == [
        "NIK ini sudah terdaftar dengan nomor l",
        "Terima kasih! SMS berisi kode bayar se",
    ]


def hold(rt: Runtime, milliseconds: int = 10_000) -> None:
    """Another turn of this phone is under way."""
    rt.redis.set(f"srt:lock:{rt.vault.mark(PHONE)}", "another turn", px=milliseconds)


def test_while_another_turn_goes_on_the_caller_gets_the_current_screen_and_goes_on(rt: Runtime) -> None:
    current = typed(rt, "1")
    hold(rt)
    started = time.monotonic()
    assert dialing.press(rt, a_keypress(f"1*{NIK}")) == Reply(current.text, ends=False)
    assert 2.4 < time.monotonic() - started < 10


def test_while_another_turn_goes_on_a_new_dial_is_asked_to_wait_and_goes_on(rt: Runtime) -> None:
    hold(rt)
    assert dialing.press(rt, a_keypress()) == Reply(WAIT, ends=False)


def test_a_turn_waits_for_the_one_before_it(rt: Runtime) -> None:
    typed(rt, "1")
    hold(rt, milliseconds=200)
    assert dialing.press(rt, a_keypress(f"1*{NIK}")).text.startswith("Ketik tanggal lahir")


def test_a_retry_does_not_wait_for_the_turn_under_way(rt: Runtime) -> None:
    typed(rt, "1")
    hold(rt)
    assert seconds_of(lambda: dialing.press(rt, a_keypress("1"))) < 2


def test_a_turn_under_way_on_another_phone_is_not_waited_for(rt: Runtime) -> None:
    hold(rt)
    assert seconds_of(lambda: dialing.press(rt, a_keypress(session="at:other", phone=OTHER_PHONE))) < 2


def test_a_finished_turn_lets_go_of_the_phone(rt: Runtime) -> None:
    typed(rt, "1")
    assert not rt.redis.exists(f"srt:lock:{rt.vault.mark(PHONE)}")


class Overtaken(Dialogues):
    """Loses the lease just before the first write, to a turn that then takes the very same step."""

    def __init__(self, rt: Runtime, winner: Callable[[], Reply]) -> None:
        super().__init__(rt.connections, rt.vault)
        self.redis, self.lock, self.winner = rt.redis, f"srt:lock:{rt.vault.mark(PHONE)}", winner
        self.won: list[Reply] = []

    def close(self, session: str, phone: str, token: str, *rest: Any) -> bool:
        if not self.won:
            self.redis.delete(self.lock)
            self.won.append(self.winner())
        return super().close(session, phone, token, *rest)


def test_a_turn_that_lost_its_lease_does_not_overwrite_what_came_after_it(rt: Runtime) -> None:
    typed(rt, "1")
    overtaken = Overtaken(rt, winner=lambda: typed(rt, "1", "123"))  # a wrong NIK, and then the right one
    late = dialing.press(replace(rt, dialogues=overtaken), a_keypress(f"1*{NIK}"))
    assert late == overtaken.won[0]
    assert dialing.press(rt, a_keypress("1*123")) == overtaken.won[0]


def test_a_turn_that_lost_its_lease_does_its_effect_no_second_time(consenting: Runtime) -> None:
    overtaken = Overtaken(consenting, winner=lambda: agree(consenting))
    late = dialing.press(replace(consenting, dialogues=overtaken), a_keypress(FULL))
    assert late == overtaken.won[0]
    assert count(consenting, "registrations") == 1


# ---- lost ----


@pytest.fixture
def crashing(consenting: Runtime) -> Runtime:
    """A runtime whose Redis goes away once, just after the commit of the next turn."""
    return replace(consenting, dialogues=CrashesOnce(consenting))


def test_a_crash_after_the_commit_does_not_hide_the_end_that_was_reached(crashing: Runtime) -> None:
    assert agree(crashing).text.startswith(REGISTERED)


def test_a_crash_in_mid_dialogue_is_a_polite_end(rt: Runtime) -> None:
    typed(rt, "1")
    assert dialing.press(replace(rt, dialogues=CrashesOnce(rt)), a_keypress(f"1*{NIK}")) == Reply(BUSY, ends=True)


def test_after_a_crash_the_repeated_request_comes_out_the_same(crashing: Runtime) -> None:
    assert agree(crashing) == agree(crashing)


def test_after_a_crash_the_repeated_request_registers_nobody_twice(crashing: Runtime) -> None:
    agree(crashing)
    agree(crashing)
    assert (count(crashing, "registrations"), count(crashing, "pay_codes")) == (1, 1)


def test_after_a_crash_one_sms_is_sent(crashing: Runtime) -> None:
    agree(crashing)
    agree(crashing)
    work(crashing)
    assert len(rows(crashing, "SELECT 1 FROM outbox WHERE state = 'sent'")) == 1


def test_after_a_crash_another_answer_meets_the_outcome_of_the_first(crashing: Runtime) -> None:
    agree(crashing)
    dialing.press(crashing, a_keypress(f"{ASKED}*1"))
    assert count(crashing, "once") == 1


def test_a_dialogue_that_redis_lost_goes_on_where_it_was(rt: Runtime) -> None:
    typed(rt, *TO_CONSENT[:-1])
    rt.redis.flushall()
    assert dialing.press(rt, a_keypress(ASKED)).text == CONSENT


def test_a_lost_dialogue_is_not_walked_through_an_effect(consenting: Runtime) -> None:
    consenting.redis.flushall()
    assert agree(consenting) == Reply(CONSENT, ends=False)
    assert count(consenting, "members") == 0


def test_after_a_lost_dialogue_was_walked_the_answer_is_taken(consenting: Runtime) -> None:
    consenting.redis.flushall()
    agree(consenting)
    assert dialing.press(consenting, a_keypress(f"{FULL}*1")).text.startswith(REGISTERED)


def test_a_lost_dialogue_that_has_registered_somebody_registers_nobody_again(consenting: Runtime) -> None:
    agree(consenting)
    consenting.redis.flushall()
    agree(consenting)
    assert (count(consenting, "registrations"), count(consenting, "pay_codes")) == (1, 1)


def test_a_lost_dialogue_that_has_registered_somebody_says_that_it_was_received(consenting: Runtime) -> None:
    agree(consenting)
    consenting.redis.flushall()
    assert agree(consenting) == Reply(DONE_BEFORE, ends=True)


def test_a_lost_dialogue_that_has_asked_for_a_pay_code_asks_for_no_second_one(rt: Runtime) -> None:
    a_registered_member(rt)
    typed(rt, "1", "2", "1")  # pay one month
    rt.redis.flushall()
    assert dialing.press(rt, a_keypress("1*2*1")) == Reply(DONE_BEFORE, ends=True)
    assert count(rt, "pay_codes") == 1


def test_a_chain_typed_on_a_screen_of_keys_is_walked(rt: Runtime) -> None:
    typed(rt)
    assert dialing.press(rt, a_keypress(f"1*{NIK}")).text.startswith("Ketik tanggal lahir")


def test_a_chain_typed_on_a_screen_of_keys_stops_before_an_effect(rt: Runtime) -> None:
    typed(rt, *TO_CONSENT[:6])
    assert dialing.press(rt, a_keypress(FULL)) == Reply(CONSENT, ends=False)


def test_a_chain_of_somebody_else_does_not_pass_an_effect_done_in_this_session(consenting: Runtime) -> None:
    agree(consenting)
    reply = dialing.press(consenting, a_keypress(FULL, session="at:s2", phone=OTHER_PHONE))
    assert reply == Reply(CONSENT, ends=False)


def test_a_chain_stops_at_its_first_wrong_answer(rt: Runtime) -> None:
    assert dialing.press(rt, a_keypress("1*123*05081988")).text == f"NIK harus 16 angka, Anda mengetik 3.\n{ASK_NIK}"


def test_answers_after_a_chain_follow_it(rt: Runtime) -> None:
    dialing.press(rt, a_keypress(f"1*{NIK}"))
    assert dialing.press(rt, a_keypress(f"1*{NIK}*05081988")).text.startswith("Ketik nama")


# ---- away ----


def polite(rt: Runtime, keypress: Keypress | None = None) -> None:
    assert dialing.press(rt, keypress or a_keypress()) == Reply(BUSY, ends=True)


def test_without_a_database_a_dial_ends_politely(rt: Runtime, settings: Settings) -> None:
    with another(settings, database_url="postgresql+psycopg://sertakan@/sertakan?host=/nowhere") as broken:
        assert seconds_of(lambda: polite(broken)) < 6


def test_without_a_database_the_callback_answers_200(rt: Runtime, settings: Settings) -> None:
    with another(settings, database_url="postgresql+psycopg://sertakan@/sertakan?host=/nowhere") as broken:
        form = {"sessionId": "s1", "phoneNumber": PHONE}
        response = create_app(broken).test_client().post("/callbacks/africastalking/local/ussd", data=form)
    assert (response.status_code, response.text) == (200, f"END {BUSY}")


def test_without_a_database_the_phone_is_let_go_of(rt: Runtime, settings: Settings) -> None:
    with another(settings, database_url="postgresql+psycopg://sertakan@/sertakan?host=/nowhere") as broken:
        polite(broken)
    assert not rt.redis.exists(f"srt:lock:{rt.vault.mark(PHONE)}")


def test_without_redis_a_dial_ends_politely_at_once(rt: Runtime, settings: Settings) -> None:
    with another(settings, redis_url="unix:///nowhere.sock") as broken:
        assert seconds_of(lambda: polite(broken)) < 2


def test_a_redis_that_never_answers_ends_a_dial_politely_within_three_seconds(
    rt: Runtime, settings: Settings, deaf: str
) -> None:
    with another(settings, redis_url=deaf) as broken:
        assert seconds_of(lambda: polite(broken)) < 6


def test_without_redis_the_callback_answers_200(rt: Runtime, settings: Settings) -> None:
    with another(settings, redis_url="unix:///nowhere.sock") as broken:
        form = {"sessionId": "s1", "phoneNumber": PHONE, "text": "1"}
        response = create_app(broken).test_client().post("/callbacks/africastalking/local/ussd", data=form)
    assert (response.status_code, response.text) == (200, f"END {BUSY}")


def test_without_queues_somebody_is_registered_all_the_same(consenting: Runtime, settings: Settings) -> None:
    with another(settings, rq_redis_url="unix:///nowhere.sock") as lonely:
        reply = agree(replace(lonely, clock=consenting.clock))
    assert reply.text.startswith(REGISTERED)


def test_a_turn_that_fails_leaves_nothing_in_the_database(consenting: Runtime) -> None:
    execute(consenting, "ALTER TABLE consents ADD CONSTRAINT nobody CHECK (phone = '')")
    try:
        assert agree(consenting) == Reply(BUSY, ends=True)
    finally:
        execute(consenting, "ALTER TABLE consents DROP CONSTRAINT nobody")
    assert (count(consenting, "members"), count(consenting, "once")) == (0, 0)


def test_after_a_turn_that_failed_the_same_answer_is_taken(consenting: Runtime) -> None:
    execute(consenting, "ALTER TABLE consents ADD CONSTRAINT nobody CHECK (phone = '')")
    try:
        agree(consenting)
    finally:
        execute(consenting, "ALTER TABLE consents DROP CONSTRAINT nobody")
    assert agree(consenting).text.startswith(REGISTERED)


# ---- what was shown is what counts ----


def test_a_price_that_changed_is_shown_again_before_anybody_pays_it(consenting: Runtime) -> None:
    dearer_rates(consenting)
    assert agree(consenting).text.startswith("Nov 2026: 1x 16.800 = Rp16.800. Setuju")


def test_a_price_that_changed_registers_nobody(consenting: Runtime) -> None:
    dearer_rates(consenting)
    agree(consenting)
    assert count(consenting, "members") == 0


def test_the_new_price_can_be_agreed_to(consenting: Runtime) -> None:
    dearer_rates(consenting)
    agree(consenting)
    dialing.press(consenting, a_keypress(f"{FULL}*1"))
    assert rows(consenting, "SELECT total FROM pay_codes") == [{"total": 16_800}]


def test_the_proof_of_consent_holds_the_very_words_on_the_screen(consenting: Runtime) -> None:
    agree(consenting)
    assert rows(consenting, "SELECT text FROM consents") == [{"text": CONSENT}]


def test_the_proof_of_consent_tells_where_when_and_in_which_version(consenting: Runtime) -> None:
    agree(consenting)
    (proof,) = rows(consenting, "SELECT purpose, text_version, language, channel, phone, session_id, at FROM consents")
    assert proof == {
        "purpose": "registration",
        "text_version": "main:1:register_consent",
        "language": "id",
        "channel": "ussd",
        "phone": PHONE,
        "session_id": "at:s1",
        "at": consenting.clock(),
    }


def test_a_dialogue_keeps_the_version_of_the_menu_it_began_with(rt: Runtime) -> None:
    typed(rt)
    reworded(rt)
    assert dialing.press(rt, a_keypress("1")).text == ASK_NIK


def test_a_new_dial_gets_the_newest_version_of_the_menu(rt: Runtime) -> None:
    typed(rt)
    reworded(rt)
    assert typed(rt, "1", session="at:s2").text == "Tulis NIK Anda\n0. Kembali"


def test_a_new_version_reaches_another_process_at_its_next_dial(rt: Runtime, settings: Settings) -> None:
    with another(settings) as other:
        typed(other, "1")
        reworded(rt)
        assert typed(other, "1", session="at:s2").text == "Tulis NIK Anda\n0. Kembali"


def reworded(rt: Runtime) -> None:
    files = {
        **{name: text for name, text in main_files(rt).items() if name != "main.yaml"},
        "main.yaml": main_files(rt)["main.yaml"].replace("Ketik 16 angka NIK di KTP Anda", "Tulis NIK Anda"),
    }
    publishing.publish(rt, "main", files, by="test")


def main_files(rt: Runtime) -> dict[str, str]:
    (row,) = rows(rt, "SELECT files FROM document_versions WHERE name = 'main' AND version = 1")
    return dict(row["files"])


# ---- privacy ----


def everything_in_redis(rt: Runtime) -> str:
    """Every key and every value, as text."""
    client = rt.redis
    readers: dict[bytes, Callable[[bytes], object]] = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"set": client.smembers,
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"stream": client.xrange,
    }
    keys = cast("list[bytes]", client.keys("*"))
    return repr([(key, readers[cast("bytes", client.type(key))](key)) for key in keys])


def test_redis_holds_nothing_personal_in_clear_while_somebody_enrols(consenting: Runtime) -> None:
    agree(consenting)  # the jobs still wait on their queues
    typed(consenting, *TO_CONSENT[:4], session="at:s2", phone=OTHER_PHONE)
    consenting.dialogues.open("at:s3", PHONE, "token", "mark", 0)  # and a lock is held
    seen = everything_in_redis(consenting)
    assert all(part in seen for part in ("srt:journal", "srt:dialogue", "srt:lock", "rq:job"))
    personal = [NIK, "05081988", "1988-08-05", "Siti", "Aminah", PHONE.removeprefix("+62"), OTHER_PHONE[3:]]
    assert [secret for secret in personal if secret in seen] == []


@pytest.mark.parametrize("before", [0, 4], ids=["home", "a list"])
def test_a_number_typed_on_the_wrong_screen_is_not_in_the_journal(rt: Runtime, before: int) -> None:
    secrets = [NIK, "05081988", "081234567890", "3174 0545 0888 0003"]
    typed(rt, *TO_CONSENT[:before], *secrets)
    seen = everything_in_redis(rt)
    assert [secret for secret in secrets if secret in seen] == []


def test_a_number_typed_instead_of_a_place_of_work_is_not_in_the_journal(rt: Runtime) -> None:
    typed(rt, *TO_CONSENT[:5], "2", NIK)
    assert NIK not in everything_in_redis(rt)


def test_the_journal_tells_what_was_chosen(rt: Runtime) -> None:
    typed(rt, "1")
    assert '"said":"1"' in everything_in_redis(rt)


def test_no_table_holds_the_nik_in_clear(consenting: Runtime) -> None:
    agree(consenting)
    work(consenting)
    tables = rows(consenting, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    stored = [rows(consenting, f"SELECT t::text AS row FROM {table['tablename']} t") for table in tables]  # noqa: S608
    assert count(consenting, "members") == 1
    assert NIK not in repr(stored)


def test_one_turn_at_a_time_is_taken_in_a_storm_of_different_answers(rt: Runtime) -> None:
    typed(rt, "1")
    start = threading.Barrier(5)

    def answer(number: int) -> Reply:
        start.wait()
        return dialing.press(rt, a_keypress(f"1*{number}"))

    with ThreadPoolExecutor(5) as threads:
        list(threads.map(answer, range(1, 6)))
    assert rt.redis.xlen("srt:journal") == 3
