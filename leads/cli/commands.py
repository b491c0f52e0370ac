"""What help says of each command, and which file of this folder holds it: help need not import what sends mail."""

from typing import NamedTuple


class Known(NamedTuple):
    """A command that is not imported yet."""

    file: str
    help: str


# In the order in which somebody meets them. A test holds these words against what each command says of itself.
COMMANDS = {
    "up": Known("up", "Run the whole system here: database, Redis, mailbox, web, workers and beat, until Ctrl-C."),
    "demo": Known(
        "demo", "Fill a running local system with synthetic people over the past 90 days, and with referrals from a dozen practices."
    ),
    "simulate": Known(
        "simulate",
        "Print what a sequence would send, and when, to somebody who starts on a day, or to a lead; without --lead it needs no database.",
    ),
    "explain": Known("explain", "Say what a lead will be sent next and why, or why nothing."),
    "check": Known(
        "check", "Check settings, clinic, sequences and templates; needs no database. Exit 1 names every fault, with file and line."
    ),
    "env": Known("check", "Print every setting with what it is for: the text of .env.example."),
    "audit": Known("audit", "The audit trail."),
    "backup": Known(
        "backup", "Write the database to an encrypted file while everything goes on. The key ring is not in it: `handoff keyring export`."
    ),
    "restore": Known(
        "backup",
        "Bring a backup back, whole or not at all; nothing goes out before a person has looked and said so. Stop the system first.",
    ),
    "keyring": Known("keyring", "The key ring: without it nothing in the database, or in a backup, can be read."),
    "keys": Known("keys", "API keys: who may write to us and read from us by machine."),
    "mail-keys": Known("mail_keys", "The keys that sign our mail (DKIM), where no relay does."),
    "doctor": Known("doctor", "Look at what others see of this clinic, and say what to mend."),
    "users": Known("users", "Staff accounts: who may sign in to the console."),
    "oncall": Known("oncall", "Who is paged when somebody may be in danger, and whether a page reaches them."),
    "providers": Known("import_providers", "Referring clinicians: the public registry, and who is believed."),
    "sequences": Known("sequences", "Sequences: their versions, who runs in them, and what came of each step."),
    "consents": Known("consents", "Consents: what somebody agreed to and chose, with its proof."),
    "wording": Known("wording", "What our e-mails say: which versions are approved, until when, and how a sent one read."),
    "questionnaires": Known("questionnaires", "Questionnaires: what patients are asked before a first visit."),
    "carriers": Known(
        "carriers",
        "Show which carrier takes each lane's mail, what is missing, when each was last heard, and what only a person can confirm.",
    ),
    "pause-sending": Known(
        "sending", "Stop all mail at once; what a carrier is just taking finishes. Everything else waits until `resume-sending`."
    ),
    "resume-sending": Known("sending", "Let mail go again, and close breakers that rest a lane."),
    "inbound": Known("inbound", "Mail that comes in: a listener for mail servers, or a command they pipe each mail into."),
    "web": Known("serve", "Serve the pages and the API."),
    "worker": Known("serve", "Send mail and keep house."),
    "beat": Known("serve", "Give the workers their hints."),
    "mailbox": Known("serve", "Keep every mail in a Maildir instead of sending it: for trying only."),
    "migrate": Known("migrate", "Bring the database up to date, fit its key ring and publish the sequences."),
    "alive": Known("serve", "Exit with 0 when these do their work: pages answer, and a queue's heartbeat is younger than 30 seconds."),
}
