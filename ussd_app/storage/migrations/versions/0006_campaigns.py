"""Campaigns with their people, and contacts who learn about the programme step by step."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# `province` is the first two digits of the NIK; NULL until somebody has opened the NIK of a member who was here before.
MEMBERS = """
ALTER TABLE members ADD province text;
CREATE INDEX members_province_unknown ON members (id) WHERE province IS NULL AND state <> 'erased';
CREATE INDEX contribution_months_sponsor ON contribution_months (sponsor_id) WHERE sponsor_id IS NOT NULL;
"""

# `source` is the YAML as it was written, `known` the words it was checked against: neither changes, so that what was
# tried is what is sent, whatever is published meanwhile. `planned_to` is the last number that planning has come
# to; every number of the segment up to it has its row among the people, or was passed over.
CAMPAIGNS = """
CREATE TABLE campaigns (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    source text NOT NULL,
    known jsonb NOT NULL,
    state text NOT NULL CHECK (state IN ('draft', 'started', 'paused', 'done', 'cancelled')),
    send_at timestamptz NOT NULL,
    planned_to text NOT NULL DEFAULT '',
    planned_at timestamptz
);
CREATE INDEX campaigns_under_way ON campaigns (id) WHERE state = 'started';
CREATE TABLE campaign_events (
    campaign_id bigint NOT NULL REFERENCES campaigns,
    what text NOT NULL,
    by_whom text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX campaign_events_campaign ON campaign_events (campaign_id, at);

-- One row for each number, found by a keyed hash of it. Who has no `variant` is held out: they get no text, and what
-- they pay is what others are compared with. Waiting becomes `released` when the text is in the outbox (or, held out,
-- when it would have been), or `dropped` when nobody there is to be written to any more.
CREATE TABLE campaign_people (
    campaign_id bigint NOT NULL REFERENCES campaigns,
    mark text COLLATE "C" NOT NULL,
    phone text NOT NULL,
    member_id bigint REFERENCES members,
    variant text,
    language text NOT NULL,
    zone text NOT NULL,
    due_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'released', 'dropped')),
    released_at timestamptz,
    PRIMARY KEY (campaign_id, mark)
);
CREATE INDEX campaign_people_waiting ON campaign_people (campaign_id, zone, due_at) WHERE state = 'waiting';
CREATE INDEX campaign_people_released ON campaign_people (campaign_id, released_at) WHERE state = 'released';
CREATE INDEX campaign_people_phone ON campaign_people (phone);
CREATE INDEX campaign_people_member ON campaign_people (member_id);
CREATE INDEX outbox_campaign ON outbox (message, state) WHERE lane = 'campaigns';
"""

# Somebody who is no member yet has asked for texts about the programme: in what words, and how many they have had.
# `round` counts how often they asked. `next_at` is NULL once it has ended.
CONTACTS = """
CREATE TABLE contacts (
    phone text PRIMARY KEY,
    language text NOT NULL,
    round integer NOT NULL DEFAULT 1,
    step integer NOT NULL DEFAULT 0,
    text_version text NOT NULL,
    text text NOT NULL,
    channel text NOT NULL,
    reference text NOT NULL,
    begun_at timestamptz NOT NULL,
    next_at timestamptz,
    ended text CHECK (ended IN ('done', 'registered', 'stopped')),
    ended_at timestamptz,
    CHECK ((next_at IS NULL) = (ended IS NOT NULL))
);
CREATE INDEX contacts_next ON contacts (next_at) WHERE next_at IS NOT NULL;
"""


def upgrade() -> None:
    for statements in (MEMBERS, CAMPAIGNS, CONTACTS):
        op.execute(statements)
