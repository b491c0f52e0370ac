"""One machine, nothing installed: embedded PostgreSQL, Redis and mailbox, and the processes around them."""

from leads.local.place import Place, Refused, attach

__all__ = ["Place", "Refused", "attach"]
