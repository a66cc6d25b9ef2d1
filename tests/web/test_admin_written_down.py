"""Whatever can be done at the desk is written down: for each form the kind of its entry, or why it needs none."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pyotp
import pytest

from tests.builders import rows
from tests.drafting import a_draft_of_what_is_live, proved, replaced, save, saved
from tests.office import PASSWORD, an_admin, noted, signed_in
from tests.web.test_admin_pages import pages
from ussd_app.runtime import Runtime
from ussd_app.web.admin import words

_SAID = "SELECT concat_ws(' ', what, before, after) AS said FROM audit_log"
TESTS = Path(__file__).parents[1]

LOOKS = "only shows something: a form keeps what was typed out of addresses"
COUNTS = "has figures worked out anew, and changes nothing else"
REVISION = "makes a revision, which says who, when and from what, and stays for ever"
POINTS = "goes between revisions that all stay; what goes out is written down with its revision"
OWN_DRAFT = "is about a file of one's own that has done nothing yet and is forgotten within a day"

# Written by hand: a form that is not here fails. A kind has a point in it, a reason has none.
WRITTEN: dict[str, str] = {
    "check_password": "account.signed_in",
    "check_code": "account.signed_in",
    "sign_out": "ends one's own session; signing in was written down",
    "sign_out_everywhere": "account.signed_out",
    "speak": "is one's own language",
    "keep_password": "account.password",
    "turn_second_step_on": "account.second_step",
    "turn_second_step_off": "account.second_step",
    "dashboard_anew": COUNTS,
    "follow_up_unmask": "follow_up.unmasked",
    "follow_up_done": "follow_up.done",
    "follow_up_take": "follow_up.taken",
    "follow_up_back": "follow_up.taken",
    "follow_up_note": "is itself a note with who and when, to which nothing is done any more",
    "roster_upload": OWN_DRAFT,
    "roster_start": "roster.started",
    "roster_discard": OWN_DRAFT,
    "roster_pay": "roster.code",
    "members_search": LOOKS,
    "member_unmask": "member.unmasked",
    "member_export": "member.exported",
    "member_leave": "member.left",
    "member_forget": "member.erased",
    "member_correct": "member.corrected",
    "member_phone": "member.phone",
    "member_code": LOOKS,
    "member_code_make": "code.made",
    "member_resend": "text.resent",
    "member_stop": "texts.stopped",
    "member_allow": "texts.allowed",
    "member_card_print": "card.printed",
    "sponsor_unmask": "sponsor.unmasked",
    "sponsor_resend": "text.resent",
    "sponsor_stop": "texts.stopped",
    "sponsor_allow": "texts.allowed",
    "sponsor_cards_print": "card.printed",
    "refund_approve": "refund.approved",
    "refund_rejected": "refund.rejected",
    "refund_paid": "refund.paid",
    "unmatched_search": LOOKS,
    "unmatched_assign": "money.assigned",
    "books_check": COUNTS,
    "payment_find": LOOKS,
    "payment_ask": "money.asked",
    "handover_make": "handover.made",
    "handover_download": "handover.downloaded",
    "handover_transferred": "handover.transferred",
    "handover_returned": "handover.returned",
    "handover_upload": "handover.answered",
    "job_retry": "job.retried",
    "job_discard": "job.discarded",
    "menu_begin": "draft.made",
    "menu_draft_make": "draft.made",
    "menu_draft_gone": "only says that somebody looks no longer",
    "menu_draft_undo": POINTS,
    "menu_draft_redo": POINTS,
    "menu_draft_title": "draft.retitled",
    "menu_draft_discard": "draft.discarded",
    "menu_draft_bring_up": REVISION,
    "menu_restore": REVISION,
    "menu_edit": REVISION,
    "menu_check": LOOKS,
    "menu_take_in": REVISION,
    "menu_yaml_save": REVISION,
    "menu_phone": LOOKS,
    "menu_phone_fragment": LOOKS,
    "menu_review_prove": COUNTS,
    "menu_review_newer": REVISION,
    "menu_publish": "menu.published",
    "menu_publish_cancel": "menu.cancelled",
    "menu_publish_seen": "only takes a notice away; the refusal itself was written down",
    "menu_roll_back": "menu.rolled_back",
    "menu_withdraw": "menu.withdrawn",
    "menu_import": "draft.made",
    "message_review_prove": COUNTS,
    "message_review_newer": REVISION,
    "message_publish": "menu.published",
    "message_publish_cancel": "menu.cancelled",
    "message_publish_seen": "only takes a notice away; the refusal itself was written down",
    "message_roll_back": "menu.rolled_back",
    "message_withdraw": "menu.withdrawn",
    "message_import": "draft.made",
    "message_draft_make": "draft.made",
    "message_undo": POINTS,
    "message_redo": POINTS,
    "message_discard": "draft.discarded",
    "message_restore": REVISION,
    "message_take_in": REVISION,
    "message_text_save": REVISION,
    "message_text_look": LOOKS,
    "message_text_member": LOOKS,
    "message_reason_save": REVISION,
    "message_reason_look": LOOKS,
    "campaign_create": "campaign.made",
    "campaign_look": LOOKS,
    "campaign_dry_run": COUNTS,
    "campaign_test": "campaign.tested",
    "campaign_start": "campaign.start",
    "campaign_change": "campaign.pause",
    "reminder_again": COUNTS,
    "reminder_search": LOOKS,
    "text_gateway": "texts.resumed",
    "text_dead_decide": "texts.retried",
    "text_stops_search": LOOKS,
    "text_stop": "texts.stopped",
    "text_allow": "texts.allowed",
    "team_invite": "team.invited",
    "team_role": "team.role",
    "team_out": "team.active",
    "team_in": "team.active",
    "team_password": "team.password",
    "team_second_step": "account.second_step",
}
KINDS = sorted({kind for kind in WRITTEN.values() if "." in kind})


def test_every_form_is_in_the_table_of_what_is_written_down(rt: Runtime) -> None:
    assert {rule.endpoint for rule in pages(rt) if "POST" in (rule.methods or ())} == set(WRITTEN)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_of_entry_has_its_words_and_is_looked_for_in_the_log_by_a_test(kind: str) -> None:
    assert words.knows(f"did.{kind.replace('.', '_')}")
    # Of this file only what stands below the table.
    texts = (file.read_text("utf-8").rpartition("KINDS = sorted")[2] for file in TESTS.rglob("test_*.py"))
    assert any(re.search(f"[\"']{re.escape(kind)}[\"']", text) for text in texts)


def test_what_an_owner_does_about_the_team_is_written_down(rt: Runtime) -> None:
    desk, other = signed_in(rt), an_admin(rt, "viewer")
    for act in ("out", "in", "password", "second-step"):
        desk.post(f"/team/2/{act}", on="/team/2")
    assert noted(rt, "team.active") == [f"owner@kantor.id: {other}"] * 2
    assert noted(rt, "team.password") == [f"owner@kantor.id: {other}"]


def test_what_somebody_does_about_their_own_account_is_written_down_without_a_secret(rt: Runtime) -> None:
    desk, fresh = signed_in(rt, "viewer"), "kuda laut berenang pelan"
    desk.post("/account/password", {"old": PASSWORD, "new": fresh, "again": fresh}, on="/account/password")
    desk.get("/account/second-step")
    with rt.db.connect() as connection:
        kept = json.loads(connection.exec_driver_sql("SELECT data FROM admin_sessions WHERE admin_id = 1").scalar_one())
    secret = rt.vault.open(kept["second_step"])
    code = pyotp.TOTP(secret).at(rt.clock())
    desk.post("/account/second-step", {"password": fresh, "code": code}, on="/account/second-step")
    desk.post("/account/sign-out-everywhere", on="/account")
    for kind in ("account.password", "account.second_step", "account.signed_out"):
        assert noted(rt, kind) == ["viewer@kantor.id: viewer@kantor.id"]
    written = " ".join(row["said"] for row in rows(rt, _SAID))
    assert [one for one in (PASSWORD, fresh, secret, code) if one in written] == []


def test_another_title_and_a_cancelled_publication_are_written_down(rt: Runtime) -> None:
    draft = a_draft_of_what_is_live(rt)
    saved(save(rt, draft, 1, replaced("Kuis", "Tanya")))
    proved(rt, draft, 2)
    desk, at = signed_in(rt, "publisher"), f"/menus/drafts/{draft.id}"
    desk.post(f"{at}/title", {"title": "Tanya"}, on=at)
    planned = {"revision": 2, "comment": "x", "when": "later", "at": "2026-11-30T09:00"}
    desk.post(f"{at}/review/publish", planned, on=f"{at}/review")
    desk.post("/menus/releases/1/cancel", on=f"{at}/review")
    assert noted(rt, "draft.retitled") == ["publisher@kantor.id: quiz 1"]
    assert noted(rt, "menu.cancelled") == ["publisher@kantor.id: quiz"]
