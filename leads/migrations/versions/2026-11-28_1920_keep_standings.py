"""keep what each lead needs, prefixes of names, saved views, and what can be undone."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "b41f6e0c9a27"
down_revision = "c4a1e07b92d5"
branch_labels = None
depends_on = None

# The one definition of what a lead needs, but for the time of day: `leads.pipeline.worklist` compares `call_at` and `act_at` with now.
STANDING_OF = """
CREATE VIEW standing_of AS
SELECT lead.id, fact.need, fact.call_at,
    CASE fact.need WHEN 'for-referrer' THEN todo.first_at
         WHEN 'new' THEN fact.act_at WHEN 'to-confirm' THEN fact.act_at WHEN 'for-patient' THEN fact.act_at WHEN 'under-way' THEN fact.act_at
    END AS act_at,
    CASE fact.need WHEN 'safety' THEN coalesce(danger.urgent_at, held.raised_at) WHEN 'for-referrer' THEN referral.waits_until
         WHEN 'new' THEN fact.call_at ELSE coalesce(fact.act_at, lead.opened_at) END AS due_at,
    held.raised_at IS NOT NULL AS held, address.confirmed, lead.office, lead.stage, lead.source, lead.assigned_to
FROM leads lead
JOIN people person ON person.id = lead.person_id
CROSS JOIN LATERAL (
    SELECT min(due_at) AS first_at, min(due_at) FILTER (WHERE kind = 'call') AS call_at,
        coalesce(bool_or(urgent OR kind = 'tell-referrer'), false) AS outlives,
        coalesce(bool_or(kind = 'review-screening'), false) AS review, coalesce(bool_or(kind = 'phone-instead'), false) AS bounced,
        coalesce(bool_or(kind = 'settle-unknown'), false) AS unknown
    FROM todos WHERE todos.lead_id = lead.id AND done_at IS NULL
) todo
CROSS JOIN LATERAL (
    SELECT min(due_at) AS urgent_at FROM todos WHERE todos.person_id = lead.person_id AND urgent AND done_at IS NULL
) danger
CROSS JOIN LATERAL (SELECT min(raised_at) AS raised_at FROM holds WHERE holds.person_id = lead.person_id AND released_at IS NULL) held
CROSS JOIN LATERAL (
    SELECT min(their_promise) FILTER (WHERE state = 'needs_information') AS waits_until,
        coalesce(bool_or(referrals.closed_at IS NULL AND claim.verified_at IS NULL AND claim.refused_at IS NULL), false) AS stranger
    FROM referrals JOIN provider_claims claim ON claim.id = referrals.claim_id WHERE referrals.lead_id = lead.id
) referral
CROSS JOIN LATERAL (
    SELECT EXISTS (
        SELECT FROM confirmations WHERE confirmations.person_id = person.id AND confirmations.address_index = person.email_index
    ) AS confirmed
) address
CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM screenings WHERE screenings.lead_id = lead.id AND submitted_at IS NULL AND ended_at IS NULL)
        OR EXISTS (SELECT FROM appointments WHERE appointments.lead_id = lead.id AND state = 'offered') AS waits
) patient
CROSS JOIN LATERAL (
    SELECT danger.urgent_at IS NOT NULL OR held.raised_at IS NOT NULL AS in_danger,
        coalesce(todo.call_at, CASE WHEN lead.reached_at IS NULL AND lead.closed_at IS NULL THEN lead.expected_by END) AS call_at
) plain
CROSS JOIN LATERAL (
    SELECT CASE WHEN plain.in_danger THEN 'safety'
            WHEN todo.review THEN 'to-review'
            WHEN todo.bounced THEN 'phone-instead'
            WHEN todo.unknown THEN 'unknown'
            WHEN referral.stranger THEN 'to-verify'
            WHEN referral.waits_until IS NOT NULL THEN 'for-referrer'
            WHEN lead.stage = 'new' AND plain.call_at IS NOT NULL THEN 'new'
            WHEN lead.closed_at IS NULL AND person.email_index IS NOT NULL AND NOT address.confirmed THEN 'to-confirm'
            WHEN lead.closed_at IS NULL AND patient.waits THEN 'for-patient'
            ELSE 'under-way' END AS need,
        CASE WHEN NOT plain.in_danger THEN plain.call_at END AS call_at,
        least(todo.first_at, plain.call_at) AS act_at
) fact
WHERE lead.closed_at IS NULL OR todo.outlives
"""
STAND = """
CREATE FUNCTION stand(which uuid) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    fresh standing_of;
    -- One commit may name a lead several times over. Nothing is written between one deferred trigger and the next, so the first has seen all.
    this_time text := which || ' ' || statement_timestamp();
