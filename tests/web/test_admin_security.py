"""What somebody tries who means harm: scripts in names, formulas in files, packed bombs, numbers that fit nowhere."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.builders import a_paid_member, a_sponsor, execute, rows
from tests.campaigns import many_members
from tests.drafting import QUIZ, a_draft, a_draft_of_what_is_live
from tests.office import Desk, noted, signed_in
from tests.work import work
from ussd_app.engine import source
from ussd_app.errors import MenuProblems
from ussd_app.runtime import Runtime
from ussd_app.services import drafts
from ussd_app.services.differences import Change
from ussd_app.web.admin import formats, menu_changes, menu_import

SCRIPT = '"><img src=x onerror=alert(1)>'
HUGE = "9" * 23


# ---- stored script ----


@pytest.fixture
def planted(rt: Runtime) -> Desk:
    """An owner's browser, after somebody has written a script wherever something can be written."""
    desk = signed_in(rt)
    a_paid_member(rt)
    a_sponsor(rt)
    execute(rt, "UPDATE members SET name = :evil, workplace = :evil", evil=SCRIPT)
    execute(rt, "UPDATE sponsors SET name = :evil, kind = 'company'", evil=SCRIPT)
    for kind, detail in (("accident", SCRIPT), (SCRIPT, f"member 1: {SCRIPT}"), ("unmatched_payment", SCRIPT)):
        execute(
            rt,
            "INSERT INTO follow_ups (kind, phone, detail, created_at) VALUES (:kind, '+6281234567890', :detail, now())",
            kind=kind,
            detail=detail,
        )
    desk.post("/follow-ups/1/note", {"note": SCRIPT}, on="/follow-ups")
    desk.post("/members/1/unmask", {"reason": SCRIPT}, on="/members/1")
    execute(rt, "UPDATE admin_sessions SET agent = :evil", evil=SCRIPT.replace(" ", "/"))
    written = QUIZ["quiz.yaml"].replace("text: Kuis", f"text: '{SCRIPT}'")
    a_draft(rt, by=SCRIPT, files={**QUIZ, "quiz.yaml": written})
    drafts.create(rt, "messages", by=SCRIPT, title=SCRIPT)
    nowhere = written.replace("go: second}", "go: 'menu:'}").replace("go: bye", "go: 'javascript:alert(1)'")
    a_draft(rt, by=SCRIPT, files={**QUIZ, "quiz.yaml": nowhere})
    return desk


def test_a_script_in_what_people_typed_is_shown_and_never_run(rt: Runtime, planted: Desk) -> None:
    shown = ["/", "/account", "/members/1", "/members/1/timeline", "/members/1/help", "/members/1/card", "/audit"]
    shown += ["/sponsors", "/sponsors/1", "/sponsors/1/people", "/sponsors/1/timeline", "/rosters", "/team"]
    shown += ["/follow-ups", "/follow-ups/1", "/follow-ups/2", "/follow-ups/3", "/menus", "/messages"]
    one, ways = "/menus/drafts/1", ["", "/problems", "/revisions", "/words", "/yaml", "/screens/first", "/picture"]
    ways += ["/phone", "/phone/fragment", "/review", "/review/proof"]
    shown += [f"/menus/drafts/{draft}{at}" for draft in (1, 3) for at in ways]
    shown += [f"/messages/drafts/2{at}" for at in ("", "/here", "/revisions", "/texts/receipt", "/review")]
    wanted = quote(SCRIPT)
    shown += [f"/messages?q={wanted}", f"{one}?q={wanted}", f"/menus/main/picture?find={wanted}"]
    answers = {page: planted.get(page) for page in shown}
    assert {page: answer.status_code for page, answer in answers.items()} == dict.fromkeys(shown, 200)
    run = re.compile(r"<img[ /]src=x|href=.javascript:", re.IGNORECASE)
    assert [page for page, answer in answers.items() if run.search(answer.text)] == []
    seen = [page for page, answer in answers.items() if re.search("&lt;img[ /]src=x", answer.text)]
    assert {"/account", "/sponsors/1", "/follow-ups/1", "/menus", f"{one}/screens/first", "/messages"} <= set(seen)


def test_a_script_in_what_is_being_typed_is_no_part_of_the_page_that_comes_back(planted: Desk) -> None:
    unsaved = f'[[["what", "texts"], ["screen", "first"], ["text.id", "{SCRIPT[2:]}"]]]'
    looked = planted.post("/menus/drafts/1/check", {"screen": "first", "unsaved": unsaved}, on="/menus")
    assert "&lt;img src=x" in looked.get_json()["html"]
    assert "<img src=x" not in looked.get_json()["html"]
    told = {"language": "id", "text": SCRIPT}
    assert "<img src=x" not in planted.post("/messages/drafts/2/texts/receipt/look", told, on="/messages").text
    for page in ("/members", "/reminders/members", "/texts/stops", "/payments"):
        assert "<img src=x" not in planted.post(page, {"said": SCRIPT}, on="/members").text


