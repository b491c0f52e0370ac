"""MJML to HTML: tags are checked (mrml takes unknown ones in silence), the plain ones styled, Jinja tags kept."""

import re
from functools import lru_cache
from html.parser import HTMLParser

import mrml

from leads.errors import ConfigError

LAYOUT_TAGS = frozenset({
    "mjml", "mj-head", "mj-title", "mj-preview", "mj-attributes", "mj-all", "mj-class", "mj-style", "mj-raw", "mj-body", "mj-wrapper",
    "mj-section", "mj-group", "mj-column", "mj-text", "mj-button", "mj-divider", "mj-spacer", "mj-table", "meta",
})  # fmt: skip
TEXT_TAGS = frozenset({"h1", "h2", "p", "br", "strong", "em", "a", "ul", "ol", "li", "span", "tr", "td", "th", "tbody"})
TAGS = LAYOUT_TAGS | TEXT_TAGS
LINKS = ("{{", "https://", "tel:", "mailto:")
# mrml ignores `<mj-style inline="inline">`, and some mail apps drop the head's styles: so the plain tags carry their own.
# Where a line may end and nothing shows: mrml writes ten thousand characters in one, which no one can read and every send encodes anew.
BETWEEN = re.compile(r"</?(?:table|tbody|tr|td|div|ul|li|meta|style|head|body|html)\b[^>{]*>(?=<)")
STYLED = {
    "<h1>": '<h1 style="margin:0;font:inherit;">',
    "<h2>": '<h2 style="margin:0;font:inherit;">',
    "<ul>": '<ul style="margin:0;padding:0 0 0 22px;">',
    "<ol>": '<ol style="margin:0;padding:0 0 0 22px;">',
    "<li>": '<li style="margin:0 0 8px;padding:0;">',
    '<th colspan="2">': '<th colspan="2" class="label" style="padding:12px 0 4px;border-top:1px solid #e3dccd;text-align:left;'
    'font-size:14px;line-height:22px;font-weight:600;color:#5a6664;">',
    "<td>": '<td style="width:50%;padding:2px 12px 14px 0;vertical-align:top;">',
}


def compile_mjml(source: str, *, where: str) -> str:
    """Return the HTML, its Jinja tags untouched; raises ConfigError when mrml cannot read it."""
    for tag, styled in STYLED.items():
        source = source.replace(tag, styled)
    try:
        output = mrml.to_html(unix(source), render_options=mrml.RenderOptions(disable_comments=True, fonts={}))
    except OSError as error:
        raise ConfigError(f"{where}: {error}") from None
    return BETWEEN.sub("\\g<0>\n", re.sub(r"[ \t]*\n\s*", "\n", str(output.content)))


def unix(source: str) -> str:
    """Return the text with plain newlines: mrml fails on `<br>` before CRLF."""
    return source.replace("\r\n", "\n").replace("\r", "\n")


# The frame is looked at once, though each edition is put into it.
@lru_cache(maxsize=1024)
def check_tags(source: str, *, where: str) -> None:
    """Raise ConfigError with `where:line` for a tag or link that no mail of ours may have."""
    _Tags(where).feed(source)


class _Tags(HTMLParser):
    def __init__(self, where: str) -> None:
        super().__init__()
        self.where = where

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in TAGS:
            self._refuse(f"<{tag}>: no such tag here; expected one of {', '.join(sorted(TAGS))}")
        given = {name: value or "" for name, value in attrs}
        for name in given:
            if name in {"src", "srcset", "background-url", "inline"} or name.startswith("on"):
                self._refuse(f"<{tag} {name}>: nothing may be loaded, run or inlined")
        if "href" in given and not given["href"].startswith(LINKS):
            self._refuse(f"<{tag} href>: expected a link that begins with one of {' '.join(LINKS)}")

    def _refuse(self, why: str) -> None:
        raise ConfigError(f"{self.where}:{self.getpos()[0]}: {why}.")
