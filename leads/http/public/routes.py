"""The public pages: front page, inquiry and referral forms, links of mails, help in a crisis."""

from fastapi import APIRouter

from leads.http.public import (
    calendar_feed,
    confirm,
    crisis,
    embed,
    home,
    inquire,
    mailbox,
    preferences,
    refer,
    refer_signed,
    screening,
    status,
    unsubscribe,
    visit,
)

router = APIRouter(include_in_schema=False)
OF_MAILS = (confirm, unsubscribe, preferences, status, screening, visit)
for each in (home, inquire, refer, refer_signed, embed, *OF_MAILS, calendar_feed, crisis, mailbox):
    router.include_router(each.router)
