"""People at the desk: found by their names, all that happened to them in one list, follow-ups that somebody takes on."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# Words of a name, whatever stands between them (`M.Yusuf` is two), so that each is found by how it begins.
NAMES = r"""
CREATE INDEX members_words ON members
    USING gin (to_tsvector('simple'::regconfig, regexp_replace(name, '\W+', ' ', 'g')));
CREATE INDEX sponsors_words ON sponsors
    USING gin (to_tsvector('simple'::regconfig, regexp_replace(name, '\W+', ' ', 'g')));
"""

# `caller` stands only at the turn with which a dialogue begins: a keyed hash of the phone, so that a member's dialogues
# are found and the journal still holds no number.
JOURNAL = """
ALTER TABLE turns ADD caller text NOT NULL DEFAULT '';
CREATE INDEX turns_caller ON turns (caller, at) WHERE caller <> '';
"""

# Whatever a list of everything about somebody asks for is found by whom it is about.
ABOUT = """
CREATE INDEX session_ends_phone ON session_ends (phone);
CREATE INDEX follow_ups_phone ON follow_ups (phone) WHERE phone <> '';
CREATE INDEX audit_log_what ON audit_log (what, id DESC);
CREATE INDEX invitations_member ON invitations (member_id) WHERE member_id IS NOT NULL;
CREATE INDEX refunds_member ON refunds (member_id) WHERE member_id IS NOT NULL;
CREATE INDEX sponsors_kind ON sponsors (kind, id);
CREATE INDEX refunds_sponsor ON refunds (sponsor_id) WHERE sponsor_id IS NOT NULL;
"""

# Texts that are stopped only `until` a moment: somebody asked for a pause.
PAUSES = """
ALTER TABLE stops ADD until timestamptz;
CREATE INDEX stops_until ON stops (until) WHERE until IS NOT NULL AND ended_at IS NULL;
"""

# Who looks into a follow-up, and what they wrote about it.
FOLLOW_UPS = """
ALTER TABLE follow_ups ADD taken_by text, ADD taken_at timestamptz;
CREATE INDEX follow_ups_kind ON follow_ups (kind, id);
CREATE INDEX follow_ups_taken ON follow_ups (taken_by, id) WHERE done_at IS NULL AND taken_by IS NOT NULL;
CREATE TABLE follow_up_notes (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    follow_up_id bigint NOT NULL REFERENCES follow_ups,
    by_whom text NOT NULL,
    note text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX follow_up_notes_of ON follow_up_notes (follow_up_id, id);
"""


def upgrade() -> None:
    for statements in (NAMES, JOURNAL, ABOUT, PAUSES, FOLLOW_UPS):
        op.execute(statements)
