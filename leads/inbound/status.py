"""The enhanced status (RFC 3463) of a refusal, as a server gave it or, where it gave none, as its words mean it."""

import re

ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
REPLY = re.compile(r"(?<![\d.])([45]\d\d)(?=[ \-#]|$)")
# Only where the server gave no status, or one that says nothing: what large providers write, the plainest first.
MEANT = (
    (
        re.compile(
            r"mailbox (?:is )?full|over ?quota|quota (?:exceeded|full)"
            r"|exceeded (?:its|their|the|storage) (?:quota|storage|limit|allocation)"
            r"|insufficient (?:disk|storage)|out of storage|buz[oó]n lleno",
            re.IGNORECASE,
        ),
        "2.2",
    ),
    (
        re.compile(
            r"spam|blocked|block ?list|blacklist|policy|reputation|dmarc|spf|dkim|unauthenticated|not accepted for (?:policy|security)"
            r"|access denied|banned|relay(?:ing)? (?:access )?denied",
            re.IGNORECASE,
        ),
        "7.1",
    ),
    (re.compile(r"(?:message|mail) (?:is )?too (?:large|big)|size limit|exceeds (?:the )?maximum (?:message )?size", re.IGNORECASE), "3.4"),
    (
        re.compile(
            r"mailbox (?:is )?(?:disabled|inactive|suspended|locked)|account (?:is |has been )?(?:disabled|suspended)", re.IGNORECASE
        ),
        "2.1",
    ),
    (
        re.compile(
            r"(?:user|recipient|mailbox|address|account) (?:is |was )?(?:unknown|not found|does(?: not|n.t) exist|invalid)"
            r"|unknown (?:user|recipient|local|mailbox|address)|no such (?:user|mailbox|recipient|address|person)"
            r"|invalid (?:recipient|mailbox)"
            r"|no mailbox here|not a valid (?:user|mailbox|recipient)|does(?: not|n.t) have an? \S+ account|does not exist"
            r"|no existe|usuario desconocido",
            re.IGNORECASE,
        ),
        "1.1",
    ),
)


def status_of(given: str, said: str, *, failed: bool) -> str | None:
    """Return the status of a report, the more telling of its own field and of what the server said; None where nothing tells.

    A report of failure whose server only spoke of a passing trouble (4.x) keeps that: it gave up, the address may still be good.
    """
    own = ENHANCED.search(given)
    heard = ENHANCED.search(said)
    for found in (own, heard):
        if found and not _says_nothing(found):
            return found[0]
    return _meant(said, own or heard, failed=failed) or (own[0] if own else heard[0] if heard else None)


def _says_nothing(found: re.Match[str]) -> bool:
    # x.0.0 is "other"; 5.5.0 and 5.3.0 are what Sendmail's and Exchange's gateways write for any refusal.
    return found[2] == "0" or (found[2], found[3]) in (("5", "0"), ("3", "0"))


def _meant(said: str, found: re.Match[str] | None, *, failed: bool) -> str | None:
    code = REPLY.search(said)
    kind = found[1] if found else code[1][0] if code else "5" if failed else "4"
    meaning = next((detail for pattern, detail in MEANT if pattern.search(said)), None)
    if meaning is not None:
        return f"{kind}.{meaning}"
    return f"{kind}.0.0" if found or code else None
