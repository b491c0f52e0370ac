"""Loading what we say: a mistake in a file stops the start, with its place."""

from pathlib import Path

import pytest
from jinja2 import meta

from leads.errors import ConfigError
from leads.messages.mjml import compile_mjml
from leads.messages.sandbox import PLAIN, names_in
from leads.messages.templates import catalogue, claims, load
from tests.messages.mails import copy_of, planted

SPINE = {
    "inquiry-received", "office-location", "how-ketamine-works", "iv-and-im", "who-it-is-for", "preparing-session-integration",
    "screening-call", "screening-invitation", "screening-reminder-1", "screening-reminder-2", "screening-reminder-3", "still-here",
    "visit-prepare", "visit-tomorrow", "visit-today", "visit-missed", "integration-resources", "not-a-fit",
}  # fmt: skip
# To the referrer, by what happened; each but the digest speaks of one number.
NOTICES = {
    "referral-received", "referral-accepted", "referral-needs-information", "referral-booked", "referral-moved", "referral-cancelled",
    "referral-attended", "referral-missed", "referral-handed-on", "referral-declined", "referral-closed", "referral-news",
}  # fmt: skip


def refused(tmp_path: Path, file: str, old: str, new: str) -> str:
    """Why a planted mail does not load."""
    with pytest.raises(ConfigError) as caught:
        planted(tmp_path, "still-here", file, old, new)
    return caught.value.message


def test_the_catalogue_speaks_english_and_spanish() -> None:
    assert set(catalogue()) >= SPINE | NOTICES | {"referral-digest"}
    assert all(set(template.editions) == {"en", "es"} for template in catalogue().values())


def test_a_referrer_is_told_a_number_and_nothing_of_the_patient() -> None:
    for name in (*NOTICES, "referral-digest"):
        meta = catalogue()[name].meta
        assert (meta.audience, meta.lane, meta.topic, meta.level) == ("provider", "transactional", "referral", 0)
        told = {*meta.facts, *meta.optional}
        assert told <= {"number", "numbers", "expected_by", "office", "status_url", "portal_url"}, name


def test_only_the_receipt_goes_without_a_page_to_look_at() -> None:
    assert {name for name in NOTICES if "status_url" not in catalogue()[name].required} == {"referral-received"}


def test_a_part_that_does_not_exist_is_named(tmp_path: Path) -> None:
    assert "_base/nothing.txt: no such file" in refused(tmp_path, "body.txt", "well.", "well. [[ nothing ]]")


def test_a_fact_that_only_a_part_asks_for_is_refused_too(tmp_path: Path) -> None:
    assert "portal_url, status_url: not among the facts" in refused(tmp_path, "body.txt", "well.", "well. [[ follow ]]")


def test_it_is_read_once() -> None:
    assert catalogue() is catalogue()


def test_only_acknowledgements_and_what_asks_may_go_to_an_unconfirmed_address() -> None:
    acknowledgements = [name for name, template in catalogue().items() if template.meta.to_unconfirmed]
    assert acknowledgements == ["confirm-address", "inquiry-received", "referral-welcome"]
    assert all("given_name" not in catalogue()[name].declared for name in acknowledgements)


def test_every_mail_to_a_person_needs_a_way_out() -> None:
    people = [template for template in catalogue().values() if template.meta.audience == "person" and not template.meta.to_unconfirmed]
    assert people
    assert all("unsubscribe_url" in template.required for template in people)


def test_what_describes_the_treatment_names_the_facts_it_rests_on() -> None:
    education = [template.meta for template in catalogue().values() if template.meta.topic == "education" and template.meta.level == 2]
    assert all({"not-fda-approved", "risks"} <= set(meta.claims) for meta in education)


def test_every_fact_has_a_source() -> None:
    assert all(claim.source for claim in claims().values())


@pytest.mark.parametrize("file", ["subject.txt", "body.txt", "body.mjml", "../_base/layout.mjml"])
def test_any_change_of_a_source_is_another_version(tmp_path: Path, file: str) -> None:
    old = {"subject.txt": "here", "../_base/layout.mjml": "620px"}.get(file, "day")
    changed = planted(tmp_path, "still-here", file, old, f"{old[:-1]}x" if old != "620px" else "600px")
    assert changed.version("en") != catalogue()["still-here"].version("en")


def test_a_change_in_spanish_leaves_the_english_version(tmp_path: Path) -> None:
    changed = planted(tmp_path, "still-here", "es/body.txt", "lo mejor", "todo lo mejor")
    assert changed.version("en") == catalogue()["still-here"].version("en")
    assert changed.version("es") != catalogue()["still-here"].version("es")


def test_an_unknown_tag_is_named_with_its_line(tmp_path: Path) -> None:
    assert "body.mjml:1: <mj-txt>: no such tag" in refused(tmp_path, "body.mjml", '<mj-text mj-class="title">', "<mj-txt>")


@pytest.mark.parametrize("tag", ['<img src="https://x.test/p.gif"/>', "<mj-image/>", "<script>1</script>", '<mj-font name="x"/>'])
def test_nothing_that_loads_gets_in(tmp_path: Path, tag: str) -> None:
    assert "no such tag" in refused(tmp_path, "body.mjml", "We wish you well.", tag)


