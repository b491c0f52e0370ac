"""What a clinic's years leave behind that is not encrypted: made in the database, a chunk of `stories` at a time.

`dice(number, k)` is the kth throw of a lead, from 0 to 999 and always the same.
"""

BEGIN = """
CREATE FUNCTION pg_temp.dice(number int, k int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT abs(hashint8extended(number, k) % 1000)::int';
CREATE TEMP TABLE stories (
    number int, slot int, person_id uuid, lead_id uuid, address bytea, opened_at timestamptz, life interval, expected_by timestamptz,
    stage text, steps int, outcome text, need text, source text, office text, owner text, screened boolean, visited boolean,
    is_long boolean, referral_id uuid
) ON COMMIT DROP;
"""
CONSENTS = """
INSERT INTO consents (id, person_id, kind, act, wording, source, method, actor, at)
SELECT uuidv7(), person_id, kind, 'grant', '2026-11', CASE source WHEN 'referral' THEN source ELSE 'inquiry' END, 'page',
    'person:' || person_id,
    opened_at
  FROM stories, (VALUES ('contact', 1000), ('education', 800), ('unencrypted_email', 750)) granted (kind, share)
 WHERE pg_temp.dice(number, length(kind)) < share ORDER BY opened_at;
INSERT INTO consents (id, person_id, kind, act, referral_id, wording, source, method, actor, at)
SELECT uuidv7(), person_id, 'status_to_referrer', 'grant', referral_id, '2026-11', 'referral', 'page', 'person:' || person_id, opened_at
  FROM stories WHERE referral_id IS NOT NULL AND pg_temp.dice(number, 20) < 800;
INSERT INTO consents (id, person_id, kind, act, wording, source, method, actor, at)
SELECT uuidv7(), person_id, 'education', CASE n % 2 WHEN 0 THEN 'grant' ELSE 'withdraw' END, '2026-11', 'preferences', 'page',
    'person:' || person_id, opened_at + life * n / 22
  FROM stories, generate_series(1, 20) n WHERE is_long ORDER BY opened_at;
INSERT INTO confirmations (id, person_id, address_index, method, actor, at)
SELECT uuidv7(), person_id, address, 'button', 'person:' || person_id, opened_at + life * 0.02 FROM stories
 WHERE need IS DISTINCT FROM 'to-confirm' AND (need NOT IN ('call-now', 'new', 'to-verify') OR pg_temp.dice(number, 21) < 800)
 ORDER BY opened_at;
"""
# Who stopped our mails, whose address does not work, who rests, who was in danger once.
SILENCED = """
INSERT INTO choices (id, person_id, act, what, wording, source, method, actor, at)
SELECT uuidv7(), person_id, 'stop', 'topic:education', '2026-11', 'unsubscribe', 'page', 'person:' || person_id, opened_at + life * 0.7
  FROM stories WHERE pg_temp.dice(number, 22) < 50;
INSERT INTO suppressions (id, person_id, topic, reason, actor, at)
SELECT uuidv7(), person_id, 'education', 'unsubscribed', 'person:' || person_id, opened_at + life * 0.7
  FROM stories WHERE pg_temp.dice(number, 22) < 50;
INSERT INTO suppressions (id, person_id, address_index, reason, actor, at)
SELECT uuidv7(), person_id, address, 'bounced', 'system', opened_at + life * 0.5
  FROM stories WHERE need = 'phone-instead' OR need IS NULL AND pg_temp.dice(number, 23) < 15;
INSERT INTO pauses (id, person_id, until, reason, actor, at, ended_at)
SELECT uuidv7(), person_id, opened_at + life * 0.6, 'asked', 'person:' || person_id, opened_at + life * 0.4,
    CASE WHEN need IS NULL THEN opened_at + life * 0.6 END
  FROM stories WHERE pg_temp.dice(number, 24) < 10;
INSERT INTO holds (id, person_id, reason, raised_by, raised_at, released_at, released_by, disposition_code)
SELECT uuidv7(), person_id, 'inquiry', 'system', opened_at, CASE WHEN need IS NULL THEN opened_at + life * 0.1 END,
    CASE WHEN need IS NULL THEN owner END, CASE WHEN need IS NULL THEN 'no-danger' END
  FROM stories WHERE need = 'safety' OR need IS NULL AND pg_temp.dice(number, 25) < 8;
INSERT INTO safety_alarms (id, person_id, lead_id, source, raised_at, step, next_at, taken_at, taken_by)
SELECT uuidv7(), person_id, lead_id, 'inquiry', opened_at, 1, opened_at, opened_at + life * 0.05, owner
  FROM stories WHERE need = 'safety' OR need IS NULL AND pg_temp.dice(number, 25) < 8;
INSERT INTO restrictions (id, person_id, set_by, set_at)
SELECT uuidv7(), people.id, owner, opened_at FROM stories JOIN people ON people.id = person_id WHERE restricted_at IS NOT NULL;
INSERT INTO merge_suggestions (id, person_id, other_id, why, suggested_at, decided_at, decided_by, decision)
SELECT uuidv7(), one.person_id, other.person_id, 'by-hand', one.opened_at, CASE WHEN one.need IS NULL THEN one.opened_at + one.life END,
    CASE WHEN one.need IS NULL THEN one.owner END, CASE WHEN one.need IS NULL THEN 'different' END
  FROM stories one JOIN stories other ON other.number = one.number - 1 WHERE one.number % 16 = 3;
"""
MOVES = """
INSERT INTO stage_changes (id, lead_id, from_stage, to_stage, actor, at)
SELECT uuidv7(), lead_id, stages.of[n], stages.of[n + 1], CASE n WHEN 0 THEN 'system' ELSE owner END, opened_at + life * n / 8
  FROM stories, (SELECT ARRAY['new', 'contacted', 'screening', 'qualified', 'booked', 'in_care'] AS of) stages, generate_series(0, steps) n
 ORDER BY opened_at + life * n / 8;
INSERT INTO stage_changes (id, lead_id, from_stage, to_stage, outcome, actor, at)
SELECT uuidv7(), lead_id, 'contacted', 'closed', outcome, owner, opened_at + life FROM stories WHERE need IS NULL;
INSERT INTO enrolments (id, person_id, lead_id, version_id, sequence_key, anchor_at, facts, started_by, started_at, ended_at, ended_by,
    ended_why)
SELECT uuidv7(), person_id, lead_id, version.id, version.key, begun.at, '{"grants": ["contact", "education"], "language": "en",
    "has_phone": true}',
    owner, begun.at, CASE WHEN need IS NULL THEN opened_at + life END, CASE WHEN need IS NULL THEN owner END,
    CASE WHEN need IS NULL THEN 'stage:closed' END
  FROM stories, sequence_versions version, LATERAL (
    SELECT opened_at + life * CASE version.key WHEN 'new-inquiry' THEN 0.02 WHEN 'screening' THEN 0.25 ELSE 0.5 END AS at) begun
 WHERE CASE version.key WHEN 'new-inquiry' THEN pg_temp.dice(stories.number, 26) < 850 WHEN 'screening' THEN screened WHEN 'visit'
     THEN visited END
 ORDER BY opened_at;
INSERT INTO appointments (id, person_id, lead_id, office, starts_at, ends_at, state, version, ics_sequence, offered_until, booked_by,
    booked_at,
    ended_at, ended_by, changed_at)
SELECT uuidv7(), person_id, lead_id, 'new-haven', visit.at, visit.at + interval '1 hour', visit.state, 2, 0,
    CASE visit.state WHEN 'offered' THEN now() + interval '40 days' END, owner, opened_at + life * 0.5,
    CASE WHEN visit.state NOT IN ('offered', 'booked') THEN visit.at END, owner, opened_at + life * 0.5
  FROM stories, LATERAL (SELECT CASE WHEN need = 'for-patient' THEN 'offered' WHEN need IS NOT NULL AND steps = 4 THEN 'booked'
        WHEN pg_temp.dice(number, 27) < 800 THEN 'attended' WHEN pg_temp.dice(number, 27) < 900 THEN 'no_show' ELSE 'cancelled'
            END AS state,
    CASE WHEN need = 'for-patient' OR need IS NOT NULL AND steps = 4 THEN now() + interval '1 day' * (1 + number % 40)
         ELSE opened_at + life * 0.7 END AS at) visit
 WHERE visited;
INSERT INTO appointment_events (id, appointment_id, event, by, at, version, details)
SELECT uuidv7(), visit.id, event.name, owner, event.at, event.version, event.details
  FROM stories JOIN appointments visit ON visit.lead_id = stories.lead_id, LATERAL (VALUES
    (CASE visit.state WHEN 'offered' THEN 'offered' ELSE 'booked' END, visit.changed_at, 1, jsonb_build_object('to', visit.starts_at)),
    (visit.state, visit.ended_at, 2, '{}')) event (name, at, version, details)
 WHERE event.at IS NOT NULL ORDER BY event.at;
INSERT INTO screenings (id, person_id, lead_id, questionnaire, definition, language, channel, begun_at, begun_by, expires_at, version)
SELECT uuidv7(), person_id, lead_id, 'screening', 'begun and not sent', 'en', 'link', opened_at + life * 0.3, 'person:' || person_id,
    now() + interval '60 days', 1
  FROM stories WHERE need = 'for-patient' AND NOT visited;
"""
# Mails to the person, each with its try and what the trail says of it.
MAILS = """
WITH mail AS (
    INSERT INTO messages (id, person_id, lead_id, enrolment_id, step, occurrence, template, language, lane, topic, level, cause, depends_on,
        due_at, planned_for, local_due, moved_by, on_unknown, state, reason, state_at, actor, created_at, sent_at, fence, attempts,
            lost_leases,
        address_index)
    SELECT uuidv7(), stories.person_id, stories.lead_id, enrolments.id, CASE WHEN sequence IS NOT NULL THEN template END, 0, template, 'en',
        lane, topic, level, coalesce('sequence:' || sequence, 'inquiry'), '{}', due.at, due.at,
        to_char(due.at, 'YYYY-MM-DD"T"HH24:MI:SS"-05:00[America/New_York]"'), '[]', 'ask_staff', became.state,
        CASE became.state WHEN 'skipped' THEN (ARRAY['no-education-grant', 'unconfirmed', 'no-unencrypted-grant'])[1 + number % 3]
            WHEN 'cancelled' THEN CASE WHEN need IS NULL THEN 'stage:closed' ELSE 'stage:screening' END
            WHEN 'expired' THEN 'outlived' WHEN 'bounced' THEN 'bounce' WHEN 'failed' THEN 'decided' END,
        CASE became.state WHEN 'planned' THEN opened_at WHEN 'cancelled' THEN least(opened_at + life, now()) ELSE due.at END, owner,
            opened_at,
        CASE WHEN became.state IN ('sent', 'bounced') THEN due.at END, 1, 1, 0, address
      FROM stories CROSS JOIN (VALUES
        ('inquiry', NULL, 'inquiry-received', 'transactional', 'inquiry', 0, 0, 0, 1000),
        ('referral', NULL, 'referral-welcome', 'transactional', 'inquiry', 0, 0, 0, 1000),
        ('all', 'new-inquiry', 'office-location', 'transactional', 'inquiry', 1, 0, 0.1, 1000),
        ('all', 'new-inquiry', 'how-ketamine-works', 'education', 'education', 2, 0, 2, 900),
        ('all', 'new-inquiry', 'iv-and-im', 'education', 'education', 2, 0, 5, 500),
        ('all', 'new-inquiry', 'who-it-is-for', 'education', 'education', 2, 0, 8, 350),
        ('all', 'new-inquiry', 'still-here', 'education', 'education', 0, 0, 200, 300),
        ('screened', 'screening', 'screening-invitation', 'transactional', 'screening', 1, 0.25, 0, 1000),
        ('screened', 'screening', 'screening-reminder-1', 'reminder', 'screening', 1, 0.25, 1, 500),
        ('visited', NULL, 'visit-booked', 'transactional', 'visits', 1, 0.5, 0, 1000),
        ('visited', 'visit', 'visit-tomorrow', 'reminder', 'visits', 1, 0.7, -1, 1000),
        ('unknown', NULL, 'visit-moved', 'transactional', 'visits', 1, 0.9, 0, 1000),
        ('bounced', NULL, 'visit-moved', 'transactional', 'visits', 1, 0.5, 0, 1000),
        ('long', NULL, 'personal-note', 'transactional', 'inquiry', 1, 0, 0, 1000)
      ) kind (who, sequence, template, lane, topic, level, of_life, days, share)
      LEFT JOIN enrolments ON enrolments.lead_id = stories.lead_id AND enrolments.sequence_key = sequence,
      generate_series(1, CASE who WHEN 'long' THEN 100 ELSE 1 END) n,
      LATERAL (SELECT opened_at + life * of_life + interval '1 day' * days + CASE who WHEN 'long' THEN life * n / 105
          ELSE interval '0' END AS at) due,
      LATERAL (SELECT CASE WHEN who IN ('unknown', 'bounced') THEN who
            WHEN due.at > now() THEN CASE WHEN need IS NULL THEN 'cancelled' ELSE 'planned' END
            WHEN sequence IS NULL THEN 'sent' WHEN need IS NULL AND due.at > opened_at + life THEN 'cancelled'
            ELSE (ARRAY['sent', 'skipped', 'cancelled', 'expired', 'bounced', 'failed'])
                [1 + width_bucket(pg_temp.dice(number, 30 + length(template)), ARRAY[700, 850, 960, 980, 995])] END AS state) became
     WHERE (sequence IS NULL OR enrolments.id IS NOT NULL) AND pg_temp.dice(number, 60 + length(template)) < share
       AND CASE who WHEN 'all' THEN true WHEN 'screened' THEN screened WHEN 'visited' THEN visited WHEN 'long' THEN is_long
            WHEN 'unknown' THEN need = 'unknown' WHEN 'bounced' THEN need = 'phone-instead' ELSE source = who END
     ORDER BY due.at
    RETURNING id, template, state, due_at
), tried AS (
    INSERT INTO delivery_attempts (id, message_id, fence, carrier, at, ended_at, outcome, reply_code)
    SELECT uuidv7(), id, 1, 'smtp', due_at, CASE WHEN state <> 'unknown' THEN due_at END,
        CASE state WHEN 'failed' THEN 'failed' WHEN 'unknown' THEN NULL ELSE 'sent' END, CASE state WHEN 'failed' THEN 550
            WHEN 'unknown' THEN NULL ELSE 250 END
      FROM mail WHERE state IN ('sent', 'bounced', 'failed', 'unknown')
), returned AS (
    INSERT INTO mail_events (id, carrier, provider_id, kind, at, message_id, status, received_at, look_at, applied_at, outcome)
    SELECT uuidv7(), 'smtp', id::text, 'bounced', due_at, id, '5.1.1', due_at, due_at, due_at, 'applied' FROM mail WHERE state = 'bounced'
)
INSERT INTO audit_entries (id, at, actor, action, subject_kind, subject_id, detail)
SELECT uuidv7(), due_at, 'system', 'message.sent', 'messages', id, jsonb_build_object('reason', NULL, 'template', template)
  FROM mail WHERE state IN ('sent', 'bounced')
"""
# News to whoever referred them.
NEWS = """
WITH mail AS (
    INSERT INTO messages (id, provider_id, about_id, referral_id, lead_id, occurrence, template, language, lane, topic, level, cause,
        depends_on,
        due_at, planned_for, local_due, moved_by, on_unknown, state, state_at, actor, created_at, sent_at, fence, attempts, lost_leases)
    SELECT uuidv7(), referrals.provider_id, stories.person_id, referrals.id, stories.lead_id, 0, template, 'en', 'transactional',
        'referral', 0,
        'referral:' || event, '{}', due.at, due.at, to_char(due.at, 'YYYY-MM-DD"T"HH24:MI:SS'), '[]', 'assume_sent', 'sent', due.at,
            'system',
        due.at, due.at, 1, 1, 0
      FROM stories JOIN referrals ON referrals.id = stories.referral_id CROSS JOIN (VALUES
        (0, 'package', 'referral-received'), (1, 'accept', 'referral-accepted'), (4, 'schedule', 'referral-booked'),
        (8, 'outcome', 'referral-closed')) news (step, event, template),
      LATERAL (SELECT opened_at + life * step / 8 AS at) due
     WHERE practice_id IS NOT NULL AND (step <= steps OR step = 8 AND need IS NULL) ORDER BY due.at
    RETURNING id, due_at
)
INSERT INTO delivery_attempts (id, message_id, fence, carrier, at, ended_at, outcome, reply_code)
SELECT uuidv7(), id, 1, 'smtp', due_at, due_at, 'sent', 250 FROM mail
"""
# What is open by what the lead needs, the call that was promised, and what was done.
TODOS = """
INSERT INTO todos (id, person_id, lead_id, kind, role, urgent, due_at, opened_by, opened_at, done_by, done_at, outcome)
SELECT uuidv7(), person_id, lead_id, 'call', 'coordinator', false, expected_by, 'system', opened_at,
    CASE WHEN steps > 0 OR need IS NULL THEN owner END, CASE WHEN steps > 0 OR need IS NULL THEN opened_at + life * 0.1 END,
    CASE WHEN steps > 0 OR need IS NULL THEN 'reached' END
  FROM stories WHERE steps > 0 OR need IS NULL OR need IN ('call-now', 'new') OR need = 'to-verify' AND slot % 2 = 0 ORDER BY opened_at;
INSERT INTO todos (id, person_id, lead_id, kind, role, urgent, due_at, opened_by, opened_at)
SELECT uuidv7(), person_id, lead_id, kind, role, kind = 'safety', now() + interval '1 hour' * (begins + pg_temp.dice(number,
    28) * lasts / 1000),
    owner, opened_at + life * 0.9
  FROM stories JOIN (VALUES
    ('safety', 0, 1, 'safety', 'clinician', -3, 2), ('today', 0, 1, 'read-reply', 'coordinator', -40, 40),
    ('to-review', 0, 1, 'review-screening', 'clinician', -20, 60), ('phone-instead', 0, 1, 'phone-instead', 'coordinator', -20, 60),
    ('unknown', 0, 1, 'settle-unknown', 'coordinator', -20, 60), ('to-confirm', 0, 2, 'rebook', 'coordinator', 48, 1000),
    ('for-patient', 0, 2, 'help-with-screening', 'coordinator', 48, 1000), ('under-way', 0, 5, 'look-again', 'coordinator', 200, 1000),
    ('under-way', 1, 5, 'look-again', 'coordinator', 200, 1000), ('under-way', 3, 5, 'rebook', 'coordinator', 48, 1000)
  ) asked (by, place, of, kind, role, begins, lasts) ON by = need AND slot % of = place;
INSERT INTO todos (id, person_id, lead_id, kind, role, urgent, due_at, opened_by, opened_at, done_by, done_at, outcome)
SELECT uuidv7(), person_id, lead_id, CASE WHEN screened AND n = 1 THEN 'review-screening' ELSE 'rebook' END, 'coordinator', false,
    opened_at + life * n / 62, owner, opened_at + life * n / 64, owner, opened_at + life * n / 61, 'done'
  FROM stories, generate_series(1, CASE WHEN is_long THEN 60 ELSE 1 + number % 2 END) n
 WHERE need IS DISTINCT FROM 'to-review' AND steps > 0 ORDER BY opened_at;
"""
# What the trail keeps of a lead beside its mails: how it came, each move, and each look of a colleague at the record.
TRAIL = """
INSERT INTO audit_entries (id, at, actor, action, subject_kind, subject_id, detail)
SELECT uuidv7(), opened_at, 'system', 'lead.opened', 'leads', lead_id, jsonb_build_object('source', source) FROM stories ORDER BY opened_at;
INSERT INTO audit_entries (id, at, actor, action, subject_kind, subject_id, detail)
SELECT uuidv7(), opened_at + life * n / 8, owner, 'lead.moved', 'leads', lead_id, jsonb_build_object('to', n)
  FROM stories, generate_series(1, steps) n ORDER BY opened_at;
INSERT INTO audit_entries (id, at, actor, action, subject_kind, subject_id, detail)
SELECT uuidv7(), opened_at + life * n / (looks + 1), owner, 'person.read', 'people', person_id,
    jsonb_build_object('lead', 'L-' || lpad((number + 1)::text, 6, '0'))
  FROM stories, LATERAL (SELECT CASE WHEN is_long THEN 200 ELSE 1 + number % 4 END AS looks) seen, generate_series(1, looks) n
      ORDER BY opened_at;
INSERT INTO audit_entries (id, at, actor, action, subject_kind, subject_id, detail)
SELECT uuidv7(), opened_at + life * 0.1, owner, 'lead.assigned', 'leads', lead_id, jsonb_build_object('to', substr(owner, 9))
  FROM stories WHERE pg_temp.dice(number, 29) < 300 ORDER BY opened_at;
INSERT INTO audit_entries (id, at, actor, action, subject_kind, subject_id, detail)
SELECT uuidv7(), opened_at + life * 0.02, 'person:' || person_id, 'page.used', 'people', person_id, '{"page": "confirm"}'
  FROM stories WHERE pg_temp.dice(number, 21) < 200 ORDER BY opened_at;
"""
OF_STORIES = (CONSENTS, SILENCED, MOVES, MAILS, NEWS, TODOS, TRAIL)
AT_LAST = (
    "INSERT INTO standings (id, need, call_at, act_at, due_at, held, confirmed, office, stage, source, assigned_to)"
    " SELECT id, need, call_at, act_at, due_at, held, confirmed, office, stage, source, assigned_to FROM standing_of",
    "SELECT setval(pg_get_serial_sequence('leads', 'serial'), max(serial)) FROM leads",
    "VACUUM ANALYZE",
)
