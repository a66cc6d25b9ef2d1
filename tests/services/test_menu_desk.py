"""From the first edit to the phone: a question in four languages is added, mended, proved, published, taken back."""

from __future__ import annotations

from typing import Any

from tests.builders import a_keypress
from tests.drafting import EDI, PUBLISHER, a_draft_of_what_is_live, edit, proved, replaced, saved
from ussd_app.runtime import Runtime
from ussd_app.services import dialing, differences, drafts, inspecting, preview, releases
from ussd_app.storage.drafts import Draft

FILES = replaced("languages: [id, en]", "languages: [id, en, jv, su]")
TEXTS = {"id": "Nama Anda?", "en": "Your name?", "jv": f"Asma panjenengan {'W' * 160}?", "su": "Saha nami Anjeun?"}


def say(rt: Runtime, draft: Draft, **told: Any) -> None:
    """An edit on top of whatever counts."""
    saved(edit(rt, draft, drafts.read(rt, draft.id).draft.revision, **told))


def test_a_question_in_four_languages_goes_from_a_form_to_the_phone_and_back(rt: Runtime) -> None:
    draft = a_draft_of_what_is_live(rt, by=EDI, files=FILES)
    target = {"edit": "set_target", "screen": "first", "at": "choices.1.go", "go": "ask_name", "new_text": "Nama Anda?"}
    say(rt, draft, **target)
    question = {"screen": "ask_name", "keep": "name", "check": "words", "parameters": {"max": "20"}, "go": "second"}
    say(rt, draft, edit="set_question", **question)
    for reason in ("words_short", "words_long"):
        say(rt, draft, edit="set_reason", reason=reason, language="id", text="Ketik lagi.")
    for language, text in TEXTS.items():
        say(rt, draft, edit="set_text", screen="ask_name", at="text", language=language, text=text)

    opened = drafts.read(rt, draft.id)
    errors = [one for one in inspecting.inspect("quiz", opened.files).problems if one.problem.error]
    assert [(one.screen, one.field, one.language) for one in errors] == [("ask_name", "text", "jv")]

    say(rt, draft, edit="set_text", screen="ask_name", at="text", language="jv", text="Sinten asmanipun?")
    opened = drafts.read(rt, draft.id)
    assert inspecting.inspect("quiz", opened.files).publishable
    assert preview.walk(rt, "quiz", opened.files, language="jv", answers=["1"]).text.startswith("Sinten asmanipun?")
    changed = differences.between("quiz", FILES, opened.files).screens
    assert [(one.name, one.how) for one in changed] == [("first", "changed"), ("ask_name", "added")]

    assert dialing.press(rt, a_keypress("", code="*778#", session="old")).text.startswith("Kuis")
    revision = opened.draft.revision
    assert proved(rt, draft, revision).stands
    releases.publish(rt, draft.id, revision=revision, by=PUBLISHER, comment="asks for the name")
    assert dialing.press(rt, a_keypress("1", code="*778#", session="old")).text.startswith("Lagi?")
    assert dialing.press(rt, a_keypress("1", code="*778#", session="new")).text.startswith("Nama Anda?")

    releases.roll_back(rt, "quiz", 1, by=PUBLISHER)
    assert dialing.press(rt, a_keypress("1", code="*778#", session="last")).text.startswith("Lagi?")
