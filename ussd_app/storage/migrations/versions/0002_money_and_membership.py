"""Codes for several people and for savings, sponsors, refunds, hand-over files, and what a member may ask of us."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

DOCUMENTS = """
ALTER TABLE document_versions DROP CONSTRAINT document_versions_kind_check;
ALTER TABLE document_versions
    ADD CHECK (kind IN ('menu', 'messages', 'rates', 'holidays', 'channels'));
"""

MEMBERS = """
-- `left`: consent was withdrawn, nothing is processed any more. `erased`: only the books still know the number.
ALTER TABLE members
    ADD state text NOT NULL DEFAULT 'here' CHECK (state IN ('here', 'left', 'erased')),
    ADD state_at timestamptz,
    ADD pin text,
    -- Who uses a number after a long silence may be somebody else: from `doubted_at` on the PIN is asked, until it is
    -- given (`proved_at`). `seen_at` is the last dial, to the day.
    ADD seen_at timestamptz,
    ADD doubted_at timestamptz,
    ADD proved_at timestamptz;
CREATE UNIQUE INDEX members_number ON members (member_number) WHERE member_number IS NOT NULL;

-- What a member is insured for from a contribution month on; an earlier month keeps its earlier plan.
CREATE TABLE member_plans (
    member_id bigint NOT NULL REFERENCES members,
    from_month date NOT NULL CHECK (extract(day FROM from_month) = 1),
    sector text NOT NULL,
    package text NOT NULL,
    wage integer NOT NULL,
    PRIMARY KEY (member_id, from_month)
);
INSERT INTO member_plans (member_id, from_month, sector, package, wage)
    SELECT id, date_trunc('month', created_at AT TIME ZONE 'Asia/Jakarta')::date, sector, package, wage FROM members;
ALTER TABLE members DROP COLUMN sector, DROP COLUMN package, DROP COLUMN wage;

ALTER TABLE consents
    ADD withdrawn_at timestamptz,
    ADD withdrawn_by text;

-- A member wants another number; until `due_at` the old one may refuse.
CREATE TABLE phone_changes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members,
    old_phone text NOT NULL,
    new_phone text NOT NULL,
    proof text NOT NULL CHECK (proof IN ('pin', 'member_number', 'operator')),
    requested_by text NOT NULL,
    state text NOT NULL CHECK (state IN ('waiting', 'done', 'refused')),
    due_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    settled_at timestamptz
);
CREATE UNIQUE INDEX phone_changes_one_waiting ON phone_changes (member_id) WHERE state = 'waiting';
CREATE INDEX phone_changes_due ON phone_changes (due_at) WHERE state = 'waiting';
CREATE INDEX phone_changes_member ON phone_changes (member_id);

-- How often somebody has proved wrongly who they are; after too many, nothing is taken from them for a day.
CREATE TABLE wrong_proofs (
    subject text PRIMARY KEY,
    number integer NOT NULL,
    since timestamptz NOT NULL
);
"""

SPONSORS = """
-- Somebody who pays for others: a person who dials, or a company or community with a roster. Until `adding_until`
-- they are still adding people to their basket.
CREATE TABLE sponsors (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    phone text NOT NULL UNIQUE,
    name text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('person', 'company', 'community')),
    language text NOT NULL,
    adding_until timestamptz,
    created_at timestamptz NOT NULL
);

-- A list of people from a file: what the sponsor uploaded, checked and then set going, once for each digest.
CREATE TABLE rosters (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sponsor_id bigint NOT NULL REFERENCES sponsors,
    digest text NOT NULL,
    people integer NOT NULL,
    total bigint NOT NULL,
    uploaded_by text NOT NULL,
    created_at timestamptz NOT NULL,
    UNIQUE (sponsor_id, digest)
);