@pytest.mark.parametrize("page", ["/menus/drafts/1/yaml/quiz.yaml", "/menus/drafts/1/here", "/rosters/example.csv"])
def test_a_file_or_data_with_what_people_typed_is_never_taken_for_a_page(planted: Desk, page: str) -> None:
    answer = planted.get(page)
    assert (answer.mimetype != "text/html", answer.headers["X-Content-Type-Options"]) == (True, "nosniff")


# ---- money ----


def test_the_calendar_of_reminders_tells_its_cost_only_to_who_sees_money(rt: Runtime) -> None:
    many_members(rt, 3)
    finance, viewer = signed_in(rt, "finance"), signed_in(rt, "viewer")
    finance.get("/reminders")
    work(rt)
    files = [list(csv.reader(io.StringIO(desk.get("/reminders/days.csv").text))) for desk in (finance, viewer)]
    assert ["Biaya" in heads for heads, *_ in files] == [True, False]
    assert [{len(line) - len(files[1][0]) for line in file} for file in files] == [{1}, {0}]


def test_a_sum_in_a_note_of_a_follow_up_is_read_only_by_who_sees_money(rt: Runtime) -> None:
    execute(rt, "INSERT INTO follow_ups (kind, phone, detail, created_at) VALUES ('accident', '', 'x', now())")
    finance, viewer = signed_in(rt, "finance"), signed_in(rt, "viewer")
    finance.post("/follow-ups/1/note", {"note": "sudah transfer Rp25.200"}, on="/follow-ups")
    assert ["Rp25.200" in desk.get("/follow-ups/1").text for desk in (finance, viewer)] == [True, False]


# ---- files ----


@pytest.mark.parametrize("cell", ["Budi;=HYPERLINK(1)", "Budi;@SUM(1)", "＝1+1", "\n=1"])
def test_no_spreadsheet_that_parts_cells_elsewhere_runs_one(cell: str) -> None:
    written = next(csv.reader(io.StringIO(formats.table([cell], []).lstrip("\ufeff"), newline="")))[0]
    assert re.search(r"(^|;)[=+\-@＝]|^\s", written) is None
    assert written.replace("'", "") == cell


def test_a_sum_below_zero_and_a_name_with_a_semicolon_stay_as_they_are() -> None:
    assert formats.table(["PT Maju; Jaya"], [[-5]]).splitlines() == ["\ufeffPT Maju; Jaya", "-5"]


