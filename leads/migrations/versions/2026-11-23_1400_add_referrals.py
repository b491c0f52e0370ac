"""add referrals, their history, and recipients of mail who are no patients.

A worker of the commit before never takes up a mail to a referrer for one to a person: it asks for the person and finds none.
"""

import sqlalchemy as sa
from alembic import op

revision = "8e41c7b3d260"
down_revision = "d2a90b7c1215"
branch_labels = None
depends_on = None

CHECKS = {
    "one_recipient": "num_nonnulls(person_id, provider_id, delegate_id, claim_id) = 1",
    "about_another": "about_id IS NULL OR person_id IS NULL",
}


def upgrade() -> None:
    op.create_table('referral_drafts',
    sa.Column('provider_id', sa.Uuid(), nullable=True),
    sa.Column('delegate_id', sa.Uuid(), nullable=True),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['delegate_id'], ['delegates.id'], name=op.f('fk_referral_drafts_delegate_id')),
    sa.ForeignKeyConstraint(['provider_id'], ['providers.id'], name=op.f('fk_referral_drafts_provider_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referral_drafts'))
    )
    op.create_index(op.f('ix_referral_drafts_delegate_id'), 'referral_drafts', ['delegate_id'], unique=False)
    op.create_index(op.f('ix_referral_drafts_provider_id'), 'referral_drafts', ['provider_id'], unique=False)
    op.create_table('referrals',
    sa.Column('serial', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('lead_id', sa.Uuid(), nullable=False),
    sa.Column('person_id', sa.Uuid(), nullable=False),
    sa.Column('claim_id', sa.Uuid(), nullable=False),
    sa.Column('provider_id', sa.Uuid(), nullable=False),
    sa.Column('practice_id', sa.Uuid(), nullable=True),
    sa.Column('delegate_id', sa.Uuid(), nullable=True),
    sa.Column('api_key_id', sa.Uuid(), nullable=True),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('content_hash', sa.LargeBinary(), nullable=False),
    sa.Column('placer_index', sa.LargeBinary(), nullable=True),
    sa.Column('office', sa.String(length=40), nullable=False),
    sa.Column('urgency', sa.String(length=20), nullable=False),
    sa.Column('current_risk', sa.Boolean(), nullable=False),
    sa.Column('part2', sa.Boolean(), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expected_by', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('came_from', sa.String(length=20), nullable=True),
    sa.Column('state_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('their_promise', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.String(length=40), nullable=True),
    sa.Column('appointment_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('first_closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('first_closed_as', sa.String(length=20), nullable=True),
    sa.Column('received', sa.LargeBinary(), nullable=True),
    sa.Column('placer', sa.LargeBinary(), nullable=True),
    sa.Column('words', sa.LargeBinary(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.CheckConstraint("state IN ('received', 'needs_information', 'accepted', 'declined', 'booked', 'missed', 'visit_cancelled', 'attended', 'cancel_requested', 'cancelled', 'closed')", name=op.f('ck_referrals_state')),
    sa.ForeignKeyConstraint(['api_key_id'], ['api_keys.id'], name=op.f('fk_referrals_api_key_id')),
    sa.ForeignKeyConstraint(['claim_id'], ['provider_claims.id'], name=op.f('fk_referrals_claim_id')),
    sa.ForeignKeyConstraint(['delegate_id'], ['delegates.id'], name=op.f('fk_referrals_delegate_id')),
    sa.ForeignKeyConstraint(['lead_id'], ['leads.id'], name=op.f('fk_referrals_lead_id')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_referrals_person_id')),
    sa.ForeignKeyConstraint(['practice_id'], ['practices.id'], name=op.f('fk_referrals_practice_id')),
    sa.ForeignKeyConstraint(['provider_id'], ['providers.id'], name=op.f('fk_referrals_provider_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referrals')),
    sa.UniqueConstraint('serial', name=op.f('uq_referrals_serial'))
    )
    op.create_index(op.f('ix_referrals_claim_id'), 'referrals', ['claim_id'], unique=False)
    op.create_index(op.f('ix_referrals_lead_id'), 'referrals', ['lead_id'], unique=False)
    op.create_index('ix_referrals_of_practice', 'referrals', ['practice_id', 'changed_at', 'id'], unique=False)
    op.create_index('ix_referrals_open', 'referrals', ['state', 'state_at'], unique=False, postgresql_where=sa.text('closed_at IS NULL'))
    op.create_index(op.f('ix_referrals_person_id'), 'referrals', ['person_id'], unique=False)
    op.create_index(op.f('ix_referrals_provider_id'), 'referrals', ['provider_id'], unique=False)
    op.create_index('uq_referrals_placer', 'referrals', ['practice_id', 'placer_index'], unique=True, postgresql_where=sa.text('placer_index IS NOT NULL'))
    op.create_table('referral_amendments',
    sa.Column('referral_id', sa.Uuid(), nullable=False),
    sa.Column('channel', sa.String(length=20), nullable=False),
    sa.Column('content_hash', sa.LargeBinary(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(length=80), nullable=True),
    sa.Column('decision', sa.String(length=20), nullable=True),
    sa.Column('received', sa.LargeBinary(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['referral_id'], ['referrals.id'], name=op.f('fk_referral_amendments_referral_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referral_amendments'))
    )
    op.create_index(op.f('ix_referral_amendments_referral_id'), 'referral_amendments', ['referral_id'], unique=False)
    op.create_index('ix_referral_amendments_waiting', 'referral_amendments', ['at'], unique=False, postgresql_where=sa.text('decided_at IS NULL'))
    op.create_table('referral_attachments',
    sa.Column('referral_id', sa.Uuid(), nullable=False),
    sa.Column('media_type', sa.String(length=40), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('part2', sa.Boolean(), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=True),
    sa.Column('content', sa.LargeBinary(), nullable=True),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['referral_id'], ['referrals.id'], name=op.f('fk_referral_attachments_referral_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referral_attachments'))
    )
    op.create_index(op.f('ix_referral_attachments_referral_id'), 'referral_attachments', ['referral_id'], unique=False)
    op.create_table('referral_events',
    sa.Column('referral_id', sa.Uuid(), nullable=False),
    sa.Column('event', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('actor', sa.String(length=80), nullable=False),
    sa.Column('details', sa.LargeBinary(), nullable=True),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.ForeignKeyConstraint(['referral_id'], ['referrals.id'], name=op.f('fk_referral_events_referral_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_referral_events')),
    sa.UniqueConstraint('referral_id', 'version', name=op.f('uq_referral_events_referral_id_version'))
    )
    op.add_column('consents', sa.Column('referral_id', sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f('fk_consents_referral_id'), 'consents', 'referrals', ['referral_id'], ['id'])
    op.add_column('messages', sa.Column('provider_id', sa.Uuid(), nullable=True))
    op.add_column('messages', sa.Column('delegate_id', sa.Uuid(), nullable=True))
    op.add_column('messages', sa.Column('claim_id', sa.Uuid(), nullable=True))
    op.add_column('messages', sa.Column('about_id', sa.Uuid(), nullable=True))
    op.add_column('messages', sa.Column('referral_id', sa.Uuid(), nullable=True))
    op.alter_column('messages', 'person_id',
               existing_type=sa.UUID(),
               nullable=True)
    op.create_index('ix_messages_digest', 'messages', ['provider_id', 'delegate_id'], unique=False, postgresql_where=sa.text("state = 'planned' AND person_id IS NULL"))
    op.create_index('ix_messages_referral', 'messages', ['referral_id'], unique=False, postgresql_where=sa.text('referral_id IS NOT NULL'))
    op.create_foreign_key(op.f('fk_messages_provider_id'), 'messages', 'providers', ['provider_id'], ['id'])
    op.create_foreign_key(op.f('fk_messages_about_id'), 'messages', 'people', ['about_id'], ['id'])
    op.create_foreign_key(op.f('fk_messages_delegate_id'), 'messages', 'delegates', ['delegate_id'], ['id'])
    op.create_foreign_key(op.f('fk_messages_referral_id'), 'messages', 'referrals', ['referral_id'], ['id'])
    op.create_foreign_key(op.f('fk_messages_claim_id'), 'messages', 'provider_claims', ['claim_id'], ['id'])
    op.add_column('provider_claims', sa.Column('email_index', sa.LargeBinary(), nullable=True))
    op.add_column('provider_claims', sa.Column('email', sa.LargeBinary(), nullable=True))
    # Every row so far has a person and nobody else, so nothing need be looked at again.
    for name, rule in CHECKS.items():
        op.create_check_constraint(op.f(f"ck_messages_{name}"), "messages", rule, postgresql_not_valid=True)


def downgrade() -> None:
    # What went to referrers has no place in the schema before.
    op.execute("DELETE FROM delivery_attempts WHERE message_id IN (SELECT id FROM messages WHERE person_id IS NULL)")
    op.execute("DELETE FROM tokens WHERE message_id IN (SELECT id FROM messages WHERE person_id IS NULL)")
    op.execute("DELETE FROM messages WHERE person_id IS NULL")
    for name in CHECKS:
        op.drop_constraint(op.f(f"ck_messages_{name}"), "messages", type_="check")
    op.drop_column('provider_claims', 'email')
    op.drop_column('provider_claims', 'email_index')
    op.drop_constraint(op.f('fk_messages_claim_id'), 'messages', type_='foreignkey')
    op.drop_constraint(op.f('fk_messages_referral_id'), 'messages', type_='foreignkey')
    op.drop_constraint(op.f('fk_messages_delegate_id'), 'messages', type_='foreignkey')
    op.drop_constraint(op.f('fk_messages_about_id'), 'messages', type_='foreignkey')
    op.drop_constraint(op.f('fk_messages_provider_id'), 'messages', type_='foreignkey')
    op.drop_index('ix_messages_referral', table_name='messages', postgresql_where=sa.text('referral_id IS NOT NULL'))
    op.drop_index('ix_messages_digest', table_name='messages', postgresql_where=sa.text("state = 'planned' AND person_id IS NULL"))
    op.alter_column('messages', 'person_id',
               existing_type=sa.UUID(),
               nullable=False)
    op.drop_column('messages', 'referral_id')
    op.drop_column('messages', 'about_id')
    op.drop_column('messages', 'claim_id')
    op.drop_column('messages', 'delegate_id')
    op.drop_column('messages', 'provider_id')
    op.drop_constraint(op.f('fk_consents_referral_id'), 'consents', type_='foreignkey')
    op.drop_column('consents', 'referral_id')
    op.drop_table('referral_events')
    op.drop_index(op.f('ix_referral_attachments_referral_id'), table_name='referral_attachments')
    op.drop_table('referral_attachments')
    op.drop_index('ix_referral_amendments_waiting', table_name='referral_amendments', postgresql_where=sa.text('decided_at IS NULL'))
    op.drop_index(op.f('ix_referral_amendments_referral_id'), table_name='referral_amendments')
    op.drop_table('referral_amendments')
    op.drop_index('uq_referrals_placer', table_name='referrals', postgresql_where=sa.text('placer_index IS NOT NULL'))
    op.drop_index(op.f('ix_referrals_provider_id'), table_name='referrals')
    op.drop_index(op.f('ix_referrals_person_id'), table_name='referrals')
    op.drop_index('ix_referrals_open', table_name='referrals', postgresql_where=sa.text('closed_at IS NULL'))
    op.drop_index('ix_referrals_of_practice', table_name='referrals')
    op.drop_index(op.f('ix_referrals_lead_id'), table_name='referrals')
    op.drop_index(op.f('ix_referrals_claim_id'), table_name='referrals')
    op.drop_table('referrals')
    op.drop_index(op.f('ix_referral_drafts_provider_id'), table_name='referral_drafts')
    op.drop_index(op.f('ix_referral_drafts_delegate_id'), table_name='referral_drafts')
    op.drop_table('referral_drafts')
