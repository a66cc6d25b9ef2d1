"""Networks that send the last input only: how a repeated request is known, and what is done where it cannot be."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from tests.aggregator import Caller
from tests.builders import (
    AGREE,
    CONSENT,
    NIK,
    REGISTERED,
    TO_CONSENT,
    a_keypress,
    a_registered_member,
    count,
    dearer_rates,
    rows,
)
from tests.conftest import clock_of
from tests.fakes.dialogues import CrashesOnce
from tests.work import work
from ussd_app.domain import gsm7
from ussd_app.engine.dialogue import Dialogue
from ussd_app.gateways.ussd import Dialect, Retry
from ussd_app.runtime import Runtime
from ussd_app.services import confirming, dialing, publishing
from ussd_app.services.dialing import BUSY, Reply
from ussd_app.services.turns import DONE_BEFORE
from ussd_app.storage.dialogues import Heard

BIRTH = "Ketik tanggal lahir"
ASKS = "Ketik 16 angka NIK"


def at_consent(rt: Runtime, retry: str) -> Caller:
    """Somebody who is asked whether they agree."""
    caller = Caller(rt, retry)
    caller.dial()
    assert caller.say(*TO_CONSENT) == Reply(CONSENT, ends=False)
    return caller


def number_on(reply: Reply) -> str:
    """The number that a screen asks for."""
    found = re.search(r"ketik ([0-9]{2}) ", reply.text, re.IGNORECASE)
    assert found, reply.text
    return found[1]


def agreed(rt: Runtime, retry: str) -> tuple[Caller, Reply]:
    """Somebody has agreed, the number typed where one is asked for; the end they saw."""
    caller = at_consent(rt, retry)
    reply = caller.say(AGREE)
    return caller, caller.say(number_on(reply)) if retry == "none" else reply


# ---- whatever the dialect ----


@pytest.mark.parametrize("retry", ["request", "window", "none"])
def test_a_whole_conversation_registers_somebody(rt: Runtime, retry: str) -> None:
    reply = agreed(rt, retry)[1]
    assert (reply.text[: len(REGISTERED)], reply.ends, count(rt, "registrations")) == (REGISTERED, True, 1)


@pytest.mark.parametrize("retry", ["request", "window", "none"])
def test_the_last_request_of_a_session_again_gets_the_same_end(rt: Runtime, retry: str) -> None:
    caller, end = agreed(rt, retry)
    assert (caller.again(), count(rt, "registrations")) == (end, 1)


@pytest.mark.parametrize("retry", ["request", "window", "none"])
def test_another_answer_after_the_end_gets_the_end_again(rt: Runtime, retry: str) -> None:
    caller, end = agreed(rt, retry)
    assert caller.say("5") == end


@pytest.mark.parametrize("retry", ["request", "window", "none"])
def test_ten_copies_of_the_request_that_registers_get_one_answer_and_register_once(rt: Runtime, retry: str) -> None:
    caller = at_consent(rt, retry)
    said = number_on(caller.say(AGREE)) if retry == "none" else AGREE
    replies = caller.ten_at_once(said)
    work(rt)
    assert {reply.text[: len(REGISTERED)] for reply in replies} == {REGISTERED}
    assert (count(rt, "registrations"), count(rt, "pay_codes"), count(rt, "outbox")) == (1, 1, 2)


@pytest.mark.parametrize("retry", ["request", "window", "none"])
def test_after_a_crash_between_commit_and_redis_the_repeated_request_registers_nobody_twice(
    rt: Runtime, retry: str
) -> None:
    caller = at_consent(rt, retry)
    said = number_on(caller.say(AGREE)) if retry == "none" else AGREE
    caller.app = Caller(replace(rt, dialogues=CrashesOnce(rt)), retry).app
    end = caller.say(said)
    assert (caller.again(), end.text[: len(REGISTERED)]) == (end, REGISTERED)
    assert (count(rt, "registrations"), count(rt, "once")) == (1, 1)


@pytest.mark.parametrize("retry", ["request", "window", "none"])
def test_the_proof_of_consent_holds_the_words_that_were_agreed_to(rt: Runtime, retry: str) -> None:
    agreed(rt, retry)
    assert rows(rt, "SELECT text FROM consents") == [{"text": CONSENT}]


@pytest.mark.parametrize("retry", ["request", "window", "none"])
def test_a_dialogue_that_redis_lost_after_its_effect_says_that_it_was_received(rt: Runtime, retry: str) -> None:
    caller = agreed(rt, retry)[0]
    rt.redis.flushall()
    assert (caller.again(), count(rt, "registrations")) == (Reply(DONE_BEFORE, ends=True), 1)


@pytest.mark.parametrize("retry", ["request", "window", "none"])
def test_a_dialogue_that_redis_lost_before_any_effect_begins_again(rt: Runtime, retry: str) -> None:
    caller = at_consent(rt, retry)
    rt.redis.flushall()
    assert caller.say(AGREE).text.startswith("Jaminan kecelakaan")


def test_a_star_in_an_answer_to_a_question_is_part_of_it(rt: Runtime) -> None:
    caller = Caller(rt, "request")
    caller.dial()
    caller.say(*TO_CONSENT[:5], "2", "Toko *777 Jaya", "2", AGREE)
    assert rows(rt, "SELECT workplace FROM members") == [{"workplace": "Toko *777 Jaya"}]


# ---- the first dial ----


@pytest.mark.parametrize("said", ["", "*777#", "1", "junk*1"])
def test_a_first_text_that_holds_no_chain_shows_the_first_screen(rt: Runtime, said: str) -> None:
    assert Caller(rt, "request").dial(said).text.startswith("Jaminan kecelakaan")


@pytest.mark.parametrize("said", ["", "*777#"])
def test_the_dial_again_under_another_request_gets_the_current_screen(rt: Runtime, said: str) -> None:
    caller = Caller(rt, "request")
    caller.dial(said)
    current = caller.say("1")
    assert caller.dial(said) == current


def test_answers_dialled_with_the_code_are_walked_in_every_dialect(rt: Runtime) -> None:
    assert Caller(rt, "none").dial("*777*1#", code="*777*1#").text.startswith(ASKS)


@pytest.mark.parametrize(("said", "screen"), [("1", ASKS), ("*777#", "Jaminan"), ("", "Jaminan")])
def test_a_first_text_that_may_hold_a_chain_is_walked(rt: Runtime, said: str, screen: str) -> None:
    talks = Dialect(cumulative=False, retry="request", chains=True)
    keypress = replace(a_keypress(said), dialect=talks, request="r1")
    assert dialing.press(rt, keypress).text.startswith(screen)


# ---- known by a request id ----


def test_the_same_request_again_gets_the_same_screen_and_goes_no_further(rt: Runtime) -> None:
    caller = Caller(rt, "request")
    caller.dial()
    first = caller.say("1")
    assert caller.again() == first
    assert caller.say(NIK).text.startswith(BIRTH)


def test_the_same_request_again_takes_no_lock_and_writes_nothing(rt: Runtime) -> None:
    caller = Caller(rt, "request")
    caller.dial()
    caller.say("1")
    rt.redis.set(f"srt:lock:{rt.vault.mark(caller.last['phone'])}", "another turn", px=10_000)
    assert caller.again().text.startswith(ASKS)
    assert rt.redis.xlen("srt:journal") == 2


def test_the_same_text_under_a_new_request_is_a_new_answer(rt: Runtime) -> None:
    caller = Caller(rt, "request")
    caller.dial()
    caller.post({"code": "*777#", "input": "1"})
    assert caller.post({"code": "*777#", "input": "1"}).text.startswith("NIK harus 16 angka")


def test_an_older_request_that_comes_late_gets_the_current_screen(rt: Runtime) -> None:
    caller = Caller(rt, "request")
    caller.dial()
    caller.say("1")
    late = dict(caller.last)
    current = caller.say(NIK)
    caller.last = late
    assert caller.again() == current


def test_a_request_that_failed_in_mid_dialogue_is_taken_when_it_is_repeated(rt: Runtime) -> None:
    caller = Caller(rt, "request")
    caller.dial()
    caller.app = Caller(replace(rt, dialogues=CrashesOnce(rt)), "request").app
    assert caller.say("1") == Reply(BUSY, ends=True)
    assert caller.again().text.startswith(ASKS)


# ---- known within a short window ----


@pytest.mark.parametrize("seconds", [0, 2.9])
def test_the_same_text_within_the_window_is_a_retry(rt: Runtime, seconds: float) -> None:
    caller = Caller(rt, "window")
    caller.dial()
    first = caller.say("1")
    clock_of(rt).forward(seconds=seconds)
    assert caller.again() == first


def test_the_same_text_after_the_window_is_a_new_answer(rt: Runtime) -> None:
    caller = Caller(rt, "window")
    caller.dial()
    caller.say("1")
    clock_of(rt).forward(seconds=3.1)
    assert caller.again().text.startswith("NIK harus 16 angka")


def test_another_text_within_the_window_is_a_new_answer(rt: Runtime) -> None:
    caller = Caller(rt, "window")
    caller.dial()
    caller.say("1")
    assert caller.post({"code": "*777#", "input": NIK}).text.startswith(BIRTH)


def test_a_retry_does_not_make_the_window_longer(rt: Runtime) -> None:
    caller = Caller(rt, "window")
    caller.dial()
    caller.say("1")
    for _ in range(2):
        clock_of(rt).forward(seconds=1.8)
        reply = caller.again()
    assert reply.text.startswith("NIK harus 16 angka")


# ---- not known at all ----


def test_agreeing_asks_for_a_number_and_registers_nobody_yet(rt: Runtime) -> None:
    reply = at_consent(rt, "none").say(AGREE)
    assert (reply.text, reply.ends) == (f"Ketik {number_on(reply)} untuk lanjut\n0. Kembali", False)
    assert (count(rt, "registrations"), count(rt, "once")) == (0, 0)


def test_agreeing_twice_registers_nobody(rt: Runtime) -> None:
    caller = at_consent(rt, "none")
    numbers = [number_on(caller.say(AGREE)) for _ in range(5)]
    assert (len(set(numbers)), count(rt, "registrations")) == (5, 0)


def test_ten_copies_of_agreeing_register_nobody_until_the_newest_number_is_typed(rt: Runtime) -> None:
    caller = at_consent(rt, "none")
    replies = caller.ten_at_once(AGREE)
    assert (len({number_on(reply) for reply in replies}), count(rt, "registrations")) == (10, 0)
    assert caller.say(number_on(caller.dial())).text.startswith(REGISTERED)


def test_a_wrong_number_shows_another_one(rt: Runtime) -> None:
    caller = at_consent(rt, "none")
    first = number_on(caller.say(AGREE))
    reply = caller.say("99" if first != "99" else "98")
    assert reply.text.startswith("Angka salah. Ketik ")
    assert number_on(reply) != first


def test_a_number_that_was_replaced_does_nothing(rt: Runtime) -> None:
    caller = at_consent(rt, "none")
    old = number_on(caller.say(AGREE))
    caller.say("5")
    assert number_on(caller.say(old)) != old
    assert count(rt, "registrations") == 0


def test_a_wrong_number_may_be_followed_by_the_right_one(rt: Runtime) -> None:
    caller = at_consent(rt, "none")
    caller.say(AGREE)
    assert caller.say(number_on(caller.say("5"))).text.startswith(REGISTERED)


def test_back_leads_from_the_number_to_the_screen_that_was_answered(rt: Runtime) -> None:
    caller = at_consent(rt, "none")
    number = number_on(caller.say(AGREE))
    assert caller.say("0") == Reply(CONSENT, ends=False)
    assert caller.say(number).text.startswith("Pilih nomor yang ada")
    assert count(rt, "registrations") == 0


def test_a_number_typed_back_that_comes_again_gets_the_current_screen(rt: Runtime) -> None:
    caller = at_consent(rt, "none")
    number = number_on(caller.say(AGREE))
    dearer_rates(rt)
    current = caller.say(number)  # the price has changed: the question is asked again
    assert current.text.startswith("Nov 2026: 1x 16.800")
    assert [caller.again() for _ in range(3)] == [current] * 3


def test_ten_copies_of_a_number_typed_back_are_taken_once(rt: Runtime) -> None:
    caller = at_consent(rt, "none")
    number = number_on(caller.say(AGREE))
    dearer_rates(rt)
    assert len(set(caller.ten_at_once(number))) == 1
    assert count(rt, "once") == 1


def test_a_number_that_comes_again_after_another_answer_takes_no_new_number_away(rt: Runtime) -> None:
    caller = at_consent(rt, "none")
    used = number_on(caller.say(AGREE))
    dearer_rates(rt)
    caller.say(used)
    newest = number_on(caller.say(AGREE))
    assert number_on(caller.say(used)) not in (used, newest)
    assert count(rt, "registrations") == 0


def test_every_effect_of_one_session_has_a_number_of_its_own(rt: Runtime) -> None:
    caller = at_consent(rt, "none")
    first = number_on(caller.say(AGREE))
    dearer_rates(rt)
    caller.say(first)
    second = number_on(caller.say(AGREE))
    assert caller.say(second).text.startswith(REGISTERED)
    assert first != second


def test_what_is_harmless_to_repeat_needs_no_number(rt: Runtime) -> None:
    a_registered_member(rt)
    caller = Caller(rt, "none")
    caller.dial()
    caller.say("3", "4", "1", "2")  # other, settings, language, English
    assert rows(rt, "SELECT language FROM phones") == [{"language": "en"}]


def test_what_waits_for_a_number_is_not_in_redis_in_clear(rt: Runtime) -> None:
    caller = at_consent(rt, "none")
    number = number_on(caller.say(AGREE))
    hashes = repr([rt.redis.hgetall(key) for key in rt.redis.keys("srt:dialogue:*")])
    assert f'"{number}"' not in hashes


def test_when_no_number_is_left_the_session_ends_politely(rt: Runtime) -> None:
    caller = at_consent(rt, "none")
    numbers = [number_on(caller.say(AGREE))]
    while not (reply := caller.say("5")).ends:
        numbers.append(number_on(reply))
    assert reply.text.startswith("Terlalu banyak angka salah")
    assert len(set(numbers)) == len(numbers) > 60


@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("language", ["id", "en", "jv", "su"])
def test_the_screen_with_the_number_fits_the_narrowest_phone_in_every_language(
    rt: Runtime, language: str, wrong: bool
) -> None:
    menu = publishing.newest_menu(rt, publishing.newest(rt), "main")
    turn, heard = confirming.hold(menu, Dialogue("d", "main", 1, language), Heard(), "1", "Setuju?", wrong=wrong)
    assert heard.held is not None
    assert heard.held.number in turn.text
    assert gsm7.fits_screen(turn.text, confirming.NARROWEST)


def test_a_long_word_for_back_gives_way_to_its_key(rt: Runtime) -> None:
    menu = publishing.newest_menu(rt, publishing.newest(rt), "main")
    wordy = replace(menu, words={"id": {"back": "Kembali ke layar yang sebelumnya", "more": "Lanjut"}})
    turn, _ = confirming.hold(wordy, Dialogue("d", "main", 1, "id"), Heard(), "1", "Setuju?", wrong=True)
    assert (turn.text.split("\n")[-1], gsm7.fits_screen(turn.text, confirming.NARROWEST)) == ("0", True)


# ---- what an adapter may declare ----


@pytest.mark.parametrize(("cumulative", "retry"), [(True, "request"), (True, "none"), (False, "text")])
def test_a_dialect_whose_text_and_retry_disagree_is_refused(cumulative: bool, retry: Retry) -> None:
    with pytest.raises(ValueError, match="cumulative"):
        Dialect(cumulative=cumulative, retry=retry, chains=False)