def packed(content: bytes, how: int = zipfile.ZIP_DEFLATED, name: str = "quiz.yaml") -> bytes:
    """A zip with one file in it."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def brought(desk: Desk, *files: bytes) -> str:
    """What the desk says of zips that are imported as a menu."""
    told = {"files": [(io.BytesIO(content), f"{number}.zip") for number, content in enumerate(files)]}
    desk.post("/menus/quiz/import", told, on="/menus/quiz/history")
    return desk.get("/menus/quiz/history").text


@pytest.mark.parametrize(
    "content",
    [
        packed(b"a: b", zipfile.ZIP_BZIP2),
        packed(b"a: b", zipfile.ZIP_LZMA),
        packed(b"a: b" * 4000)[:40] + b"\xff" * 10 + packed(b"a: b" * 4000)[50:],
        packed(b"0" * (menu_import.LARGEST + 1)),
        b"PK\x03\x04",
    ],
    ids=["bzip2", "lzma", "damaged", "bomb", "cut off"],
)
def test_a_zip_that_would_fill_the_memory_or_is_damaged_is_refused_in_words(rt: Runtime, content: bytes) -> None:
    a_draft_of_what_is_live(rt)
    before = len(rows(rt, "SELECT id FROM drafts"))
    assert "zip" in brought(signed_in(rt, "editor"), content).split('role="alert"')[1][:300].lower()
    assert len(rows(rt, "SELECT id FROM drafts")) == before


def test_many_zips_together_are_held_to_what_one_may_be(rt: Runtime) -> None:
    a_draft_of_what_is_live(rt)
    half = [packed(b"#" * (menu_import.LARGEST // 2), name=f"{name}.yaml") for name in "abc"]
    assert "zip" in brought(signed_in(rt, "editor"), *half).split('role="alert"')[1][:300].lower()


def test_a_zip_leaves_nothing_outside_of_the_draft(rt: Runtime) -> None:
    a_draft_of_what_is_live(rt)
    brought(signed_in(rt, "editor"), packed(QUIZ["quiz.yaml"].encode(), name="../../../../tmp/quiz.yaml"))
    newest = drafts.read(rt, max(row["id"] for row in rows(rt, "SELECT id FROM drafts")))
    assert sorted(newest.files) == ["quiz.en.yaml", "quiz.yaml"]


def test_a_file_with_too_many_words_is_left_in_the_middle() -> None:
    # Whoever reads to its end finds that it is no YAML: two million words took half a minute.
    text = "a: [" + "b, " * (2 * source.MOST_WORDS) + "\n}"
    with pytest.raises(MenuProblems) as found:
        source.read("a.yaml", text)
    assert "too long" in found.value.problems[0].sentence


def test_two_texts_too_long_to_be_compared_word_by_word_are_shown_whole() -> None:
    before, after = "kata " * menu_changes.MOST_WORDS, "lain " * menu_changes.MOST_WORDS
    assert menu_changes.pieces(Change("text", "id", before, after)) == ((("gone", before),), (("new", after),))


# ---- what fits nowhere ----


@pytest.mark.parametrize(
    "page", [f"/audit?before={HUGE}", f"/rosters?before={HUGE}", f"/members/{HUGE}", "/follow-ups?kind=%00"]
)
def test_a_number_or_a_sign_that_no_column_holds_is_refused_and_breaks_nothing(rt: Runtime, page: str) -> None:
    assert signed_in(rt).get(page).status_code in (400, 404)


def test_an_e_mail_that_no_column_holds_is_refused_and_breaks_nothing(rt: Runtime) -> None:
    answer = Desk(rt).post("/sign-in", {"email": "\0", "password": "x"})
    assert (answer.status_code, "DataError" in answer.text) == (400, False)


# ---- whose is it ----


def test_the_draft_of_a_menu_is_not_opened_as_one_of_the_sms(rt: Runtime) -> None:
    desk, menu = signed_in(rt, "editor"), a_draft(rt).id
    at = f"/messages/drafts/{menu}"
    assert {desk.get(f"{at}{way}").status_code for way in ("", "/here", "/revisions", "/texts/receipt")} == {404}
    for way in ("/undo", "/discard", "/texts/receipt", "/texts/receipt/look"):
        assert desk.post(f"{at}{way}", on="/menus").status_code == 404
    assert drafts.read(rt, menu).draft.state == "open"


def test_what_somebody_kept_aside_in_one_draft_is_not_taken_into_another(rt: Runtime) -> None:
    desk, menu = signed_in(rt, "editor"), a_draft(rt).id
    assert desk.get(f"/menus/drafts/{menu}/aside/1").status_code == 404
    desk.post(f"/menus/drafts/{menu}/aside/1", {"over": "1"}, on="/menus")
    assert drafts.read(rt, menu).revision.number == 1


def test_the_log_is_filtered_by_kinds_of_more_than_two_words(rt: Runtime) -> None:
    desk = signed_in(rt)
    execute(rt, "INSERT INTO follow_ups (kind, phone, detail, created_at) VALUES ('accident', '', 'x', now())")
    desk.post("/follow-ups/1/take", on="/follow-ups")
    assert noted(rt, "follow_up.taken")
    assert 'value="follow_up.taken"' in desk.get("/audit").text


ADMIN = Path(formats.__file__).parent


def test_no_page_lets_typed_text_through_as_marks() -> None:
    """Markup is our own in two places: a picture of a secret, and names that are filled in escaped."""
    found = {
        file.name: re.findall(r"Markup\(([^)]*)\)", file.read_text("utf-8"))
        for file in ADMIN.glob("*.py")
        if "Markup(" in file.read_text("utf-8")
    }
    assert found == {"menu_changes.py": ['"{}"', '"<code>{}</code>"'], "second_step.py": ["picture"]}
    templates = ADMIN.parent / "templates" / "admin"
    unsafe = [file.name for file in templates.glob("*.html") if re.search(r"\|\s*safe\b|autoescape", file.read_text())]
    assert unsafe == []


def test_no_script_of_the_desk_writes_marks_into_a_page() -> None:
    """What is drawn anew comes as a whole answer of ours, through DOMParser, in which nothing runs."""
    scripts = (ADMIN.parent / "static").glob("*.js")
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|createContextualFragment"
    assert [file.name for file in scripts if re.search(ways, file.read_text("utf-8"))] == []