-- A person whom a sponsor wants to pay for. Nothing of this goes anywhere until that person says yes; what the
-- silent have told others is deleted after thirty days. `number` tells the open ones of one phone apart (`YA 2`);
-- `paid_at` is when the sponsor's first payment for that person came.
CREATE TABLE invitations (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sponsor_id bigint NOT NULL REFERENCES sponsors,
    roster_id bigint REFERENCES rosters,
    number integer NOT NULL,
    phone text NOT NULL,
    nik_index text NOT NULL,
    nik text NOT NULL,
    name text NOT NULL,
    born date,
    zone text NOT NULL,
    language text NOT NULL,
    sector text NOT NULL,
    workplace text NOT NULL,
    package text NOT NULL,
    wage integer NOT NULL,
    months integer NOT NULL,
    consent_by text NOT NULL CHECK (consent_by IN ('phone', 'paper')),
    state text NOT NULL CHECK (state IN ('asked', 'agreed', 'refused', 'silent', 'withdrawn')),
    member_id bigint REFERENCES members,
    pay_code_id bigint REFERENCES pay_codes,
    asked_at timestamptz NOT NULL,
    answered_at timestamptz,
    paid_at timestamptz
);
CREATE UNIQUE INDEX invitations_one_open ON invitations (sponsor_id, nik_index) WHERE state = 'asked';
CREATE INDEX invitations_phone ON invitations (phone) WHERE state = 'asked';
CREATE INDEX invitations_sponsor ON invitations (sponsor_id, id);
CREATE INDEX invitations_asked ON invitations (asked_at) WHERE state = 'asked';
CREATE INDEX invitations_unpaid ON invitations (sponsor_id) WHERE state = 'agreed' AND paid_at IS NULL;
CREATE INDEX invitations_code ON invitations (pay_code_id) WHERE pay_code_id IS NOT NULL;

-- Who pays for whom, under the name the sponsor gave; `picked` marks those chosen for the next code.
CREATE TABLE sponsorships (
    sponsor_id bigint NOT NULL REFERENCES sponsors,
    member_id bigint NOT NULL REFERENCES members,
    name text NOT NULL,
    months integer NOT NULL,
    picked boolean NOT NULL DEFAULT false,
    since timestamptz NOT NULL,
    ended_at timestamptz,
    ended_by text,
    PRIMARY KEY (sponsor_id, member_id)
);
CREATE INDEX sponsorships_member ON sponsorships (member_id);
"""

MONEY = """
-- What a code is to pay: contribution months of one or of many members. `purpose` names that set, so that one
-- payer has one open code for it. A deposit is savings towards a month: it names no month.
CREATE TABLE pay_code_lines (
    pay_code_id bigint NOT NULL REFERENCES pay_codes,
    member_id bigint NOT NULL REFERENCES members,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    package text NOT NULL,
    wage integer NOT NULL,
    amount integer NOT NULL CHECK (amount > 0),
    PRIMARY KEY (pay_code_id, member_id, month)
);
CREATE INDEX pay_code_lines_member ON pay_code_lines (member_id);
INSERT INTO pay_code_lines (pay_code_id, member_id, month, package, wage, amount)
    SELECT id, member_id, key::date, package, wage, value::integer FROM pay_codes, jsonb_each_text(prices);

ALTER TABLE pay_codes
    ADD kind text NOT NULL DEFAULT 'contributions' CHECK (kind IN ('contributions', 'deposit')),
    ADD purpose text,
    ADD sponsor_id bigint REFERENCES sponsors,
    ADD fee integer NOT NULL DEFAULT 0 CHECK (fee >= 0),
    ADD deposit integer NOT NULL DEFAULT 0 CHECK (deposit >= 0),
    ADD credit integer NOT NULL DEFAULT 0 CHECK (credit >= 0),
    ADD provider_fee integer NOT NULL DEFAULT 0 CHECK (provider_fee >= 0),
    ADD open_amount boolean NOT NULL DEFAULT false,
    ADD asked_at timestamptz,
    ADD cancel_at timestamptz,
    ADD ask_back_at timestamptz,
    DROP CONSTRAINT pay_codes_total_check,
    ADD CHECK (total > 0 OR open_amount),
    ALTER member_id DROP NOT NULL,
    ADD CHECK ((member_id IS NULL) <> (sponsor_id IS NULL));
