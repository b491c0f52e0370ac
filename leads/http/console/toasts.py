"""What the toast says of an act that no button takes back: what was done, why it stays, and how to go back by hand."""

from collections.abc import Mapping

OF_A_PERSON = {
    "confirmed": "The address is confirmed. Mails to it may have begun: if it is not theirs, correct it under their details.",
    "safe-again": "Mails may go to them again, as they said. Their word stays on record; only another word of theirs follows it.",
    "agreed": "Written down as they said it. It stays on record, and holds until they say otherwise.",
    "never": "Everything has stopped for good. A supervisor can take it back on this page; what has ended does not begin anew.",
    "never-back": "They may be contacted again. It stays on record, and what had stopped does not begin again by itself.",
    "cannot-reach": "Closed: nobody could reach them. They may have been told: to go back, move the lead and say why.",
    "released": "The safety hold is released. What was found stays on record, so it is not taken back.",
    "restricted": "The record is restricted. To go back, open it to everybody again on this page.",
    "unrestricted": "The record is open to all who work with leads. To go back, restrict it again with a reason.",
    "unmerged": "Taken apart: they are two records again. To go back, put the two side by side once more.",
    "opened": "Open to you for an hour. Your reason stays on record, and a supervisor reads it.",
    "alarm-taken": "You have it: nobody else is paged. It stays on record, so it is not taken back: who cannot call asks a colleague now.",
    "corrected-asks": "Corrected. A mail to the new address asks them to confirm it: one button, no name. To go back, correct it again.",
    "corrected-not-asked": "Corrected. No mail asks them to confirm the new address; the timeline says why. Confirm it in conversation.",
    "corrected-reach": "Corrected. Others who have it are suggested as one, so it is not taken back: to go back, correct it again.",
    "corrected-phoned": "Corrected, and the to-do to phone is done, so it is not taken back: to go back, correct it again.",
    "phoned": "Done: you have phoned them. What waited for it goes on, so it is not taken back; write a note if it was not so.",
    "screening-sent": "The screening is sent. A clinician has it now, so it is not taken back: to change an answer, tell them.",
    "screening-kept": "What was answered is kept. Go on with it from here, at any time.",
}
OF_A_VISIT = {
    "visit-offer": "The time is offered. They may have been told: to go back, cancel it on this page and say why.",
    "visit-book": "The visit is booked. They may have been told: to go back, move or cancel it on this page.",
    "visit-move": "The visit has another time. They may have been told: to go back, move it once more.",
    "visit-confirm": "The visit is confirmed, as they said. They may have been told: to go back, move or cancel it on this page.",
    "visit-cancel": "The visit is cancelled. They may have been told: to go back, book it anew.",
    "visit-attended": "They came: the lead is in care. Whoever referred them may have been told, so it is not taken back.",
    "visit-no-show": "They did not come. They may have been told: if they came after all, say so of the visit on this page.",
    "visit-missed": "The news is on its way that the visit was missed. The referrer may have been told, so it is not taken back.",
    "visit-moved": "The news of the other time is on its way. The referrer may have been told: to go back, give the time anew.",
}
OF_A_REFERRAL = {
    "ref-verify": "The sender is believed. They may have been told where it stands, so it is not taken back.",
    "ref-not-theirs": "Not sent by that practice: its sender hears nothing more. It stays on record.",
    "ref-accept": "The referral is where its lead is. The referrer may have been told, so it is not taken back.",
    "ref-ask": "The referrer is asked. They may have been told: to go back, go on without the answer.",
    "ref-go-on": "It goes on without the answer. The referrer may have been told: to go back, ask once more.",
    "ref-decline": "Declined. They may have been told: to go back, take the referral up again with a note to its sender.",
    "ref-hand-on": "Handed on. The referrer may have been told: to go back, take the referral up again with a note to its sender.",
    "ref-withdrawn": "The withdrawal is confirmed. The referrer may have been told: to go back, take the referral up again.",
    "ref-reopen": "Taken up again. The referrer may have been told: to go back, decline it or hand it on.",
    "ref-take-in": "Taken in: it is what the referrer says now. What stood before stays on record.",
    "ref-put-aside": "Left as it stood. What was sent in stays on record.",
}
OF_A_MAIL = {
    "mail-rewritten": "The note has your words now. To go back, write it anew before it goes.",
    "mail-settled": "Settled. It stands on record who said so, and a mail that goes once more can be skipped on its lead's page.",
    "link-sent": "The link to the questions is on its way. Until it goes it can be skipped on this page; then nobody can call it back.",
    "reviewed": "You have looked at it. That stays on record, so it is not taken back.",
}
OF_A_COLLEAGUE = {
    "invited": "The invitation is on its way. Its link works once, for three days. To go back, close the account: then it opens nothing.",
    "invited-again": "Another invitation is on its way; the link before opens nothing any more. To go back, close the account.",
    "password-reset": "Their password is gone and a link to choose another is on its way, so it is not taken back: they choose one there.",
    "factor-reset": "Their second step is forgotten, so it is not taken back: they set one up when they next sign in.",
    "signed-out": "They are signed out everywhere, so it is not taken back: they sign in again.",
}
OF_MY_ACCOUNT = {
    "my-password": "Your password is changed, and every other session has ended. To go back, change it again.",
    "my-session": "That session has ended: whoever had it signs in again.",
    "my-sessions": "Every other session has ended: whoever had one signs in again.",
    "my-app": "The authenticator app is removed. To go back, set it up anew.",
    "my-passkey": "Your passkeys are changed. To go back, name it anew, or set it up again.",
}
OF_AN_IMPORT = {
    "import-kept": "The file is here, and nobody was made of it. To go back, throw it away.",
    "import-rehearsed": "The dry run begins: nobody is made, nobody is mailed. The columns can be changed after it.",
    "import-begun": "They are being brought in. To go back, undo it on this page once that is done.",
    "import-undone": "They are being taken back. To go back, bring the file in once more.",
    "import-forgotten": "What these lines said is removed, so it is not taken back: bring the mended lines in as a file of their own.",
    "import-discarded": "Thrown away: what the file said is removed, so it is not taken back. To go back, choose the file again.",
}
OF_WHAT_WE_SAY = {
    "mail-tested": "A test is on its way to your own address, and nobody else's.",
    "wording-submitted": "A reviewer has it before them. To go back, ask them to refuse it.",
    "wordings-submitted": "The reviewers have them before them. To go back, ask them to refuse what should not go.",
    "wording-approved": "Approved: from now on this goes out. To go back, take the approval back on this page.",
    "wording-refused": "Refused, with your words. To go back, have the version put before a reviewer once more.",
    "wording-withdrawn": "The approval is taken back. To go back, have the version put before a reviewer once more.",
}
ELSEWHERE = {
    "view-gone": "That view was removed already.",
    "brief-wanted": "You get the day's counts by mail from now on. To go back, end it on this page.",
    "brief-ended": "You get no brief by mail any more. To go back, ask for it on this page.",
    "feed-ended": "The address of this feed opens nothing any more, so it is not taken back: make another one.",
    "test-answered": "It counts: pages are known to reach you. That stays on record.",
    "let-in": "Let in: this is its lead. They may have been told that we have it: to go back, close the lead and say why.",
    "mail-given": "The mail stands on this lead now, as what they wrote. What follows from it has begun, so it is not taken back.",
    "blocked": "The time is blocked. To go back, free it on this page.",
    "freed": "The time is free again, and may be taken by now. To go back, block it anew.",
    "taken-down": "The inquiry is kept: this is its lead. They may have been told that we have it: to go back, close the lead and say why.",
    "taken-down-unmailed": "The inquiry is kept: this is its lead. Without an address they get no mail. To go back, close the lead.",
    "ref-taken-down": "The referral is kept: this is its lead. The referrer may have been told: to go back, decline it or hand it on.",
}
TOLD: Mapping[str, str] = {
    **OF_A_PERSON,
    **OF_A_VISIT,
    **OF_A_REFERRAL,
    **OF_A_MAIL,
    **OF_A_COLLEAGUE,
    **OF_MY_ACCOUNT,
    **OF_AN_IMPORT,
    **OF_WHAT_WE_SAY,
    **ELSEWHERE,
}
