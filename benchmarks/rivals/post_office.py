"""django-post_office in its default settings on PostgreSQL: queue the mails, then send them with its own command.

Run as a program of its own: DATABASE_URL, SMTP port and a pickled list of mails come as arguments; prints the seconds it took.
"""

import pickle
import sys
import time
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from psycopg.conninfo import conninfo_to_dict


def main(database_url: str, smtp_port: str, mails: str) -> None:
    """Queue and send once, and print how long that took."""
    configure(database_url, int(smtp_port))
    call_command("migrate", verbosity=0)
    letters: list[dict[str, Any]] = pickle.loads(Path(mails).read_bytes())
    # A few first, for what is loaded and connected once is not to count.
    queue_and_send(letters[:20])
    count_sent()
    since = time.perf_counter()
    queue_and_send(letters)
    elapsed = time.perf_counter() - since
    print(elapsed, count_sent())


def queue_and_send(letters: list[dict[str, Any]]) -> None:
    """Queue these mails, and send all that are queued."""
    from post_office import mail

    for letter in letters:
        mail.send(letter["to"], "care@example.com", subject=letter["subject"], message=letter["text"], html_message=letter["html"])
    call_command("send_queued_mail", verbosity=0, processes=2)


def count_sent() -> int:
    """Return how many are sent, and forget them."""
    from post_office.models import STATUS, Email

    sent = int(Email.objects.filter(status=STATUS.sent).count())
    Email.objects.all().delete()
    return sent


def configure(database_url: str, smtp_port: int) -> None:
    """Give Django a database and a mail server, and leave everything else as it comes."""
    parts = conninfo_to_dict(database_url)
    database = {"ENGINE": "django.db.backends.postgresql", "NAME": parts["dbname"]}
    database |= {name.upper(): parts.get(name, "") for name in ("user", "password", "host", "port")}
    settings.configure(
        DATABASES={"default": database},
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        INSTALLED_APPS=["django.contrib.contenttypes", "post_office"],
        EMAIL_BACKEND="post_office.EmailBackend",
        EMAIL_HOST="127.0.0.1",
        EMAIL_PORT=smtp_port,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        USE_TZ=True,
        SECRET_KEY="only for measuring",
    )
    django.setup()


if __name__ == "__main__":
    main(*sys.argv[1:])