BEGIN
    IF current_setting('handoff.stood', true) = this_time THEN
        RETURN;
    END IF;
    PERFORM set_config('handoff.stood', this_time, true);
    -- Two who change the same lead take turns, and the second sees what the first has committed.
    PERFORM pg_advisory_xact_lock(hashtextextended('standing:' || which, 0));
    SELECT * INTO fresh FROM standing_of WHERE id = which;
    IF NOT FOUND THEN
        DELETE FROM standings WHERE id = which;
        RETURN;
    END IF;
    INSERT INTO standings AS kept (id, need, call_at, act_at, due_at, held, confirmed, office, stage, source, assigned_to)
    VALUES (fresh.*)
    ON CONFLICT (id) DO UPDATE SET (need, call_at, act_at, due_at, held, confirmed, office, stage, source, assigned_to) =
        (excluded.need, excluded.call_at, excluded.act_at, excluded.due_at, excluded.held, excluded.confirmed,
         excluded.office, excluded.stage, excluded.source, excluded.assigned_to)
    WHERE (kept.need, kept.call_at, kept.act_at, kept.due_at, kept.held, kept.confirmed, kept.office, kept.stage, kept.source, kept.assigned_to)
        IS DISTINCT FROM
        (excluded.need, excluded.call_at, excluded.act_at, excluded.due_at, excluded.held, excluded.confirmed,
         excluded.office, excluded.stage, excluded.source, excluded.assigned_to);
END $$
"""
STAND_AGAIN = """
CREATE FUNCTION stand_again() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    leads_named uuid[] := '{}';
    people_named uuid[] := '{}';
BEGIN
    CASE TG_ARGV[0]
    WHEN 'lead' THEN leads_named := ARRAY[NEW.id, OLD.id];
    WHEN 'of-lead' THEN leads_named := ARRAY[NEW.lead_id, OLD.lead_id];
    WHEN 'claim' THEN leads_named := ARRAY(SELECT lead_id FROM referrals WHERE claim_id = NEW.id);
    WHEN 'person' THEN people_named := ARRAY[NEW.id];
    WHEN 'of-person' THEN people_named := ARRAY[NEW.person_id, OLD.person_id];
    WHEN 'todo' THEN
        leads_named := ARRAY[NEW.lead_id, OLD.lead_id];
        IF coalesce(NEW.urgent, false) OR coalesce(OLD.urgent, false) THEN
            people_named := ARRAY[NEW.person_id, OLD.person_id];
        END IF;
    END CASE;
    -- In one order, so that two who change the same leads don't wait for each other.
    PERFORM stand(named.id) FROM (
        SELECT id FROM unnest(leads_named) id WHERE id IS NOT NULL
        UNION SELECT leads.id FROM leads WHERE person_id = ANY (people_named) ORDER BY id
    ) named;
    RETURN NULL;
