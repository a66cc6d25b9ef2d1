"""What everybody did, for the owner to read."""

from __future__ import annotations

import re

from flask import request

from ussd_app.domain.permissions import May
from ussd_app.runtime import Runtime
from ussd_app.services import admins, audit
from ussd_app.web.admin import words
from ussd_app.web.admin.desk import Desk, Page, first_of, show

# The part of a kind before its point; one of them has two words.
_OF_WHAT = re.compile(r"^(follow_up|[a-z]+)_")


def add_to(desk: Desk) -> None:
    """The log, page by page."""
    desk.page("/audit", "audit_log", May.READ_AUDIT, lambda: _log(desk.rt))


def _log(rt: Runtime) -> Page:
    by, kind = request.args.get("by", ""), request.args.get("kind", "")
    before = request.args.get("before", type=int)
    found, last = first_of(audit.page(rt, by=by, kind=kind, before_id=before), audit.PAGE)
    people = [one.email for one in admins.everybody(rt)]
    return show(
        "audit_log",
        found=found,
        more=last and last.id,
        before=before,
        by=by,
        kind=kind,
        people=people,
        kinds=_kinds(),
    )


def _kinds() -> list[str]:
    """The kinds of entries, as the words name them."""
    return [_OF_WHAT.sub(r"\1.", key.removeprefix("did.")) for key in words.read() if key.startswith("did.")]
