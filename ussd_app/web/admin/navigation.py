"""The sections of the desk that somebody may open, in groups."""

from __future__ import annotations

from flask_login import current_user

from ussd_app.web.admin.desk import Desk, me

# For each group its sections: the first page of each, and how the names of all its pages begin.
_GROUPS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("today", (("home", "home"), ("dashboard", "dashboard"), ("follow_ups", "follow_up"))),
    ("people", (("members", "member"), ("sponsors", "sponsor"), ("rosters", "roster"))),
    (
        "money",
        (
            ("payments", "payment"),
            ("refunds", "refund"),
            ("unmatched", "unmatched"),
            ("handover", "handover"),
            ("books", "books"),
        ),
    ),
    ("wording", (("menus", "menu"), ("messages", "message"))),
    ("sending", (("campaigns", "campaign"), ("reminders", "reminder"), ("texts", "text"))),
    ("running", (("jobs", "job"), ("audit_log", "audit"), ("team", "team"))),
)


def sections(desk: Desk, endpoint: str | None) -> list[tuple[str, list[tuple[str, bool]]]]:
    """The groups, and in each the sections that whoever is looking may open, and whether this page is in each."""
    if not current_user.is_authenticated or me().change_password:
        return []
    groups = [
        (
            group,
            [
                (name, (endpoint or "").startswith(part))
                for name, part in pages
                if name in desk.asks and desk.allows(name)
            ],
        )
        for group, pages in _GROUPS
    ]
    return [(group, pages) for group, pages in groups if pages]
