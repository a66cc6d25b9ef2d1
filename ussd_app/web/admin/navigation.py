"""The sections of the desk that somebody may open."""

from __future__ import annotations

from flask_login import current_user

from ussd_app.domain.permissions import May, may
from ussd_app.web.admin.desk import me

# The page, what it asks for, and the pages that count as part of it.
_SECTIONS: tuple[tuple[str, May, str], ...] = (
    ("home", May.LOOK, "home"),
    ("follow_ups", May.LOOK, "follow_up"),
    ("members", May.LOOK, "member"),
    ("rosters", May.LOOK, "roster"),
    ("refunds", May.SEE_MONEY, "refund"),
    ("unmatched", May.SEE_MONEY, "unmatched"),
    ("books", May.SEE_MONEY, "books"),
    ("audit_log", May.READ_AUDIT, "audit"),
    ("team", May.RUN_TEAM, "team"),
)


def sections(endpoint: str | None) -> list[tuple[str, bool]]:
    """The sections that whoever is looking may open, and whether this page is in each."""
    if not current_user.is_authenticated or me().change_password:
        return []
    return [(name, (endpoint or "").startswith(part)) for name, asks, part in _SECTIONS if may(me().role, asks)]
