"""The admin desk: who may enter it and how they prove it, their sessions, what they did, and files being looked at."""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# `totp` is the sealed secret of a second step, `totp_step` the last code's time step: a code counts once.
# A password that somebody else made up (`change_password`) has to be changed at the first sign-in.
ADMINS = """
UPDATE admins SET email = lower(email);
ALTER TABLE admins
    ADD name text NOT NULL DEFAULT '',
    ADD language text NOT NULL DEFAULT 'id' CHECK (language IN ('id', 'en')),
    ADD active boolean NOT NULL DEFAULT true,
    ADD change_password boolean NOT NULL DEFAULT false,
    ADD totp text,
    ADD totp_step bigint NOT NULL DEFAULT 0,
    ADD signed_in_at timestamptz,
    ADD CHECK (email = lower(email)),
    ADD CHECK (role IN ('viewer', 'editor', 'publisher', 'finance', 'operator', 'owner'));

CREATE TABLE admin_recovery_codes (
    admin_id bigint NOT NULL REFERENCES admins,
    code text NOT NULL,
    PRIMARY KEY (admin_id, code)
);

-- `id` is the hash of what the cookie holds, so that whoever reads this table cannot sign in with it.
CREATE TABLE admin_sessions (
    id text PRIMARY KEY,
    admin_id bigint REFERENCES admins,
    data text NOT NULL,
    address text NOT NULL,
    agent text NOT NULL,
    created_at timestamptz NOT NULL,
    seen_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX admin_sessions_admin ON admin_sessions (admin_id) WHERE admin_id IS NOT NULL;
CREATE INDEX admin_sessions_expiring ON admin_sessions (expires_at);

-- How often an account, or an address, was tried in vain since a moment.
CREATE TABLE sign_in_tries (
    subject text PRIMARY KEY,
    number integer NOT NULL,
    since timestamptz NOT NULL
);
CREATE INDEX sign_in_tries_since ON sign_in_tries (since);
"""

AUDIT = """
CREATE TABLE audit_log (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    by_whom text NOT NULL,
    kind text NOT NULL,
    what text NOT NULL,
    before jsonb,
    after jsonb,
    address text NOT NULL
);
CREATE INDEX audit_log_by_whom ON audit_log (by_whom, id DESC);
CREATE INDEX audit_log_kind ON audit_log (kind, id DESC);
CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: nobody changes what was done';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON audit_log
    FOR EACH ROW EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_keeps_all BEFORE TRUNCATE ON audit_log
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
"""

# A sponsor's file that somebody looks at before it is set going: sealed, for it holds NIKs, and gone after a day.
ROSTERS = """
CREATE TABLE roster_drafts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    admin_id bigint NOT NULL REFERENCES admins,
    sponsor text NOT NULL,
    file_name text NOT NULL,
    content text NOT NULL,
    checked text NOT NULL,
    created_at timestamptz NOT NULL,
    -- Asked to be set going at the price in `shown`, from `address`; then the roster, or why it could not be.
    start_at timestamptz,
    shown bigint,
    address text NOT NULL DEFAULT '',
    roster_id bigint REFERENCES rosters,
    refused text NOT NULL DEFAULT ''
);
CREATE INDEX roster_drafts_to_start ON roster_drafts (id)
    WHERE start_at IS NOT NULL AND roster_id IS NULL AND refused = '';
CREATE INDEX invitations_roster ON invitations (roster_id, state) WHERE roster_id IS NOT NULL;
CREATE INDEX roster_drafts_created ON roster_drafts (created_at);

ALTER TABLE follow_ups ADD done_by text;
CREATE INDEX follow_ups_open ON follow_ups (id) WHERE done_at IS NULL;
"""


def upgrade() -> None:
    for statements in (ADMINS, AUDIT, ROSTERS):
        op.execute(statements)
