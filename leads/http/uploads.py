"""Reading a form that brings documents: bounded, and in memory only."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser

from leads.errors import LeadsError
from leads.http.limit_body import LARGEST_UPLOAD

MOST_FIELDS, MOST_FILES, LONGEST_FIELD = 200, 40, 64 * 1024


class InMemory(MultiPartParser):
    """A reader of multipart bodies that never puts a part on disk, where nobody looks for a patient's words."""

    spool_max_size = LARGEST_UPLOAD


@dataclass(frozen=True)
class Sent:
    """What a form brought: each field's values in order, and the documents by name; one without a name and content was not chosen."""

    fields: dict[str, list[str]]
    files: list[tuple[str, bytes]]


async def read_upload(request: Request) -> Sent:
    """Return the fields and files of a multipart body; raises LeadsError where it cannot be read."""
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise LeadsError("This request could not be read.")
    return await _sent(await _parsed(request))


Uploaded = Annotated[Sent, Depends(read_upload)]


async def read_form(request: Request) -> Sent:
    """Return what a form of any kind brought, its files in memory only; whoever asks the request for its form gets the same again."""
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        # Asked first, Starlette would put what is larger than a megabyte on disk.
        request._form = await _parsed(request)
    return await _sent(await request.form())


async def _parsed(request: Request) -> FormData:
    parser = InMemory(request.headers, request.stream(), max_files=MOST_FILES, max_fields=MOST_FIELDS, max_part_size=LONGEST_FIELD)
    try:
        return await parser.parse()
    except (MultiPartException, KeyError, ValueError):
        raise LeadsError("This request could not be read.") from None


async def _sent(form: FormData) -> Sent:
    sent = Sent({}, [])
    for name, value in form.multi_items():
        if isinstance(value, UploadFile):
            content = await value.read()
            await value.close()
            if value.filename or content:
                sent.files.append((value.filename or "", content))
        else:
            sent.fields.setdefault(name, []).append(value)
    return sent