END $$
"""
TRIGGERS = (
    ("leads", "lead", "person_id, stage, office, source, assigned_to, expected_by, reached_at, closed_at"),
    ("todos", "todo", "person_id, lead_id, kind, urgent, due_at, done_at"),
    ("holds", "of-person", "person_id, released_at"),
    ("confirmations", "of-person", "person_id, address_index"),
    ("referrals", "of-lead", "lead_id, claim_id, state, their_promise, closed_at"),
    ("screenings", "of-lead", "lead_id, submitted_at, ended_at"),
    ("appointments", "of-lead", "lead_id, state"),
)


def upgrade() -> None:
    op.create_table(
        "standings",
        sa.Column("need", sa.String(length=20), nullable=False),
        sa.Column("call_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("act_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.Column("office", sa.String(length=40), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("assigned_to", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_standings")),
    )
    op.create_index("ix_standings_need", "standings", ["need", "due_at", "id"])
    op.create_index("ix_standings_idle", "standings", ["need", "due_at", "id"], postgresql_where=sa.text("call_at IS NULL AND act_at IS NULL"))
    op.create_index("ix_standings_call", "standings", ["call_at", "id"], postgresql_where=sa.text("call_at IS NOT NULL"))
    by_todo = sa.text("act_at IS NOT NULL AND (call_at IS NULL OR act_at < call_at)")
    op.create_index("ix_standings_act", "standings", ["act_at", "id"], postgresql_where=by_todo)
    op.create_index("ix_standings_stage", "standings", ["stage", "due_at", "id"])
    op.create_index("ix_standings_mine", "standings", ["assigned_to"], postgresql_where=sa.text("assigned_to IS NOT NULL"))
    op.create_index("ix_todos_open_lead", "todos", ["lead_id"], postgresql_where=sa.text("done_at IS NULL"))
    op.create_index("ix_leads_closed", "leads", ["closed_at", "id"], postgresql_where=sa.text("closed_at IS NOT NULL"))
    op.create_index("ix_merge_suggestions_open", "merge_suggestions", ["id"], postgresql_where=sa.text("decided_at IS NULL"))
    _follow_the_facts()
    _find_names()
    _keep_views()


def _follow_the_facts() -> None:
    for statement in (STANDING_OF, STAND, STAND_AGAIN):
        op.execute(statement)
    # When all is written, just before the commit: the lock on a standing is then the last of all, and nobody waits behind it for another.
    at_commit = "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION stand_again"
    for table, subject, columns in TRIGGERS:
        events = f"INSERT OR DELETE OR UPDATE OF {columns}"
        op.execute(f"CREATE CONSTRAINT TRIGGER keep_standing AFTER {events} ON {table} {at_commit}('{subject}')")
    op.execute(f"CREATE CONSTRAINT TRIGGER keep_standing AFTER UPDATE OF verified_at, refused_at ON provider_claims {at_commit}('claim')")
    op.execute(f"CREATE CONSTRAINT TRIGGER keep_standing AFTER UPDATE OF email_index ON people {at_commit}('person')")
    op.execute(
        "INSERT INTO standings (id, need, call_at, act_at, due_at, held, confirmed, office, stage, source, assigned_to)"
        " SELECT id, need, call_at, act_at, due_at, held, confirmed, office, stage, source, assigned_to FROM standing_of"
    )


def _find_names() -> None:
    # Null is a person whose name was never hashed: `handoff up` and the housekeeping fill it in, for the keys are not the database's.
    op.add_column("people", sa.Column("name_buckets", ARRAY(sa.Integer()), nullable=True))
    # Without a list of what is pending: whoever comes when it is full would wait until all of it is sorted in.
    op.create_index("ix_people_name_buckets", "people", ["name_buckets"], postgresql_using="gin", postgresql_with={"fastupdate": "off"})
    op.create_index("ix_people_unhashed", "people", ["id"], postgresql_where=sa.text("name_buckets IS NULL"))


def _keep_views() -> None:
    op.create_table(
        "saved_views",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("query", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_saved_views_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
        sa.UniqueConstraint("account_id", "query", name=op.f("uq_saved_views_account_id_query")),
    )
    op.create_table(
        "deeds",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("details", JSONB(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_deeds_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deeds")),
    )
    op.create_index(op.f("ix_deeds_at"), "deeds", ["at"])