@pytest.mark.parametrize("attribute", ['onclick="x"', 'src="x"', 'background-url="x"'])
def test_no_attribute_that_loads_or_runs_gets_in(tmp_path: Path, attribute: str) -> None:
    assert "nothing may be loaded" in refused(tmp_path, "body.mjml", "<h1>", f"<h1 {attribute}>")


def test_an_inlined_style_is_refused_for_mrml_would_drop_it(tmp_path: Path) -> None:
    assert "inlined" in refused(tmp_path, "../_base/layout.mjml", "<mj-style>", '<mj-style inline="inline">')


@pytest.mark.parametrize("link", ["http://x.test", "javascript:x", "//x.test"])
def test_a_link_without_tls_is_refused(tmp_path: Path, link: str) -> None:
    assert "expected a link that begins with" in refused(tmp_path, "body.mjml", "tel:{{ office.tel }}", link)


def test_a_break_before_crlf_compiles(tmp_path: Path) -> None:
    folder = copy_of(tmp_path, "still-here")
    path = folder / "still-here" / "body.mjml"
    path.write_bytes(path.read_bytes().replace(b"We wish", b"We<br>\r\nwish").replace(b"\n", b"\r\n").replace(b"\r\r", b"\r"))
    assert load(folder)["still-here"].editions["en"]


def test_mjml_that_does_not_close_is_refused() -> None:
    with pytest.raises(ConfigError, match="here"):
        compile_mjml("<mjml><mj-body>", where="here")


def test_jinja_tags_survive_the_compile() -> None:
    tags = "{% if a > 1 %}{{ b }}{% endif %}"
    mjml = f"<mjml><mj-body><mj-section><mj-column><mj-text>{tags}</mj-text></mj-column></mj-section></mj-body></mjml>"
    assert tags in compile_mjml(mjml, where="here")


def test_a_name_that_is_no_fact_is_refused(tmp_path: Path) -> None:
    assert "body.txt: diagnosis: not among the facts" in refused(tmp_path, "body.txt", "well.", "well. {{ diagnosis }}")


def test_a_fact_that_meta_does_not_name_is_refused(tmp_path: Path) -> None:
    assert "visit_day: not among" in refused(tmp_path, "body.mjml", "well.", "well. {{ visit_day }}")


def test_a_subject_with_a_name_in_it_is_refused(tmp_path: Path) -> None:
    assert "subject.txt: given_name" in refused(tmp_path, "subject.txt", "We", "{{ given_name }}, we")


def test_an_unknown_fact_key_is_refused(tmp_path: Path) -> None:
    assert "no key of config/facts.yml" in refused(tmp_path, "meta.yml", "level: 0", "level: 0\nclaims: [moonshine]")


def test_a_wrong_lane_is_named_with_its_line(tmp_path: Path) -> None:
    assert "meta.yml:3: lane" in refused(tmp_path, "meta.yml", "lane: education", "lane: bulk")


def test_a_missing_translation_is_named(tmp_path: Path) -> None:
    folder = copy_of(tmp_path, "still-here")
    (folder / "still-here" / "es" / "body.txt").unlink()
    with pytest.raises(ConfigError, match=r"es/body\.txt: no such file"):
        load(folder)


@pytest.mark.parametrize(
    "trick",
    [
        "{{ 'x' * 10**9 }}", "{{ 'x' ~ 'y' }}", "{% for i in range(999999999) %}x{% endfor %}", "{{ 'x'|center(1000000000) }}",
        "{{ '%1000000000d'|format(1) }}", "{{ lipsum(n=99999) }}", "{{ ''.__class__.__mro__ }}{{ self.x() }}", "{% set x = 1 %}",
        "{{ office.items() }}", "{% include 'x' %}", "{{ 'x'[0] }}",
        "{% for a in sender %}{% for b in sender %}{% for c in sender %}x{% endfor %}{% endfor %}{% endfor %}",
    ],
)  # fmt: skip
def test_what_could_compute_call_or_grow_is_refused(tmp_path: Path, trick: str) -> None:
    assert "not for templates" in refused(tmp_path, "body.txt", "well.", trick) or "expected one of" in refused(
        tmp_path / "again", "body.txt", "well.", trick
    )


def test_a_jinja_mistake_is_named_with_its_file(tmp_path: Path) -> None:
    assert "body.txt:" in refused(tmp_path, "body.txt", "well.", "{% if %}")


def test_what_would_only_fail_when_it_is_compiled_is_refused_before(tmp_path: Path) -> None:
    assert "expected another name" in refused(tmp_path, "body.txt", "well.", "{% for loop in offices %}x{% endfor %}")


def test_every_mail_that_was_read_can_be_compiled() -> None:
    for edition in (edition for template in catalogue().values() for edition in template.editions.values()):
        assert all(each.compiled for each in (edition.subject, edition.discreet_subject, edition.text, edition.html))


def test_what_a_loop_names_is_not_asked_for() -> None:
    assert names_in("{% for a, b in xs if a == y %}{{ a }}{{ loop }}{% else %}{{ z }}{% endfor %}{{ b }}") == {"xs", "y", "z", "b"}


@pytest.mark.parametrize("name", sorted(catalogue()))
def test_the_names_of_every_mail_are_those_that_jinja_finds(name: str) -> None:
    for edition in catalogue()[name].editions.values():
        for source in (edition.sources.subject, edition.sources.text, edition.sources.html):
            assert names_in(source) == meta.find_undeclared_variables(PLAIN.parse(source))
