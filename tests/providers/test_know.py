"""Anyone may type an NPI and a name: what strangers type stays with their own submission."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from leads.audit.models import AuditEntry
from leads.db import new_id, transaction
from leads.providers.directory import delegates_of, on_file, told, waiting
from leads.providers.know import know
from leads.providers.models import Practice, Provider
from leads.providers.store import store
from leads.providers.trust import distrust
from tests.providers.cast import ACTOR, ANA, BEN, line, make_trusted_practice, said, tell


def test_a_stranger_s_words_stay_in_the_claim(session: Session) -> None:
    known = tell(session)
    assert known.claim.said == {
        "npi": ANA,
        "given_name": "Ana",
        "family_name": "Rivera",
        "practice": "Elm Family Medicine",
        "email": "ana@elm.example.com",
        "phone": "+12035550151",
    }
    assert (known.practice, known.claim.verified_at, known.provider.email, known.provider.phone) == (None, None, None, None)


def test_a_stranger_makes_no_practice(session: Session) -> None:
    tell(session)
    assert session.scalar(select(func.count()).select_from(Practice)) == 0


def test_two_strangers_with_one_npi_get_nothing_of_each_other(session: Session) -> None:
    first, second = tell(session), tell(session, email="eve@example.net", phone="+12035550199", practice="Other")
    assert first.provider is second.provider
    assert (first.provider.email, first.provider.phone, first.provider.practice_id) == (None, None, None)
    assert [claim.said and claim.said["email"] for claim in waiting(session)] == ["ana@elm.example.com", "eve@example.net"]


def test_the_database_itself_keeps_strangers_addresses_off_the_file(session: Session) -> None:
    tell(session)
    with pytest.raises(IntegrityError, match="no_contact_of_strangers"), session.begin_nested():
        session.execute(update(Provider).values(email_cell=b"eve"))


def test_a_stranger_changes_nothing_of_who_is_on_file(session: Session) -> None:
    ours = tell(session, make_trusted_practice(session))
    stranger = tell(session, email="eve@example.net")
    assert stranger.provider is not ours.provider
    assert (ours.provider.email, on_file(session, "eve@example.net")) == ("ana@elm.example.com", [])


def test_a_practice_s_key_verifies_what_comes_by_it(session: Session) -> None:
    known = tell(session, make_trusted_practice(session))
    assert known.claim.verified_at
    assert known.provider.verified_at
    assert on_file(session, "Ana@Elm.example.com") == [known.provider]
    assert waiting(session) == []


def test_the_same_clinician_again_is_the_same_row(session: Session) -> None:
    practice = make_trusted_practice(session)
    assert tell(session, practice).provider is tell(session, practice).provider


def test_a_key_never_replaces_the_address_on_file(session: Session) -> None:
    practice = make_trusted_practice(session)
    tell(session, practice)
    known = tell(session, practice, email="new@elm.example.com", phone="+12035550177")
    assert (known.provider.email, known.provider.phone) == ("ana@elm.example.com", "+12035550151")
    assert known.claim.said is not None
    assert known.claim.said["email"] == "new@elm.example.com"


def test_two_practices_of_one_clinician_keep_apart(session: Session) -> None:
    elm, oak = make_trusted_practice(session), make_trusted_practice(session, "Oak Clinic")
    first, second = tell(session, elm), tell(session, oak, email="ana@oak.example.com")
    assert first.provider.id != second.provider.id
    assert (first.provider.email, second.provider.email) == ("ana@elm.example.com", "ana@oak.example.com")


def test_who_submits_for_a_clinician_becomes_a_delegate_once(session: Session) -> None:
    practice = make_trusted_practice(session)
    for _ in range(2):
        known = tell(session, practice, by_name="Sam Front", by_email="sam@elm.example.com")
    assert known.claim.delegate_id == known.delegate.id if known.delegate else False
    assert [delegate.name for delegate in delegates_of(session, known.provider)] == ["Sam Front"]
    assert on_file(session, "sam@elm.example.com") == [known.delegate]


def test_a_stranger_s_delegate_is_only_written_down(session: Session) -> None:
    known = tell(session, by_name="Sam Front", by_email="sam@elm.example.com")
    assert (known.delegate, on_file(session, "sam@elm.example.com")) == (None, [])


def test_a_practice_no_longer_believed_is_a_stranger(session: Session) -> None:
    practice = make_trusted_practice(session)
    distrust(session, practice, why="number was not theirs", actor=ACTOR)
    known = know(session, said(), channel="portal", practice=practice, actor=ACTOR)
    assert (known.claim.verified_at, known.provider.practice_id) == (None, None)


def test_somebody_signed_in_is_believed_but_for_new_addresses(session: Session) -> None:
    practice = make_trusted_practice(session)
    by = {"by_name": "Sam Front", "by_email": "sam@elm.example.com"}
    known = know(session, said(**by), channel="portal", practice=practice, actor=ACTOR)
    assert (known.claim.practice_id, known.provider.phone) == (practice.id, "+12035550151")
    assert (known.provider.email, known.provider.typed_email) == (None, "ana@elm.example.com")
    assert told(session, known.provider) == []


def test_the_clinician_and_who_writes_for_them_are_told(session: Session) -> None:
    practice = make_trusted_practice(session)
    known = tell(session, practice, by_name="Sam Front", by_email="sam@elm.example.com")
    tell(session, practice, npi=BEN, family_name="Berg", email="ben@elm.example.com", by_email="kim@elm.example.com")
    assert told(session, known.provider) == [known.provider, known.delegate]


def test_the_registry_names_a_clinician_a_stranger_has_misspelt(session: Session) -> None:
    store(session, [line(ANA)])
    known = tell(session, family_name="Rivvera")
    assert (known.provider.full_name, known.provider.sources["family_name"]) == ("Ana Rivera, MD", "registry")


def test_without_an_npi_strangers_share_no_row(session: Session) -> None:
    assert tell(session, npi=None).provider is not tell(session, npi=None).provider


def test_each_step_is_on_record_without_what_was_typed(session: Session) -> None:
    tell(session)
    session.flush()
    entries = session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [entry.action for entry in entries] == ["provider.created", "provider.claimed"]
    assert "elm" not in str([entry.detail for entry in entries])


def test_addresses_and_numbers_are_not_readable_in_the_database(session: Session) -> None:
    tell(session, make_trusted_practice(session), by_name="Sam Front", by_email="sam@elm.example.com")
    session.flush()
    for table in ("providers", "delegates", "provider_claims", "practices", "verifications"):
        rows = str(session.execute(text(f"SELECT * FROM {table}")).all())
        assert [word for word in ("elm.example.com", "203555", "Sam Front") if word in rows] == []


def test_one_row_for_one_npi_even_without_a_practice(session: Session) -> None:
    provider = tell(session).provider
    copy: dict[str, Any] = {"id": new_id(), "npi": provider.npi, "sources": {}, "notify": "each", "created_at": provider.created_at}
    with pytest.raises(IntegrityError, match="uq_providers_npi"), session.begin_nested():
        session.execute(insert(Provider).values(copy))


@pytest.mark.committed
def test_two_submissions_at_once_about_somebody_new_make_one_row(database: None) -> None:
    def arrive(_: int) -> uuid.UUID:
        with transaction() as session:
            return tell(session).provider.id

    with ThreadPoolExecutor(4) as threads:
        assert len(set(threads.map(arrive, range(4)))) == 1
