"""add providers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "5c1f7d20b9e4"
down_revision = "c41f7d0a9e52"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "npi_registry",
        sa.Column("npi", sa.String(length=10), nullable=False),
        sa.Column("organization", sa.Text(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=True),
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("credential", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("city", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("zip", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("fax", sa.Text(), nullable=True),
        sa.Column("taxonomy", sa.Text(), nullable=True),
        sa.Column("deactivated_on", sa.Date(), nullable=True),
        sa.Column("changed_on", sa.Date(), nullable=True),
        sa.Column("family_first", sa.Text(collation="C"), nullable=False),
        sa.Column("given_first", sa.Text(collation="C"), nullable=True),
        sa.PrimaryKeyConstraint("npi", name=op.f("pk_npi_registry")),
    )
    op.create_index(
        "ix_npi_registry_family", "npi_registry", ["family_first"], unique=False, postgresql_where=sa.text("deactivated_on IS NULL")
    )
    op.create_index(
        "ix_npi_registry_given", "npi_registry", ["given_first"], unique=False, postgresql_where=sa.text("deactivated_on IS NULL")
    )
    op.create_index(
        "ix_npi_registry_state_family",
        "npi_registry",
        ["state", "family_first"],
        unique=False,
        postgresql_where=sa.text("deactivated_on IS NULL"),
    )
    op.create_index(
        "ix_npi_registry_state_given",
        "npi_registry",
        ["state", "given_first"],
        unique=False,
        postgresql_where=sa.text("deactivated_on IS NULL"),
    )
    op.create_table(
        "practices",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("disclosure", sa.String(length=20), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("fax", sa.LargeBinary(), nullable=True),
        sa.Column("address", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_practices")),
    )
    op.create_index(op.f("ix_practices_name_key"), "practices", ["name_key"], unique=False)
    op.create_table(
        "providers",
        sa.Column("npi", sa.String(length=10), nullable=True),
        sa.Column("given_name", sa.Text(), nullable=True),
        sa.Column("family_name", sa.Text(), nullable=True),
        sa.Column("credential", sa.Text(), nullable=True),
        sa.Column("taxonomy", sa.String(length=10), nullable=True),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("email_index", sa.LargeBinary(), nullable=True),
        sa.Column("sources", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("notify", sa.String(length=10), nullable=False),
        sa.Column("phone", sa.LargeBinary(), nullable=True),
        sa.Column("fax", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("typed_email", sa.LargeBinary(), nullable=True),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "practice_id IS NOT NULL OR (email IS NULL AND verified_at IS NULL)", name=op.f("ck_providers_no_contact_of_strangers")
        ),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"], name=op.f("fk_providers_practice_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_providers")),
    )
    op.create_index(op.f("ix_providers_email_index"), "providers", ["email_index"], unique=False)
    op.create_index(op.f("ix_providers_practice_id"), "providers", ["practice_id"], unique=False)
    op.create_index(
        "uq_providers_npi",
        "providers",
        ["npi", "practice_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("npi IS NOT NULL"),
    )
    op.create_table(
        "delegates",
        sa.Column("practice_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=True),
        sa.Column("email_index", sa.LargeBinary(), nullable=True),
        sa.Column("notify", sa.String(length=10), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added_by", sa.String(length=80), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("typed_email", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"], name=op.f("fk_delegates_practice_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["providers.id"], name=op.f("fk_delegates_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegates")),
    )
    op.create_index(op.f("ix_delegates_email_index"), "delegates", ["email_index"], unique=False)
    op.create_index(op.f("ix_delegates_practice_id"), "delegates", ["practice_id"], unique=False)
    op.create_table(
        "verifications",
        sa.Column("subject_kind", sa.String(length=20), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(length=10), nullable=False),
        sa.Column("method", sa.String(length=10), nullable=False),
        sa.Column("listed_in", sa.String(length=160), nullable=True),
        sa.Column("why", sa.String(length=400), nullable=True),
        sa.Column("key_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("called", sa.LargeBinary(), nullable=True),
        sa.Column("answered_by", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("act IN ('verify', 'withdraw')", name=op.f("ck_verifications_act")),
        sa.CheckConstraint("method IN ('call', 'key', 'staff')", name=op.f("ck_verifications_method")),
        sa.ForeignKeyConstraint(["key_id"], ["api_keys.id"], name=op.f("fk_verifications_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verifications")),
    )
    op.create_index(op.f("ix_verifications_subject_id_verifications_at"), "verifications", ["subject_id", "at"], unique=False)
    op.create_table(
        "provider_claims",
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("practice_id", sa.Uuid(), nullable=True),
        sa.Column("delegate_id", sa.Uuid(), nullable=True),
        sa.Column("channel", sa.String(length=20), nullable=False),
        sa.Column("said", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["delegate_id"], ["delegates.id"], name=op.f("fk_provider_claims_delegate_id")),
        sa.ForeignKeyConstraint(["practice_id"], ["practices.id"], name=op.f("fk_provider_claims_practice_id")),
        sa.ForeignKeyConstraint(["provider_id"], ["providers.id"], name=op.f("fk_provider_claims_provider_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_provider_claims")),
    )
    op.create_index(op.f("ix_provider_claims_practice_id"), "provider_claims", ["practice_id"], unique=False)
    op.create_index(op.f("ix_provider_claims_provider_id"), "provider_claims", ["provider_id"], unique=False)
    op.create_index(
        "ix_provider_claims_waiting",
        "provider_claims",
        ["at"],
        unique=False,
        postgresql_where=sa.text("verified_at IS NULL AND refused_at IS NULL"),
    )
    op.add_column("api_keys", sa.Column("practice_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(op.f("fk_api_keys_practice_id"), "api_keys", "practices", ["practice_id"], ["id"])
    op.execute("CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON verifications FOR EACH ROW EXECUTE FUNCTION refuse_change()")


def downgrade() -> None:
    raise NotImplementedError("Restore a backup instead: going back would lose what has arrived since.")
