"""Which column of a spreadsheet is what: guessed by its heading, or as somebody said the last time."""

import re
import unicodedata
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.imports.models import Import

# What a column can be, and the headings it is known by (plain lower-case letters and digits).
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "full_name": ("name", "fullname", "patient", "patientname", "nombre", "nombrecompleto", "client"),
    "given_name": ("givenname", "firstname", "first", "forename", "fname", "primernombre"),
    "family_name": ("familyname", "lastname", "last", "surname", "lname", "apellido", "apellidos"),
    "email": ("email", "emailaddress", "mail", "correo", "correoelectronico"),
    "phone": ("phone", "phonenumber", "telephone", "tel", "mobile", "cell", "cellphone", "telefono"),
    "birth_date": ("birthdate", "dateofbirth", "dob", "birthday", "fechadenacimiento"),
    "language": ("language", "lang", "preferredlanguage", "idioma"),
    "office": ("office", "location", "clinic", "site"),
    "asked_on": ("askedon", "inquirydate", "dateofinquiry", "received", "datereceived", "created", "createdat", "leaddate"),
    "note": ("note", "notes", "comment", "comments", "remarks", "notas"),
    "contact": ("consentcontact", "oktocontact", "maycontact", "contactconsent"),
    "education": ("consenteducation", "newsletter", "educationconsent", "mayeducate"),
    "unencrypted_email": ("consentunencryptedemail", "emailconsent", "unencryptedemail", "plainemail"),
    "consent_source": ("consentsource", "consentform", "howconsented"),
    "consent_date": ("consentdate", "dateofconsent", "consentedon"),
}
CONSENTS = ("contact", "education", "unencrypted_email")
REMEMBERED = 20


def guess(session: Session, headings: Sequence[str]) -> dict[str, str]:
    """Return the place of each column (as text) and what it seems to be: as it was mapped the last time, else by its heading.

    A consent is never guessed by its heading: that somebody agreed is for a person to say.
    """
    before, mapping = _remembered(session), dict[str, str]()
    for place, heading in enumerate(headings):
        plain = _plain(heading)
        by_heading = next((name for name, known in COLUMNS.items() if plain in known and name not in CONSENTS), None)
        what = before.get(plain, by_heading)
        if what and what not in mapping.values():
            mapping[str(place)] = what
    return mapping


def _remembered(session: Session) -> dict[str, str]:
    used = select(Import).where(Import.state.not_in(("uploaded", "discarded"))).order_by(Import.id.desc()).limit(REMEMBERED)
    said: dict[str, str] = {}
    for each in session.scalars(used):
        headings = each.headings or []
        for place, heading in enumerate(headings):
            if what := each.mapping.get(str(place)):
                said.setdefault(_plain(heading), what)
    return said


def _plain(heading: str) -> str:
    letters = unicodedata.normalize("NFKD", heading).casefold()
    return re.sub(r"[^a-z0-9]", "", letters)
