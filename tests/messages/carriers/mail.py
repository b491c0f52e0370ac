"""A mail as it is handed to a carrier: every header it must keep, two languages of letters, a calendar file."""

import uuid

from leads.messages.carriers.base import Envelope

MESSAGE = uuid.UUID("01936f1e-0000-7000-8000-00000000002a")
TO_ANA = Envelope(f"b+{MESSAGE.hex}@mail.elmharbor.test", "ana@example.com", MESSAGE)
MAIL = "\r\n".join(
    [
        'From: "Elm Harbor, Clinic" <care@mail.elmharbor.test>',
        "To: ana@example.com",
        "Subject: =?utf-8?q?C=C3=B3mo_llegar?=",
        "Date: Tue, 06 Oct 2026 14:00:00 +0000",
        f"Message-ID: <{MESSAGE.hex}@mail.elmharbor.test>",
        "Reply-To: r+token@mail.elmharbor.test",
        "List-Id: <visits.lists.elmharbor.test>",
        "List-Unsubscribe: <https://care.elmharbor.test/u/2>",
        "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "Content-Language: es",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="=_a"',
        "",
        "--=_a",
        'Content-Type: multipart/alternative; boundary="=_b"',
        "",
        "--=_b",
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "Estamos en el segundo piso. ma=C3=B1ana",
        "--=_b",
        'Content-Type: text/html; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
        "",
        "<p>Estamos en el segundo piso.</p>",
        "--=_b--",
        "--=_a",
        'Content-Type: application/ics; name="visit.ics"',
        'Content-Disposition: attachment; filename="visit.ics"',
        "Content-Transfer-Encoding: base64",
        "",
        "QkVHSU46VkNBTEVOREFS",
        "--=_a--",
        "",
    ]
).encode("ascii")
KEPT = {
    "Message-ID": f"<{MESSAGE.hex}@mail.elmharbor.test>",
    "List-Id": "<visits.lists.elmharbor.test>",
    "List-Unsubscribe": "<https://care.elmharbor.test/u/2>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "Auto-Submitted": "auto-generated",
    "X-Auto-Response-Suppress": "All",
    "Content-Language": "es",
}
