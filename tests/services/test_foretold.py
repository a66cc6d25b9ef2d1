"""What would come of an effect is told in the words that are published: every SMS it brings."""

from __future__ import annotations

from tests.conftest import MENUS
from tests.conversations import Conversation
from ussd_app.runtime import Runtime
from ussd_app.services import foretold, preview, publishing
from ussd_app.services.preview import Done
from ussd_app.services.words import MESSAGES, VOCABULARY

MAIN = publishing.files_of(MENUS)["main"]
ENROLLED = ("1", "3174054508880003", "05081988", "Siti Aminah", "1", "1", "2", "1")


def test_whatever_brings_an_sms_is_an_effect_with_that_outcome_and_the_sms_exists() -> None:
    for (effect, outcome), brought in foretold.BRINGS.items():
        assert outcome in VOCABULARY.effects[effect].outcomes
        assert all(brings.message in MESSAGES for brings in brought)


def test_every_sms_of_the_table_can_be_filled_in_every_language(rt: Runtime) -> None:
    done = [Done(effect, {}, outcome, ()) for effect, outcome in foretold.BRINGS]
    expected = sum(map(len, foretold.BRINGS.values()))
    for language in ("id", "en", "jv", "su"):
        sent = foretold.of(rt, done, language)
        assert (len(sent), all(sms.text and sms.segments for sms in sent)) == (expected, True)


def test_the_sms_of_somebody_who_enrols_is_foretold_as_it_comes(rt: Runtime) -> None:
    walked = preview.walk(rt, "main", MAIN, answers=ENROLLED)
    code, registered = foretold.of(rt, walked.done, "id")
    really = Conversation(rt)
    really.dial("*777#")
    for said in ENROLLED:
        really.answer(said)
    came = really.work()[0].removeprefix("SMS ")
    assert code.text[: len("Bayar Rp8.400 untuk iuran Nov 2026")] == came[: len("Bayar Rp8.400 untuk iuran Nov 2026")]
    assert (code.later, registered.message, registered.later) == (False, "registered", True)


def test_an_effect_that_ends_otherwise_brings_none(rt: Runtime) -> None:
    walked = preview.walk(rt, "main", MAIN, answers=ENROLLED, outcomes={"register": "already"})
    assert foretold.of(rt, walked.done, "id") == []
