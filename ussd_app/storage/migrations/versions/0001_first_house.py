"""Members, registrations, pay codes, the ledger, the outbox and everything the gateways post to us."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
-- What was done once and must come out the same when it is asked for again: effects, payments. Never partitioned.
CREATE TABLE once (
    key text COLLATE "C" PRIMARY KEY,
    answer text NOT NULL,
    outcome jsonb NOT NULL,
    at timestamptz NOT NULL
);

-- Everything an admin publishes (menus, messages, rates, holidays): immutable versions and a pointer to the newest.
CREATE TABLE document_versions (
    name text NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL CHECK (kind IN ('menu', 'messages', 'rates', 'holidays')),
    files jsonb NOT NULL,
    digest text NOT NULL,
    comment text NOT NULL,
    published_by text NOT NULL,
    published_at timestamptz NOT NULL,
    withdrawn_at timestamptz,
    PRIMARY KEY (name, version)
);
CREATE TABLE documents (
    name text PRIMARY KEY,
    version integer NOT NULL,
    FOREIGN KEY (name, version) REFERENCES document_versions
);

CREATE TABLE admins (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    role text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE phones (
    phone text PRIMARY KEY,
    language text,
    reminders boolean NOT NULL DEFAULT true,
    changed_at timestamptz NOT NULL
);

-- A person who is insured or wants to be. The NIK is encrypted; nik_index is its keyed hash, for looking it up.
CREATE TABLE members (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    nik_index text NOT NULL UNIQUE,
    nik text NOT NULL,
    name text NOT NULL,
    born date NOT NULL,
    phone text NOT NULL,
    language text NOT NULL,
    zone text NOT NULL,
    sector text NOT NULL,
    workplace text NOT NULL,
    package text NOT NULL,
    wage integer NOT NULL,
    member_number text,
    created_at timestamptz NOT NULL
);
CREATE INDEX members_phone ON members (phone, id DESC);

CREATE TABLE registrations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members,
    dialogue text NOT NULL,
    state text NOT NULL CHECK (state IN ('accepted', 'filed', 'confirmed', 'refused')),
    reason text NOT NULL DEFAULT '',
    lease_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    filed_at timestamptz
);
CREATE UNIQUE INDEX registrations_one_open ON registrations (member_id) WHERE state <> 'refused';
CREATE INDEX registrations_waiting ON registrations (next_try_at) WHERE state IN ('accepted', 'filed');

-- Proof of consent: the very words on the screen, where they came from, and when they were agreed to.
CREATE TABLE consents (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members,
    purpose text NOT NULL,
    text_version text NOT NULL,
    text text NOT NULL,
    language text NOT NULL,
    channel text NOT NULL,
    phone text NOT NULL,
    session_id text NOT NULL,
    at timestamptz NOT NULL
);

CREATE TABLE pay_codes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    order_id text NOT NULL UNIQUE,
    member_id bigint NOT NULL REFERENCES members,
    phone text NOT NULL,
    language text NOT NULL,
    package text NOT NULL,
    sector text NOT NULL,
    wage integer NOT NULL,
    months date[] NOT NULL,
    prices jsonb NOT NULL,
    total integer NOT NULL CHECK (total > 0),
    rates_version text NOT NULL,
    channel text NOT NULL,
    gateway text,
    code text,
    state text NOT NULL CHECK (state IN ('requested', 'open', 'paid', 'expired', 'failed')),
    reason text NOT NULL DEFAULT '',
    lease_until timestamptz,
    attempts integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL,
    expires_at timestamptz,
    created_at timestamptz NOT NULL,
    paid_at timestamptz
);
CREATE UNIQUE INDEX pay_codes_one_open ON pay_codes (member_id, months) WHERE state IN ('requested', 'open');
CREATE INDEX pay_codes_waiting ON pay_codes (next_try_at) WHERE state = 'requested';
CREATE INDEX pay_codes_expiring ON pay_codes (expires_at) WHERE state = 'open';

CREATE TABLE payment_notifications (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    gateway text NOT NULL,
    digest text NOT NULL UNIQUE,
    order_id text NOT NULL,
    body text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'done', 'unmatched')),
    attempts integer NOT NULL DEFAULT 0,
    next_try_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL,
    done_at timestamptz
);
CREATE INDEX payment_notifications_waiting ON payment_notifications (next_try_at) WHERE state = 'waiting';

CREATE TABLE ledger_transactions (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    kind text NOT NULL,
    at timestamptz NOT NULL
);
CREATE TABLE ledger_entries (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    transaction_id bigint NOT NULL REFERENCES ledger_transactions,
    account text NOT NULL,
    amount bigint NOT NULL CHECK (amount <> 0),
    member_id bigint REFERENCES members,
    month date
);
CREATE INDEX ledger_entries_transaction ON ledger_entries (transaction_id);
CREATE INDEX ledger_entries_member ON ledger_entries (member_id, account);

CREATE TABLE remittances (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state text NOT NULL CHECK (state IN ('made', 'handed', 'confirmed')),
    lease_until timestamptz,
    created_at timestamptz NOT NULL,
    confirmed_at timestamptz
);
CREATE TABLE contribution_months (
    member_id bigint NOT NULL REFERENCES members,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    package text NOT NULL,
    wage integer NOT NULL,
    amount integer NOT NULL CHECK (amount > 0),
    order_id text NOT NULL,
    state text NOT NULL CHECK (state IN ('received', 'remitted', 'confirmed')),
    remittance_id bigint REFERENCES remittances,
    received_at timestamptz NOT NULL,
    PRIMARY KEY (member_id, month)
);
CREATE INDEX contribution_months_received ON contribution_months (received_at) WHERE state = 'received';
CREATE INDEX contribution_months_remittance ON contribution_months (remittance_id);

-- Every SMS that wants to be sent. The relay is the only one that sends.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL UNIQUE,
    lane text NOT NULL,
    phone text NOT NULL,
    text text NOT NULL,
    pay jsonb,
    state text NOT NULL CHECK (state IN ('waiting', 'handing_over', 'sent', 'delivered', 'failed', 'dead', 'unknown')),
    gateway text,
    message_id text,
    reason text NOT NULL DEFAULT '',
    cost text,
    segments integer NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    due_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    sent_at timestamptz
);
CREATE INDEX outbox_waiting ON outbox (lane, due_at) WHERE state = 'waiting';
CREATE INDEX outbox_handing_over ON outbox (lease_until) WHERE state = 'handing_over';
CREATE INDEX outbox_phone ON outbox (phone, id);
CREATE INDEX outbox_message ON outbox (message_id) WHERE message_id IS NOT NULL;

CREATE TABLE delivery_reports (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL UNIQUE,
    message_id text NOT NULL,
    status text NOT NULL,
    reason text NOT NULL,
    phone text NOT NULL,
    network_code text NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE TABLE inbound_sms (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id text NOT NULL UNIQUE,
    phone text NOT NULL,
    to_number text NOT NULL,
    text text NOT NULL,
    sent_at timestamptz,
    received_at timestamptz NOT NULL
);
CREATE TABLE session_ends (
    session_id text PRIMARY KEY,
    phone text NOT NULL,
    status text NOT NULL,
    cost text NOT NULL,
    duration_ms integer,
    hops integer,
    error text NOT NULL,
    received_at timestamptz NOT NULL
);
CREATE TABLE opt_outs (
    phone text NOT NULL,
    sender_id text NOT NULL,
    at timestamptz NOT NULL,
    PRIMARY KEY (phone, sender_id)
);

-- What waits for a person in the office.
CREATE TABLE follow_ups (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL,
    phone text NOT NULL,
    detail text NOT NULL,
    created_at timestamptz NOT NULL,
    done_at timestamptz
);

-- One row a turn, written in batches from a Redis stream. `entry` is the stream's own id: a batch may come twice.
CREATE TABLE turns (
    entry text PRIMARY KEY,
    at timestamptz NOT NULL,
    dialogue text NOT NULL,
    transition integer NOT NULL,
    menu text NOT NULL,
    version integer NOT NULL,
    screen text NOT NULL,
    shown text NOT NULL,
    said text NOT NULL,
    outcome text NOT NULL,
    language text NOT NULL,
    network text NOT NULL,
    milliseconds integer NOT NULL
);
CREATE INDEX turns_dialogue ON turns (dialogue, transition);

-- The console payment gateway's own books: it plays the company that the simulator pays.
CREATE TABLE console_charges (
    order_id text PRIMARY KEY,
    code text NOT NULL UNIQUE,
    amount integer NOT NULL,
    channel text NOT NULL,
    expires_at timestamptz NOT NULL,
    paid_at timestamptz
);
"""

BALANCED = """
CREATE FUNCTION ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(amount) FROM ledger_entries WHERE transaction_id = NEW.transaction_id) <> 0 THEN
        RAISE EXCEPTION 'ledger transaction % does not balance', NEW.transaction_id;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_balances AFTER INSERT ON ledger_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balances();
CREATE FUNCTION ledger_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the ledger is append-only: write a reversing transaction instead';
END $$;
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON ledger_entries
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
CREATE TRIGGER ledger_append_only BEFORE UPDATE OR DELETE ON ledger_transactions
    FOR EACH ROW EXECUTE FUNCTION ledger_is_append_only();
"""


def upgrade() -> None:
    op.execute(TABLES)
    op.execute(BALANCED)
