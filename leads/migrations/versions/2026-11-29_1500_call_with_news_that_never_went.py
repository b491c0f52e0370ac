"""let a lead stand among those to call where its news never went out, though the lead is closed."""

from alembic import op

revision = "7b30f4d91ce8"
down_revision = "a94d17c3e6b8"
branch_labels = None
depends_on = None

STANDING_OF = """
CREATE OR REPLACE VIEW standing_of AS
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
    SELECT min(due_at) AS first_at, min(due_at) FILTER (WHERE kind IN ({calls})) AS call_at,
        coalesce(bool_or(urgent OR kind IN ({outlive})), false) AS outlives,
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


def upgrade() -> None:
    op.execute(STANDING_OF.format(calls="'call', 'unheard', 'unheard-referrer'", outlive="'tell-referrer', 'unheard', 'unheard-referrer'"))


def downgrade() -> None:
    op.execute(STANDING_OF.format(calls="'call'", outlive="'tell-referrer'"))
