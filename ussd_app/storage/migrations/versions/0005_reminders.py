"""When somebody is to be reminded next, when they are paid, and what was sent."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# One row for each member and sponsor; `rules` is what `next_at` was worked out by. NULL: nothing is to come.
TIMES = """
CREATE TABLE reminder_times (
    kind text NOT NULL CHECK (kind IN ('member', 'sponsor')),
    person bigint NOT NULL,
    next_at timestamptz,
    step text NOT NULL DEFAULT '',
    rules text NOT NULL DEFAULT '',
    PRIMARY KEY (kind, person)
) WITH (fillfactor = 80);
CREATE INDEX reminder_times_due ON reminder_times (next_at, kind, person) WHERE next_at IS NOT NULL;
"""

# `day` is the one where the person lives.
SENT = """
CREATE TABLE reminders_sent (
    kind text NOT NULL CHECK (kind IN ('member', 'sponsor')),
    person bigint NOT NULL,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    step text NOT NULL,
    day date NOT NULL,
    PRIMARY KEY (kind, person, month, step)
);
"""

# How far everybody has been planned anew by rules that are new: the last person of a kind that was.
BACKFILLS = """
CREATE TABLE reminder_backfills (
    kind text NOT NULL CHECK (kind IN ('member', 'sponsor')),
    rules text NOT NULL,
    reached bigint NOT NULL DEFAULT 0,
    done_at timestamptz,
    PRIMARY KEY (kind, rules)
);
"""

# On which weekdays (1 is Monday) or days of the month a member is paid, or in which months there is a harvest.
PAY_DAYS = """
CREATE TABLE pay_days (
    member_id bigint PRIMARY KEY REFERENCES members,
    kind text NOT NULL CHECK (kind IN ('weekly', 'monthly', 'harvest')),
    days smallint[] NOT NULL CHECK (cardinality(days) > 0),
    changed_at timestamptz NOT NULL
);
"""


def upgrade() -> None:
    for statements in (TIMES, SENT, BACKFILLS, PAY_DAYS):
        op.execute(statements)
