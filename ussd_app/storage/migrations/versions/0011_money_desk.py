"""Money at the desk: pay codes found by their state, code and day; answer files that a job takes in."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

FOUND = """
CREATE INDEX pay_codes_state ON pay_codes (state, id);
CREATE INDEX pay_codes_code ON pay_codes (code) WHERE code IS NOT NULL;
CREATE INDEX pay_codes_paid ON pay_codes (paid_at, id) WHERE paid_at IS NOT NULL;
CREATE INDEX registrations_to_file ON registrations (id)
    WHERE state = 'filed' AND next_try_at IS NULL AND handover_file IS NULL;
-- By how an order's name begins, too: a code for any amount is paid in parts.
DROP INDEX ledger_transactions_order, contribution_months_order, refused_months_order;
CREATE INDEX ledger_transactions_order ON ledger_transactions (order_id text_pattern_ops);
CREATE INDEX contribution_months_order ON contribution_months (order_id text_pattern_ops);
CREATE INDEX refused_months_order ON refused_months (order_id text_pattern_ops);
CREATE INDEX payment_notifications_order ON payment_notifications (order_id text_pattern_ops);
CREATE INDEX ledger_transactions_at ON ledger_transactions (at, id);
"""

# What somebody uploads is kept (`sealed`: encrypted, because of the member numbers) until a job has taken it.
ANSWERS = """
CREATE TABLE handover_uploads (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    sealed text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'taken', 'refused')),
    rows integer NOT NULL DEFAULT 0,
    fresh integer NOT NULL DEFAULT 0,
    problems jsonb NOT NULL DEFAULT '[]',
    tries integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    uploaded_by text NOT NULL,
    address text NOT NULL,
    uploaded_at timestamptz NOT NULL,
    done_at timestamptz
);
CREATE INDEX handover_uploads_waiting ON handover_uploads (id) WHERE state = 'waiting';
"""


def upgrade() -> None:
    for statements in (FOUND, ANSWERS):
        op.execute(statements)
