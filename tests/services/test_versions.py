"""A menu is edited while people are in it: they end on the version they began with, unless it is withdrawn."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.builders import a_keypress
from tests.conftest import MENUS
from ussd_app import runtime
from ussd_app.errors import NotPublished
from ussd_app.runtime import Runtime
from ussd_app.services import dialing, publishing
from ussd_app.settings import Settings

NIK = "3174054508880003"


@contextmanager
def another(settings: Settings) -> Iterator[Runtime]:
    """Another process: a runtime of its own, with its own caches."""
    rt = runtime.build(settings)
    yield rt
    rt.db.dispose()


def publish(rt: Runtime, new_words: str) -> int:
    """A version of the main menu that asks for the NIK in other words."""
    files = publishing.files_of(MENUS)["main"]
    old = "Ketik 16 angka NIK di KTP Anda"
    changed = {**files, "main.yaml": files["main.yaml"].replace(old, new_words)}
    return publishing.publish(rt, "main", changed, by="test")


def says(rt: Runtime, text: str, session: str = "at:s1", phone: str = "+6281234567890") -> str:
    """What comes back for the text typed so far."""
    return dialing.press(rt, a_keypress(text, session=session, phone=phone)).text


def test_a_hundred_dialogues_in_mid_air_end_on_the_version_they_began_with(rt: Runtime, settings: Settings) -> None:
    people = [(f"at:s{number}", f"+62812000{number:05}") for number in range(100)]
    for session, phone in people:
        says(rt, "", session, phone)
    publish(rt, "Tulis NIK")
    with another(settings) as other:
        old = {says((rt, other)[number % 2], "1", *person) for number, person in enumerate(people)}
        new = {
            says((rt, other)[number % 2], "1", f"{s}-2", f"+62813000{number:05}")
            for number, (s, _) in enumerate(people)
        }
    assert old == {"Ketik 16 angka NIK di KTP Anda\n0. Kembali"}
    assert new == {"Tulis NIK\n0. Kembali"}


def test_every_process_serves_a_new_version_at_the_very_next_dial(rt: Runtime, settings: Settings) -> None:
    with another(settings) as other:
        says(other, "1", "at:before", "+6281200000001")
        publish(rt, "Tulis NIK")
        assert says(other, "1", "at:after", "+6281200000002").startswith("Tulis NIK")


def test_a_withdrawn_version_starts_over_with_an_apology(rt: Runtime) -> None:
    says(rt, "")
    says(rt, "1")
    publish(rt, "Tulis NIK")
    publishing.withdraw(rt, "main", 1)
    assert says(rt, f"1*{NIK}").startswith("Maaf, menu ini baru diperbaiki. Silakan mulai lagi.\nJaminan")


def test_after_the_apology_the_dialogue_goes_on_in_the_new_version(rt: Runtime) -> None:
    says(rt, "")
    says(rt, "1")
    publish(rt, "Tulis NIK")
    publishing.withdraw(rt, "main", 1)
    says(rt, f"1*{NIK}")
    assert says(rt, f"1*{NIK}*1") == "Tulis NIK\n0. Kembali"


def test_a_dialogue_left_in_a_withdrawn_version_is_not_offered_again(rt: Runtime) -> None:
    says(rt, "")
    says(rt, "1")
    says(rt, f"1*{NIK}")
    publish(rt, "Tulis NIK")
    publishing.withdraw(rt, "main", 1)
    assert says(rt, "", "at:s2").startswith("Jaminan")


def test_the_newest_version_cannot_be_withdrawn(rt: Runtime) -> None:
    with pytest.raises(NotPublished, match="newest"):
        publishing.withdraw(rt, "main", 1)


def test_a_dialogue_is_offered_for_half_an_hour_and_no_longer(rt: Runtime) -> None:
    says(rt, "")
    says(rt, "1")
    says(rt, f"1*{NIK}")
    left = rt.redis.pttl(f"srt:left:{rt.vault.mark('+6281234567890')}")
    assert 0 < int(left) <= 30 * 60 * 1000


def test_a_dialogue_in_which_nothing_was_answered_is_not_offered(rt: Runtime) -> None:
    says(rt, "")
    says(rt, "1")
    assert says(rt, "", "at:s2").startswith("Jaminan")


def test_a_dialogue_is_offered_to_its_own_phone_only(rt: Runtime) -> None:
    says(rt, "")
    says(rt, "1")
    says(rt, f"1*{NIK}")
    assert says(rt, "", "at:s2", "+6285600000009").startswith("Jaminan")


def test_an_offer_that_was_cut_off_is_made_again(rt: Runtime) -> None:
    says(rt, "")
    says(rt, "1")
    says(rt, f"1*{NIK}")
    says(rt, "", "at:s2")
    assert says(rt, "", "at:s3").startswith("Pendaftaran atau pembayaran Anda tadi terputus")


def test_answers_dialled_inside_the_service_code_are_walked(rt: Runtime) -> None:
    keypress = a_keypress("", code=f"*777*1*{NIK}#")
    assert dialing.press(rt, keypress).text.startswith("Ketik tanggal lahir")


def test_an_answer_after_a_chained_service_code_is_taken(rt: Runtime) -> None:
    code = f"*777*1*{NIK}#"
    dialing.press(rt, a_keypress("", code=code))
    assert dialing.press(rt, a_keypress("05081988", code=code)).text.startswith("Ketik nama")
