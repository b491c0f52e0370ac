"""Structured logs from which nothing a patient wrote can be read: only listed keys leave, and exceptions without their message."""

import logging
import logging.config
import re
import sys
import traceback
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from config.settings import settings

# What may stand in a log line: codes, ids, counts and durations. Anything else is dropped, however well it was meant.
ALLOWED = frozenset(
    {"event", "level", "logger", "timestamp", "process", "pid", "error", "exception", "frames", "cause", "code", "reason", "state"}
    | {"request_id", "method", "route", "path_template", "status", "seconds", "duration", "duration_ms", "port", "speed", "version"}
    | {"task", "task_id", "queue", "worker", "lane", "lanes", "count", "found", "sent", "sealed", "removed", "limit", "attempt", "attempts"}
    | {"message_id", "person_id", "lead_id", "inquiry_id", "account_id", "key_id", "enrolment_id", "actor", "action", "channel", "carrier"}
    | {"template", "template_version", "sequence", "step", "office", "reply_code", "reply_status"}
)
# Libraries whose sentences are known to hold no content; of all others only the place is logged.
KNOWN = ("uvicorn", "celery", "kombu", "alembic", "leads", "config", "tasks")
# Of these what they say of their own start and end, values and all.
TRUSTED = ("uvicorn.error", "celery.beat", "celery.apps.worker", "alembic")
SAFE_VALUE = re.compile(r"[\w.:+/@ \-]{0,120}")
OURS = frozenset({"name", "id", "runtime"})


def configure(process: str, *, for_command: bool = False) -> None:
    """Send the logs of our code and of all libraries to standard output, one line each; a command's warnings go to standard error."""
    level = "WARNING" if for_command else settings().handoff_log_level.upper()
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _named(process),
        _without_words,
        _only_allowed,
    ]
    as_text = (
        structlog.processors.JSONRenderer() if settings().handoff_log_format == "json" else structlog.dev.ConsoleRenderer(colors=False)
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[_foreign_words, *shared],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, as_text],
    )
    formatter.keep_exc_info = formatter.keep_stack_info = False
    handler = logging.StreamHandler(sys.stderr if for_command else sys.stdout)
    handler.setFormatter(formatter)
    handler.addFilter(_keep_safe_words)
    # A line that cannot be written would otherwise be printed to standard error, values and all.
    logging.raiseExceptions = False
    _install(handler, level)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _install(handler: logging.Handler, level: str) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel("WARNING")
    for name in KNOWN:
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
        logging.getLogger(name).setLevel(level)
    for name in ("uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
    # A path may carry a token, and a statement's parameters a name: neither is ever logged, at any level.
    logging.getLogger("uvicorn.access").disabled = True
    for name in ("sqlalchemy.engine", "celery.worker.strategy", "celery.app.trace", "celery.beat"):
        logging.getLogger(name).setLevel("WARNING")


def _named(process: str) -> Processor:
    def name(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return name


def _keep_safe_words(record: logging.LogRecord) -> bool:
    # Here, since structlog's formatter has already put the values into the sentence when its processors run.
    if not record.name.startswith(KNOWN):
        record.safe_words = f"{record.module}.{record.funcName}:{record.lineno}"
    elif not record.name.startswith(TRUSTED) or record.levelno >= logging.WARNING:
        record.safe_words = _filled(str(record.msg), record.args)
    record.safe_error = record.exc_info
    return True


def _foreign_words(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record = event["_record"]
    event["event"] = getattr(record, "safe_words", event["event"])
    if record.safe_error:
        event["exc_info"] = record.safe_error
    return event


def _filled(words: str, values: Any) -> str:
    # The sentence is the library's; what it puts in may be anybody's, so only numbers and task names go in.
    try:
        if isinstance(values, dict):
            return words % {key: value if key in OURS else "…" for key, value in values.items()}
        return words % tuple(value if isinstance(value, (int, float)) else "…" for value in values) if values else words
    except (TypeError, ValueError, KeyError):
        return words


def _without_words(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    raised = event.pop("exc_info", None)
    if raised is True:
        raised = sys.exc_info()
    error = raised[1] if isinstance(raised, tuple) else raised
    if isinstance(error, BaseException):
        event.update(describe(error))
    return event


def describe(error: BaseException) -> dict[str, Any]:
    """Return an exception as type and places: its message and its variables may hold what somebody wrote."""
    before = error.__cause__ or error.__context__
    said = {"exception": _type(error), "frames": _frames(error.__traceback__)}
    return said | ({"cause": _type(before)} if before else {})


def _type(error: BaseException) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}"


def _frames(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)][-12:]


def _only_allowed(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    hidden = {"_record", "_from_structlog"}
    return {key: value for key, value in event.items() if key in hidden or (key in ALLOWED and _is_harmless(key, value))}


def _is_harmless(key: str, value: Any) -> bool:
    if key in ("event", "frames") or value is None or isinstance(value, (int, float)):
        return True
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(_is_harmless("", each) for each in value)
    return SAFE_VALUE.fullmatch(str(value)) is not None
