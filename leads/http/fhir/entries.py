"""A Bundle's entries: found by what refers to them, and named in FHIRPath where something is wrong with one."""

from collections.abc import Iterator
from dataclasses import dataclass

from leads.errors import FieldError, Invalid
from leads.http.fhir.codes import Resource

MOST = 100


@dataclass(frozen=True)
class Entry:
    """One resource of a Bundle and where it stands."""

    index: int
    full_url: str
    resource: Resource
    if_none_exist: str | None

    @property
    def type(self) -> str:
        """The resource's type."""
        return str(self.resource["resourceType"])

    def at(self, element: str = "") -> str:
        """Return the FHIRPath of one of its elements."""
        return f"Bundle.entry[{self.index}].resource" + (f".{element}" if element else "")


@dataclass(frozen=True)
class Entries:
    """All entries of a Bundle."""

    all: list[Entry]

    @classmethod
    def of(cls, bundle: Resource) -> "Entries":
        """Return a valid Bundle's entries; raises Invalid where there are too many or one has no resource."""
        listed = bundle.get("entry", [])
        if not 0 < len(listed) <= MOST:
            raise refused("Bundle.entry", "length", f"Send 1 to {MOST} entries in one transaction.")
        return cls([_entry(index, each) for index, each in enumerate(listed)])

    def each(self, kind: str) -> Iterator[Entry]:
        """Yield the entries of one type."""
        return (entry for entry in self.all if entry.type == kind)

    def only(self, kind: str) -> Entry:
        """Return the one entry of a type; raises Invalid where there are none or several."""
        found = list(self.each(kind))
        if len(found) != 1:
            raise refused("Bundle.entry", "required", f"Send exactly one {kind}; this Bundle has {len(found)}.")
        return found[0]

    def find(self, reference: Resource | None) -> Entry | None:
        """Return what a Reference points to, by fullUrl or by type and id; None where it is not in the Bundle."""
        wanted = (reference or {}).get("reference")
        if not wanted:
            return None
        return next((entry for entry in self.all if wanted in (entry.full_url, f"{entry.type}/{entry.resource.get('id')}")), None)

    def follow(self, entry: Entry, element: str, *kinds: str) -> Entry:
        """Return what an element of an entry refers to; raises Invalid where that is not among the entries, or of another type."""
        found = self.find(entry.resource.get(element))
        if found is None or found.type not in kinds:
            raise refused(entry.at(element), "not-found", f"This must refer to a {' or '.join(kinds)} in the same Bundle, by its fullUrl.")
        return found


def refused(expression: str, code: str, words: str) -> Invalid:
    """Return the refusal of one element."""
    return Invalid(words, errors=(FieldError(expression, code, words),))


def _entry(index: int, raw: Resource) -> Entry:
    resource = raw.get("resource")
    request = raw.get("request") or {}
    if not resource:
        raise refused(f"Bundle.entry[{index}].resource", "required", "Each entry brings a resource.")
    if request.get("method") != "POST":
        words = "A transaction here creates: each entry's request has the method POST."
        raise refused(f"Bundle.entry[{index}].request.method", "not-supported", words)
    return Entry(index, raw.get("fullUrl", ""), resource, request.get("ifNoneExist"))
