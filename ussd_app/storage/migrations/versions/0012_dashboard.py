"""Figures about everybody: turns and contributions found by their moment, months by themselves."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# A job counts a day, a week or a month at a time; without these each of them would read the whole table.
FOUND = """
CREATE INDEX turns_at ON turns (at);
CREATE INDEX contribution_months_paid ON contribution_months (received_at, member_id);
CREATE INDEX contribution_months_month ON contribution_months (month, member_id);
CREATE INDEX registrations_at ON registrations (created_at);
"""


def upgrade() -> None:
    op.execute(FOUND)