DROP INDEX pay_codes_one_open;
UPDATE pay_codes SET purpose = (
    SELECT md5(string_agg(member_id || ':' || month, ',' ORDER BY member_id, month)) FROM pay_code_lines
    WHERE pay_code_id = id
);
ALTER TABLE pay_codes
    ALTER purpose SET NOT NULL,
    DROP COLUMN package, DROP COLUMN sector, DROP COLUMN wage, DROP COLUMN months, DROP COLUMN prices;
CREATE UNIQUE INDEX pay_codes_one_open ON pay_codes (phone, purpose) WHERE state IN ('requested', 'open');
CREATE INDEX pay_codes_member ON pay_codes (member_id, id);
CREATE INDEX pay_codes_sponsor ON pay_codes (sponsor_id, id);
CREATE INDEX pay_codes_to_ask ON pay_codes (expires_at, id)
    WHERE gateway IS NOT NULL AND state IN ('open', 'expired');
-- What was paid may go back, and the news of it be lost: the company is asked from `ask_back_at` on.
CREATE INDEX pay_codes_to_ask_back ON pay_codes (gateway, ask_back_at) WHERE ask_back_at IS NOT NULL;
CREATE INDEX pay_codes_to_cancel ON pay_codes (cancel_at) WHERE cancel_at IS NOT NULL;
ALTER TABLE phones ADD channel text;

-- Cash that a collector took from a member in the field; its reference is on the slip the member keeps.
CREATE TABLE cash_deposits (
    reference text PRIMARY KEY,
    member_id bigint NOT NULL REFERENCES members,
    amount integer NOT NULL CHECK (amount > 0),
    taken_by text NOT NULL,
    at timestamptz NOT NULL
);

ALTER TABLE contribution_months ADD sponsor_id bigint REFERENCES sponsors;
CREATE INDEX registrations_member ON registrations (member_id, id);
CREATE INDEX contribution_months_order ON contribution_months (order_id);

ALTER TABLE ledger_transactions ADD order_id text;
UPDATE ledger_transactions SET order_id = split_part(key, ':', 1) WHERE kind = 'settlement';
CREATE INDEX ledger_transactions_order ON ledger_transactions (order_id);
ALTER TABLE ledger_entries ADD sponsor_id bigint REFERENCES sponsors;
CREATE INDEX ledger_entries_sponsor ON ledger_entries (sponsor_id) WHERE sponsor_id IS NOT NULL;
CREATE INDEX ledger_entries_account ON ledger_entries (account);

-- Money that goes back to whoever paid it: a payout by finance, which two people approve.
CREATE TABLE refunds (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    member_id bigint REFERENCES members,
    sponsor_id bigint REFERENCES sponsors,
    amount integer NOT NULL CHECK (amount > 0),
    reason text NOT NULL,
    state text NOT NULL CHECK (state IN ('requested', 'approved', 'paid', 'rejected')),
    requested_by text NOT NULL,
    first_approver text,
    second_approver text CHECK (second_approver <> first_approver),
    rejected_by text,
    bank_reference text,
    paid_by text,
    created_at timestamptz NOT NULL,
    approved_at timestamptz,
    paid_at timestamptz,
    CHECK ((member_id IS NULL) <> (sponsor_id IS NULL)),
    CHECK (state NOT IN ('approved', 'paid') OR second_approver IS NOT NULL)
);
CREATE UNIQUE INDEX refunds_one_open_for_member ON refunds (member_id) WHERE state = 'requested';
CREATE UNIQUE INDEX refunds_one_open_for_sponsor ON refunds (sponsor_id) WHERE state = 'requested';

-- Ten thousand people in the highest bracket cost more than an integer holds.
ALTER TABLE pay_codes ALTER total TYPE bigint;
ALTER TABLE refunds ALTER amount TYPE bigint;
ALTER TABLE console_charges
    ALTER amount TYPE bigint,
    ADD open_amount boolean NOT NULL DEFAULT false,
    ADD cancelled_at timestamptz;
