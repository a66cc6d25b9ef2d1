"""SMS by lanes that end in a final state, reports matched to them, who wants none, which numbers fail, what it costs."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

DOCUMENTS = """
ALTER TABLE document_versions DROP CONSTRAINT document_versions_kind_check;
ALTER TABLE document_versions
    ADD CHECK (kind IN ('menu', 'messages', 'rates', 'holidays', 'channels', 'sending', 'reminders'));
"""

# `handed_at` is the moment just before the call that may have sent it. `parts` and `cost` are the gateway's own words,
# `charged` and `currency` the same cost as an amount.
# `repeat_of` is the text of which this is the one repeat, marked as such; `repeats` allows it.
OUTBOX = """
ALTER TABLE outbox
    DROP CONSTRAINT outbox_state_check,
    ADD CHECK (state IN (
        'waiting', 'handing_over', 'unknown', 'sent', 'delivered', 'failed', 'no_report', 'dead', 'expired', 'stopped'
    )),
    ADD CHECK (lane IN ('urgent', 'codes', 'reminders', 'campaigns')),
    ADD message text NOT NULL DEFAULT '',
    ADD send_by timestamptz,
    ADD repeats boolean NOT NULL DEFAULT false,
    ADD repeat_of bigint UNIQUE REFERENCES outbox,
    ADD handed_at timestamptz,
    ADD parts integer,
    ADD charged numeric,
    ADD currency text NOT NULL DEFAULT '',
    SET (fillfactor = 80);
-- The relay takes a few hundred of a million at a time, in this order.
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (lane, due_at, id) WHERE state = 'waiting';
CREATE INDEX outbox_unknown ON outbox (handed_at) WHERE state = 'unknown';
CREATE INDEX outbox_unreported ON outbox (sent_at) WHERE state = 'sent';
CREATE INDEX outbox_handed ON outbox (handed_at);
CREATE INDEX outbox_dead ON outbox (handed_at, id) WHERE state = 'dead';
"""

# A report that names no text of ours, yet or ever, is `parked`: it may have overtaken the answer that brings its id.
# One that is not final is `noted`.
REPORTS = """
ALTER TABLE delivery_reports
    ADD state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'parked', 'matched', 'noted', 'given_up')),
    ADD next_try_at timestamptz,
    ADD outbox_id bigint REFERENCES outbox;
UPDATE delivery_reports SET state = 'given_up';
CREATE INDEX delivery_reports_waiting ON delivery_reports (id) WHERE state = 'waiting';
CREATE INDEX delivery_reports_parked ON delivery_reports (next_try_at) WHERE state = 'parked';
CREATE INDEX delivery_reports_phone ON delivery_reports (phone);
"""

# Who wants no texts of a kind; `all` is every text but receipts and answers. The newest row counts, an ended one not.
STOPS = """
CREATE TABLE stops (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    phone text NOT NULL,
    topic text NOT NULL CHECK (topic IN ('reminders', 'education', 'all')),
    channel text NOT NULL CHECK (channel IN ('ussd', 'sms', 'office', 'gateway')),
    reference text NOT NULL,
    reason text NOT NULL DEFAULT '',
    at timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text
);
CREATE UNIQUE INDEX stops_one ON stops (phone, topic) WHERE ended_at IS NULL;
INSERT INTO stops (phone, topic, channel, reference, at)
    SELECT phone, 'all', 'gateway', min(sender_id), min(at) FROM opt_outs GROUP BY phone;
INSERT INTO stops (phone, topic, channel, reference, at)
    SELECT phone, 'reminders', 'ussd', '', changed_at FROM phones WHERE NOT reminders;
DROP TABLE opt_outs;
ALTER TABLE phones DROP COLUMN reminders;
"""

# How a number has fared: final failures in a row, and since when it counts as dead.
NUMBERS = """
CREATE TABLE numbers (
    phone text PRIMARY KEY,
    failures integer NOT NULL DEFAULT 0,
    failed_at timestamptz,
    delivered_at timestamptz,
    dead_at timestamptz
);
"""

# What was handed over each day in Jakarta: a sum of the outbox, kept so that nobody has to add it up for each batch.
# `expected` is whole rupiah by the price we reckon with, `cost` what the gateway said in its own currency.
COSTS = """
CREATE TABLE sms_days (
    day date NOT NULL,
    lane text NOT NULL,
    gateway text NOT NULL,
    currency text NOT NULL DEFAULT '',
    texts bigint NOT NULL,
    repeats bigint NOT NULL DEFAULT 0,
    segments bigint NOT NULL,
    parts bigint NOT NULL,
    expected bigint NOT NULL,
    cost numeric NOT NULL,
    PRIMARY KEY (day, lane, gateway, currency)
);
"""

# A gateway that fails is left alone for a while; one that asks us to stop (no balance) until somebody has looked.
GATEWAYS = """
CREATE TABLE gateway_states (
    gateway text PRIMARY KEY,
    failures integer NOT NULL DEFAULT 0,
    closed_until timestamptz,
    halted_at timestamptz,
    reason text NOT NULL DEFAULT ''
);
"""


def upgrade() -> None:
    for statements in (DOCUMENTS, OUTBOX, REPORTS, STOPS, NUMBERS, COSTS, GATEWAYS):
        op.execute(statements)
