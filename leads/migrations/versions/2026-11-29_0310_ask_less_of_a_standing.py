"""look for the leads a change concerns only where it names a person: the empty search was made, and planned, at every commit."""

from alembic import op

revision = "e3a95c1d7b42"
down_revision = "d27c40be2010"
branch_labels = None
depends_on = None

STAND_AGAIN = """
CREATE OR REPLACE FUNCTION stand_again() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named uuid[] := '{}';
    people_named uuid[] := '{}';
    each_one uuid;
BEGIN
    CASE TG_ARGV[0]
    WHEN 'lead' THEN named := ARRAY[NEW.id, OLD.id];
    WHEN 'of-lead' THEN named := ARRAY[NEW.lead_id, OLD.lead_id];
    WHEN 'claim' THEN named := ARRAY(SELECT lead_id FROM referrals WHERE claim_id = NEW.id);
    WHEN 'person' THEN people_named := ARRAY[NEW.id];
    WHEN 'of-person' THEN people_named := ARRAY[NEW.person_id, OLD.person_id];
    WHEN 'todo' THEN
        named := ARRAY[NEW.lead_id, OLD.lead_id];
        IF coalesce(NEW.urgent, false) OR coalesce(OLD.urgent, false) THEN
            people_named := ARRAY[NEW.person_id, OLD.person_id];
        END IF;
    END CASE;
    IF people_named <> '{}' THEN
        named := named || ARRAY(SELECT id FROM leads WHERE person_id = ANY (people_named));
    END IF;
    -- The most common by far is one lead, named once: it needs no order.
    IF cardinality(named) = 2 AND (named[2] IS NULL OR named[2] = named[1]) THEN
        named := named[1:1];
    ELSE
        -- In one order, so that two who change the same leads don't wait for each other.
        named := ARRAY(SELECT DISTINCT id FROM unnest(named) id ORDER BY id);
    END IF;
    FOREACH each_one IN ARRAY named LOOP
        IF each_one IS NOT NULL THEN
            PERFORM stand(each_one);
        END IF;
    END LOOP;
    RETURN NULL;
END $$
"""
STOOD_BEFORE = """
CREATE OR REPLACE FUNCTION stand_again() RETURNS trigger LANGUAGE plpgsql AS $$
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


def upgrade() -> None:
    op.execute(STAND_AGAIN)


def downgrade() -> None:
    op.execute(STOOD_BEFORE)
