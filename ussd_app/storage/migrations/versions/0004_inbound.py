"""What a conversation by text holds, how often we have answered a number, and keywords that an admin edits."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DOCUMENTS = """
ALTER TABLE document_versions DROP CONSTRAINT document_versions_kind_check;
ALTER TABLE document_versions
    ADD CHECK (kind IN ('menu', 'messages', 'rates', 'holidays', 'channels', 'sending', 'reminders', 'keywords'));
"""

# `answer` says what kind of answer went out, nothing where none did. `said_mark` and `answer_mark` are keyed hashes: the
# same words that would get the same answer again are not answered again. An SMS that cannot be dealt with is given up.
INBOUND = """
ALTER TABLE inbound_sms
    DROP CONSTRAINT inbound_sms_state_check,
    ADD CHECK (state IN ('waiting', 'done', 'given_up')),
    ADD attempts integer NOT NULL DEFAULT 0,
    ADD answer text NOT NULL DEFAULT '',
    ADD said_mark text NOT NULL DEFAULT '',
    ADD answer_mark text NOT NULL DEFAULT '';
CREATE INDEX inbound_sms_phone ON inbound_sms (phone, id);
CREATE INDEX inbound_sms_answered ON inbound_sms (phone, done_at) WHERE answer <> '';
"""

# A dialogue by SMS, one for a number: `state` is encrypted, it may hold a NIK.
DIALOGUES = """
CREATE TABLE sms_dialogues (
    phone text PRIMARY KEY,
    state text NOT NULL,
    ends_at timestamptz NOT NULL
);
CREATE INDEX sms_dialogues_ends ON sms_dialogues (ends_at);
"""


def upgrade() -> None:
    for statements in (DOCUMENTS, INBOUND, DIALOGUES):
        op.execute(statements)
