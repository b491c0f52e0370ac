"""The form on a clinic's own site: framed by nobody but those it was opened to."""

from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from leads.inquiries.models import Inquiry
from tests.http.public.conftest import Send


def test_without_a_configured_site_nobody_may_frame_it(web: TestClient) -> None:
    answer = web.get("/embed/inquire")
    assert answer.status_code == 403
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert 'href="/inquire' in answer.text
    assert "iframe" not in web.get("/embed.js").text


def test_only_the_configured_site_may_frame_the_form(web: TestClient, embedding: str) -> None:
    for path in ("/embed/inquire", "/embed/inquire/thanks", "/embed/crisis"):
        policy = web.get(path).headers["content-security-policy"]
        assert f"frame-ancestors {embedding}" in policy
        assert "script-src 'self'" in policy
    assert "frame-ancestors 'none'" in web.get("/inquire").headers["content-security-policy"]


def test_the_script_is_one_tag_that_reads_nothing(web: TestClient, embedding: str) -> None:
    answer = web.get("/embed.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "iframe" in answer.text
    assert "cookie" not in answer.text


def test_the_framed_form_is_kept_as_such_and_stays_in_its_frame(send: Send, embedding: str, session: Session) -> None:
    assert send(to="/embed/inquire").headers["location"].startswith("/embed/inquire/thanks?")
    assert send(to="/embed/inquire", message="I want to end my life").headers["location"].startswith("/embed/crisis?")
    assert set(session.scalars(select(Inquiry.channel))) == {"embed"}
    assert f"frame-ancestors {embedding}" in send(to="/embed/inquire", email="x").headers["content-security-policy"]
