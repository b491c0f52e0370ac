"""What a page weighs with all it links, before anything is squeezed."""

import re
from collections.abc import Iterator

from fastapi.testclient import TestClient

LARGEST = 150_000


def links_of(html: str) -> Iterator[str]:
    """Each stylesheet, script and picture a page loads, once."""
    yield from sorted(set(re.findall(r'(?:href|src)="(/static/[^"?]+\.(?:css|js|svg))', html)))


def weight_of(browser: TestClient, path: str) -> int:
    """The bytes of a page with what it links."""
    answer = browser.get(path)
    assert answer.status_code == 200
    return len(answer.content) + sum(len(browser.get(link).content) for link in links_of(answer.text))