CREATE TABLE console_payments (
    order_id text PRIMARY KEY,
    code text NOT NULL,
    amount integer NOT NULL,
    paid_at timestamptz NOT NULL
);
"""

# One check for each transaction when it is committed, not one for each of its entries: a basket of ten thousand
# people has sixty thousand of them. No entry may join a transaction that was committed before.
LEDGER = """
DROP TRIGGER ledger_balances ON ledger_entries;
DROP FUNCTION ledger_balances();
CREATE FUNCTION ledger_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE difference bigint;
BEGIN
    SELECT sum(amount) INTO difference FROM ledger_entries WHERE transaction_id = NEW.id;
    IF difference IS DISTINCT FROM 0 THEN
        RAISE EXCEPTION 'ledger transaction % does not balance', NEW.key;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_balances AFTER INSERT ON ledger_transactions
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_balances();
CREATE FUNCTION ledger_is_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT 1 FROM (SELECT DISTINCT transaction_id FROM added) entries
        JOIN ledger_transactions t ON t.id = entries.transaction_id
        WHERE t.xmin <> pg_current_xact_id()::xid
    ) THEN
        RAISE EXCEPTION 'a ledger transaction takes no further entries once it is committed';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_closed AFTER INSERT ON ledger_entries
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION ledger_is_closed();
CREATE TRIGGER ledger_not_truncated BEFORE TRUNCATE ON ledger_entries EXECUTE FUNCTION ledger_is_append_only();
"""

HAND_OVER = """
-- A numbered file for the institution: registrations or paid months. Numbers have no gaps, and what a file holds
-- (`sealed`: encrypted, because of the NIKs) never changes. The answer comes as a file too, and each row counts once.
CREATE TABLE handover_files (
    number bigint PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('registrations', 'contributions')),
    rows integer NOT NULL,
    total bigint NOT NULL DEFAULT 0,
    sealed text NOT NULL,
    made_by text NOT NULL,
    made_at timestamptz NOT NULL,
    downloaded_at timestamptz,
    bank_reference text,
    answered_at timestamptz
);
ALTER TABLE registrations ADD handover_file bigint REFERENCES handover_files;
-- NULL: nobody is to be asked again, the answer comes in a file.
ALTER TABLE registrations ALTER next_try_at DROP NOT NULL;
ALTER TABLE contribution_months ADD answer text CHECK (answer IN ('received', 'refused', 'confirmed'));
CREATE INDEX registrations_file ON registrations (handover_file);
ALTER TABLE remittances ADD handover_file bigint REFERENCES handover_files;
CREATE INDEX remittances_file ON remittances (handover_file);
-- A month in a file that the institution did not want, and why. Once its money is with us again (`returned_at`; no
-- `bank_reference` where it was never sent) it is no contribution month any more, and is not to be paid again.
CREATE TABLE refused_months (
    member_id bigint NOT NULL REFERENCES members,
    month date NOT NULL CHECK (extract(day FROM month) = 1),
    handover_file bigint NOT NULL REFERENCES handover_files,
    amount integer NOT NULL CHECK (amount > 0),
    order_id text NOT NULL,
    reason text NOT NULL,
    refused_at timestamptz NOT NULL,
    returned_at timestamptz,
    bank_reference text,
    PRIMARY KEY (member_id, month)
);
CREATE INDEX refused_months_file ON refused_months (handover_file);
CREATE INDEX refused_months_order ON refused_months (order_id);
CREATE TABLE handover_answers (
    digest text PRIMARY KEY,
    handover_file bigint NOT NULL REFERENCES handover_files,
    rows integer NOT NULL,
    uploaded_by text NOT NULL,
    uploaded_at timestamptz NOT NULL
);
"""

INBOUND = """
ALTER TABLE inbound_sms
    ADD state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'done')),
    ADD lease_until timestamptz,
    ADD done_at timestamptz;
UPDATE inbound_sms SET state = 'done';
CREATE INDEX inbound_sms_waiting ON inbound_sms (id) WHERE state = 'waiting';
"""


def upgrade() -> None:
    # SPONSORS speaks of pay codes, MONEY of sponsors: the tables of the first come before the second.
    for statements in (DOCUMENTS, MEMBERS, SPONSORS, MONEY, LEDGER, HAND_OVER, INBOUND):
        op.execute(statements)
