"""Imports every slice's tables, so that any process can resolve a foreign key."""

import leads.access.models
import leads.accounts.factor_models
import leads.accounts.models
import leads.appointments.feed_models
import leads.appointments.models
import leads.audit.models
import leads.consent.models
import leads.imports.models
import leads.inbound.mail_models
import leads.inbound.models
import leads.inquiries.models
import leads.loop.models
import leads.messages.carriers.trust
import leads.messages.models
import leads.messages.notices
import leads.messages.version_models
import leads.people.models
import leads.pipeline.models
import leads.providers.models
import leads.providers.registry
import leads.safety.models
import leads.scans.models
import leads.screening.models
import leads.security.canary
import leads.security.tokens
import leads.sequences.models
import leads.todos.models  # noqa: F401
from leads.db import Base

metadata = Base.metadata
