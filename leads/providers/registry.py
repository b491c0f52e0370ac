"""The public registry of providers (NPPES) as we keep it: plain, since anyone may download it, and made to be searched."""

from datetime import date

from sqlalchemy import Index, String, Text, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from leads import db
from leads.providers.names import in_words

ACTIVE = text("deactivated_on IS NULL")
# In byte order a prefix is one range of the index, already sorted, whatever the database's own collation.
KEY = Text(collation="C")


class Base(DeclarativeBase):
    """Beside the usual base: eight million rows that have a number need no id of ours."""

    metadata = db.Base.metadata


class RegistryEntry(Base):
    """One NPI: a person (entity type 1) or an organisation (2), as published."""

    __tablename__ = "npi_registry"
    __table_args__ = (
        Index("ix_npi_registry_family", "family_first", postgresql_where=ACTIVE),
        Index("ix_npi_registry_given", "given_first", postgresql_where=ACTIVE),
        Index("ix_npi_registry_state_family", "state", "family_first", postgresql_where=ACTIVE),
        Index("ix_npi_registry_state_given", "state", "given_first", postgresql_where=ACTIVE),
    )

    npi: Mapped[str] = mapped_column(String(10), primary_key=True)
    organization: Mapped[str | None] = mapped_column(Text)
    family_name: Mapped[str | None] = mapped_column(Text)
    given_name: Mapped[str | None] = mapped_column(Text)
    credential: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    city: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str | None] = mapped_column(Text)
    zip: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    fax: Mapped[str | None] = mapped_column(Text)
    taxonomy: Mapped[str | None] = mapped_column(Text)
    deactivated_on: Mapped[date | None]
    changed_on: Mapped[date | None]
    family_first: Mapped[str] = mapped_column(KEY)
    given_first: Mapped[str | None] = mapped_column(KEY)

    @property
    def full_name(self) -> str:
        """The name in reading order, as people write it; the registry has capitals only."""
        if self.organization:
            return in_words(self.organization)
        return " ".join(in_words(part) for part in (self.given_name, self.family_name) if part)
