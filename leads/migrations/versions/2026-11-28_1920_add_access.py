"""add second factors, passkeys, locks, restricted records. A worker of the commit before reads none of them; its sessions stay as they are."""

import sqlalchemy as sa
from alembic import op

revision = "a3f1c8d05e77"
down_revision = "b71c5e0d1930"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.alter_column("accounts", "password_hash", existing_type=sa.String(length=200), nullable=True)
    op.add_column("accounts", sa.Column("totp_secret", sa.LargeBinary(), nullable=True))
    op.add_column("accounts", sa.Column("totp_confirmed_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("accounts", sa.Column("totp_step", sa.BigInteger(), nullable=True))
    op.add_column("accounts", sa.Column("oidc_subject", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint(op.f("uq_accounts_oidc_subject"), "accounts", ["oidc_subject"])
    op.add_column("staff_sessions", sa.Column("locked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_sessions", sa.Column("method", sa.String(length=20), server_default="password", nullable=False))
    op.add_column("staff_sessions", sa.Column("second_factor_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("staff_sessions", sa.Column("browser", sa.String(length=60), nullable=True))
    op.add_column("staff_sessions", sa.Column("place", sa.LargeBinary(), nullable=True))
    op.add_column("people", sa.Column("restricted_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(op.f("ix_audit_entries_actor_audit_entries_id"), "audit_entries", ["actor", "id"])
    _create_factors()
    _create_restrictions()


def downgrade() -> None:
    for table in ("openings", "restrictions", "ceremonies", "passkeys", "recovery_codes"):
        op.drop_table(table)
    op.drop_index(op.f("ix_audit_entries_actor_audit_entries_id"), table_name="audit_entries")
    op.drop_column("people", "restricted_at")
    for column in ("place", "browser", "second_factor_at", "method", "locked_at"):
        op.drop_column("staff_sessions", column)
    op.drop_constraint(op.f("uq_accounts_oidc_subject"), "accounts")
    for column in ("oidc_subject", "totp_step", "totp_confirmed_at", "totp_secret"):
        op.drop_column("accounts", column)
    # Whoever was invited and has no password yet is let in by nobody: a hash that no password fits.
    op.execute("UPDATE accounts SET password_hash = '!' WHERE password_hash IS NULL")
    op.alter_column("accounts", "password_hash", existing_type=sa.String(length=200), nullable=False)


def _create_factors() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_recovery_codes_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("hash", name=op.f("uq_recovery_codes_hash")),
    )
    op.create_index(op.f("ix_recovery_codes_account_id"), "recovery_codes", ["account_id"])
    op.create_table(
        "passkeys",
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_passkeys_account_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_account_id"), "passkeys", ["account_id"])
    op.create_table(
        "ceremonies",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.Column("kept", sa.LargeBinary(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ceremonies")),
        sa.UniqueConstraint("hash", name=op.f("uq_ceremonies_hash")),
    )


def _create_restrictions() -> None:
    op.create_table(
        "restrictions",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("set_by", sa.String(length=80), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("lifted_by", sa.String(length=80), nullable=True),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_restrictions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restrictions")),
    )
    op.create_index(
        "uq_restrictions_standing", "restrictions", ["person_id"], unique=True, postgresql_where=sa.text("lifted_at IS NULL")
    )
    op.create_table(
        "openings",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_by", sa.String(length=80), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_openings_account_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_openings_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_openings")),
    )
    op.create_index(op.f("ix_openings_person_id_openings_account_id_openings_until"), "openings", ["person_id", "account_id", "until"])
