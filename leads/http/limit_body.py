"""How much one request may bring: bodies up to 256 KB, for nothing that people type is longer; documents have places of their own."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST = 256 * 1024
# 20 MB of documents and the form around them, or in base64 and what they belong to; an address that ends in / stands for all below it.
LARGEST_UPLOAD = 21 * 1024 * 1024
# SendGrid tells of many mails at once, 768 KB of them and more.
LARGEST_NOTICE = 2 * 1024 * 1024
LARGEST_MAIL = 29 * 1024 * 1024
LARGER = {
    "/fhir": 28 * 1024 * 1024,
    "/refer": LARGEST_UPLOAD,
    "/refer/draft": LARGEST_UPLOAD,
    "/portal/referrals/": LARGEST_UPLOAD,
    "/console/new": LARGEST_UPLOAD,
    "/console/new/referral": LARGEST_UPLOAD,
    # SNS carries 256 KB (SNS API, "Publish"), which JSON within JSON can spell several times as long.
    "/webhooks/mail/inbound/ses": LARGEST_NOTICE,
    "/console/scans": LARGEST_UPLOAD,
    # A mail of 20 MB in base64, in JSON.
    "/webhooks/mail/inbound/": LARGEST_MAIL,
    "/webhooks/mail/": LARGEST_NOTICE,
    "/console/import": LARGEST_UPLOAD,
}


class LimitBody:
    """ASGI middleware: refuses a body that is too large as soon as its length or its bytes say so, and reads no further."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        largest = _largest(scope.get("path", ""))
        declared = Headers(scope=scope).get("content-length", "0")
        # What is declared may be a lie, and a chunked body declares nothing: the bytes are counted too.
        # Twenty digits tell enough: Python refuses to read a number of more than 4,300.
        refused = declared.isdecimal() and int(declared[:20]) > largest
        read = 0

        async def receive_no_more() -> Message:
            nonlocal read, refused
            if not refused:
                message = await receive()
                read += len(message.get("body", b""))
                refused = read > largest
            if refused:
                raise HTTPException(413)
            return message

        await self.app(scope, receive_no_more, send)


def _largest(path: str) -> int:
    above = (size for place, size in LARGER.items() if place.endswith("/") and path.startswith(place))
    return LARGER.get(path.rstrip("/")) or next(above, LARGEST)
