"""Every setting the system has, typed, once."""

import base64
import os
from collections.abc import Callable, Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
SECRETS_DIR = Path(os.environ.get("HANDOFF_SECRETS_DIR", "/run/secrets"))


def _url(*schemes: str) -> Callable[[SecretStr], SecretStr]:
    def check(url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value().strip())
            fits = parts.scheme.partition("+")[0] in schemes and parts.port != 0
        except ValueError:
            fits = False
        if not fits:
            # What was written is not repeated: it may hold a password.
            raise ValueError(f"this is no URL that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return url

    return check


def _signing_secret(secret: SecretStr) -> SecretStr:
    words = secret.get_secret_value().strip()
    try:
        key = base64.b64decode(words.removeprefix("whsec_"), validate=True)
    except ValueError:
        key = b""
    # Standard Webhooks, "Signature scheme": 24 to 64 random bytes.
    if not words.startswith("whsec_") or not 24 <= len(key) <= 64:
        raise ValueError("this is not whsec_ with 24 to 64 bytes in base64 behind it")
    return secret


DatabaseUrl = Annotated[SecretStr, AfterValidator(_url("postgresql", "postgres"))]
RedisUrl = Annotated[SecretStr, AfterValidator(_url("redis", "rediss"))]
SmtpUrl = Annotated[SecretStr, AfterValidator(_url("smtp", "smtps"))]


PagerUrl = Annotated[SecretStr, AfterValidator(_url("https"))]
PagerSecret = Annotated[SecretStr, AfterValidator(_signing_secret)]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query:
        raise ValueError("this is no URL that begins with https://")
    return url.rstrip("/")


def _place(words: str) -> str:
    if words:
        parts = urlsplit(f"//{words}")
        try:
            fits = bool(parts.hostname and parts.port) and parts.netloc == words and "@" not in words
        except ValueError:
            fits = False
        if not fits:
            raise ValueError("this is no address and port like 127.0.0.1:8024")
    return words


HttpsUrl = Annotated[str, AfterValidator(_origin)]
HostAndPort = Annotated[str, AfterValidator(_place)]


class Settings(BaseSettings):
    """What the environment, `.env` or a file in `HANDOFF_SECRETS_DIR` says, checked at start."""

    model_config = SettingsConfigDict(
        env_file=".env",
        # Compose writes an unset variable as an empty one.
        env_ignore_empty=True,
        extra="ignore",
        secrets_dir=SECRETS_DIR if SECRETS_DIR.is_dir() else None,
        case_sensitive=False,
    )

    handoff_mode: Literal["local", "production"] = Field("local", description="local trial on one machine, or production")
    handoff_data_dir: Path = Field(Path("var"), description="keys, journal, embedded services and logs live here")
    handoff_public_url: str = Field("http://127.0.0.1:8000", description="the origin people see; every link in a mail starts with it")
    database_url: DatabaseUrl | None = Field(None, description="postgresql://user:password@host/name; embedded PostgreSQL when empty")
    redis_url: RedisUrl | None = Field(None, description="redis://host:6379/0; embedded Redis when empty")
    smtp_url: SmtpUrl | None = Field(None, description="smtp://user:password@host:587?starttls=1; the local mailbox when empty")
    ses_region: str = Field("us-east-1", pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="Amazon SES: the region it sends from")
    ses_access_key_id: SecretStr | None = Field(
        None, description="Amazon SES: an access key that may send (ses:SendEmail, ses:SendRawEmail), and nothing else"
    )
    ses_secret_access_key: SecretStr | None = Field(None, description="Amazon SES: the secret of that key")
    ses_configuration_set: str = Field("", description="Amazon SES: the configuration set whose events go to the SNS topic")
    ses_topics: str = Field("", description="Amazon SES: ARNs, comma-separated, of the SNS topics whose notifications are believed")
    ses_certificate_file: Path | None = Field(None, description="Amazon SES: SNS's signing certificates, PEM; fetched from SNS when empty")
    ses_url: HttpsUrl | None = Field(None, description="Amazon SES: its endpoint; https://email.REGION.amazonaws.com when empty")
    postmark_token: SecretStr | None = Field(None, description="Postmark: the server API token")
    postmark_stream: str = Field("outbound", description="Postmark: the message stream")
    postmark_webhook_auth: SecretStr | None = Field(None, description="Postmark: user:password in the address of its webhooks")
    postmark_url: HttpsUrl = Field("https://api.postmarkapp.com", description="Postmark: its endpoint")
    sendgrid_api_key: SecretStr | None = Field(None, description="SendGrid: an API key that may send mail, and nothing else")
    sendgrid_webhook_public_key: str | None = Field(None, description="SendGrid: the verification key of the signed event webhook")
    sendgrid_url: HttpsUrl = Field("https://api.sendgrid.com", description="SendGrid: its endpoint; https://api.eu.sendgrid.com in Europe")
    mailgun_api_key: SecretStr | None = Field(None, description="Mailgun: a sending key of the domain")
    mailgun_domain: str = Field("", description="Mailgun: the sending domain")
    mailgun_webhook_key: SecretStr | None = Field(None, description="Mailgun: the HTTP webhook signing key")
    mailgun_url: HttpsUrl = Field("https://api.mailgun.net", description="Mailgun: its endpoint; https://api.eu.mailgun.net in Europe")
    handoff_inbound_secret: SecretStr | None = Field(
        None, min_length=20, description="what a provider must know to bring us mail at /webhooks/mail/inbound; switched off when empty"
    )
    handoff_inbound_listen: HostAndPort = Field(
        "", description="address:port at which `handoff up` listens for mail servers that bring us mail; nobody listens when empty"
    )
    handoff_keyring_file: Path | None = Field(None, description="the key ring; DATA_DIR/keys.json when empty; never inside a backup")
    handoff_mail_keys_dir: Path | None = Field(
        None, description="private keys that sign our mail (DKIM), a file SELECTOR.pem each; DATA_DIR/mail-keys when empty"
    )
    handoff_backup_to: str = Field(
        "", description="age recipients (age1…), comma-separated, that backups and exported key rings are encrypted to"
    )
    handoff_clinic_file: Path = Field(ROOT / "config" / "clinic.yml", description="practice, offices, hours, closures, wordings")
    handoff_questionnaires_dir: Path = Field(ROOT / "config" / "questionnaires", description="one YAML file a questionnaire or instrument")
    handoff_sequences_dir: Path = Field(ROOT / "config" / "sequences", description="one YAML file a sequence")
    handoff_templates_dir: Path = Field(ROOT / "templates", description="e-mails and pages")
    handoff_trusted_proxies: str = Field("", description="addresses, comma-separated, whose X-Forwarded-For is believed")
    handoff_log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least severe line that is logged")
    handoff_log_format: Literal["json", "console"] = Field("json", description="json for machines, console for people")
    handoff_sweep_seconds: float = Field(
        1.0, gt=0, le=60, description="how often a worker looks for due messages by itself, in real seconds"
    )
    handoff_lease_seconds: int = Field(
        120,
        ge=10,
        le=3600,
        description="real seconds that a worker may hold a claimed message; a third of it for the mail server, up to the dot",
    )
    handoff_api_rate: int = Field(
        100, ge=1, description="requests a second one API key may make to one web process; ten seconds' worth at once"
    )
    handoff_subscription_hosts: str = Field(
        "", description="hosts, comma-separated, that referrers may have news sent to; with a port where it is not 443"
    )
    handoff_oidc_issuer: str = Field(
        "",
        description="the clinic's OpenID Connect provider, by its issuer, such as https://login.example.com; none when empty",
    )
    handoff_oidc_client_id: str = Field("", description="who we are to that provider")
    handoff_oidc_client_secret: SecretStr | None = Field(None, description="the secret we show it; better a file in HANDOFF_SECRETS_DIR")
    handoff_oidc_name: str = Field("your clinic's account", description="what the button says after: Sign in with")
    handoff_pager_url: PagerUrl | None = Field(
        None, description="https://… of a pager service that hears of each safety page too; none when empty"
    )
    handoff_pager_secret: PagerSecret | None = Field(
        None, description="whsec_… with which calls to it are signed (Standard Webhooks); needed with HANDOFF_PAGER_URL"
    )
    handoff_lines: int = Field(10, ge=1, le=100, description="connections to the mail server that one worker process keeps going at once")
    handoff_db_pool: int = Field(10, ge=1, le=100, description="database connections a process keeps")

    @property
    def keyring_file(self) -> Path:
        """Where the key ring lies."""
        return self.handoff_keyring_file or self.handoff_data_dir / "keys.json"

    @property
    def inbound_listen(self) -> tuple[str, int] | None:
        """Where mail servers bring us mail, if anywhere."""
        parts = urlsplit(f"//{self.handoff_inbound_listen}")
        return (parts.hostname, parts.port) if parts.hostname and parts.port else None

    @property
    def mail_keys_dir(self) -> Path:
        """Where the keys that sign our mail lie."""
        return self.handoff_mail_keys_dir or self.handoff_data_dir / "mail-keys"

    @property
    def is_local(self) -> bool:
        """True on one machine for trying; production refuses placeholders and shipped approvals."""
        return self.handoff_mode == "local"

    @property
    def has_oidc(self) -> bool:
        """True where colleagues may sign in with the clinic's own provider."""
        return bool(self.handoff_oidc_issuer and self.handoff_oidc_client_id and self.handoff_oidc_client_secret)

    @property
    def public_url(self) -> str:
        """The origin people see, without a closing slash."""
        return self.handoff_public_url.rstrip("/")


class SettingsError(Exception):
    """The settings cannot be used; the message names each variable and the way out."""


def load(**overrides: Any) -> Settings:
    """Return the settings; raises SettingsError with one line per wrong variable."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError("\n".join(_in_words(error.errors()))) from None


def _in_words(errors: Iterable[Any]) -> Iterable[str]:
    for error in errors:
        name = str(error["loc"][0]).upper()
        field = Settings.model_fields.get(name.lower())
        said, means = error["msg"].removeprefix("Value error, "), field.description if field else "unknown"
        yield f"{name}: {said}. It is: {means}. Set it in the environment or in .env."


@lru_cache
def settings() -> Settings:
    """Return the settings of this process, read once."""
    return load()
