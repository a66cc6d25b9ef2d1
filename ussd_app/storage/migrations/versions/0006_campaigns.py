"""Campaigns with their people, and contacts who learn about the programme step by step."""

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
