"""What the desk shows of sending: figures that are worked out in the background, and the stops that hold now."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

# Figures about many people, worked out by a job and kept, so that no page has to. One row for each kind and thing
# (`about`): asked for again, it keeps what was found until there is something newer. `work` is what a job that was
# stopped goes on from; `part` of `whole` is how far it is.
RECKONINGS = """
CREATE TABLE reckonings (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    about text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed')),
    part bigint NOT NULL DEFAULT 0,
    whole bigint NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    why text NOT NULL DEFAULT '',
    work jsonb,
    found jsonb,
    asked_at timestamptz NOT NULL,
    beat_at timestamptz NOT NULL,
    found_at timestamptz,
    UNIQUE (kind, about)
);
CREATE INDEX reckonings_open ON reckonings (id) WHERE state IN ('waiting', 'running');
"""

STOPS = """
CREATE INDEX stops_now ON stops (id) WHERE ended_at IS NULL;
"""


def upgrade() -> None:
    for statements in (RECKONINGS, STOPS):
        op.execute(statements)
