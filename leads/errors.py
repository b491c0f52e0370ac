"""The few errors the domain raises; each knows the HTTP status and the code it becomes."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One field that cannot be accepted: its dotted name, a code for machines and words for people."""

    field: str
    code: str
    message: str


class LeadsError(Exception):
    """Something was refused; `message` says what and the way out."""

    status = 400
    code = "malformed"

    def __init__(self, message: str, *, code: str | None = None, errors: tuple[FieldError, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.errors = errors


class Unauthenticated(LeadsError):
    """Nobody is signed in, or the key is unknown."""

    status = 401
    code = "unauthenticated"


class Forbidden(LeadsError):
    """Signed in, but not allowed to."""

    status = 403
    code = "forbidden"


class NotFound(LeadsError):
    """No such thing, or none that this caller may see."""

    status = 404
    code = "not_found"


class Conflict(LeadsError):
    """Somebody was faster, or the same key came with another body."""

    status = 409
    code = "conflict"


class StaleVersion(LeadsError):
    """The write carried a version that is no longer the newest."""

    status = 409
    code = "stale_version"


class PreconditionFailed(LeadsError):
    """An `If-Match` is missing or does not match."""

    status = 412
    code = "precondition_failed"


class TooLarge(LeadsError):
    """More was sent than is read."""

    status = 413
    code = "too_large"


class Invalid(LeadsError):
    """Fields were understood and cannot be accepted."""

    status = 422
    code = "invalid"


class TooMany(LeadsError):
    """Too often; `retry_after` is in seconds."""

    status = 429
    code = "too_many"

    def __init__(self, message: str, *, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class ConfigError(LeadsError):
    """A configuration file cannot be used; the message names file, line and what was expected."""

    status = 500
    code = "configuration"
