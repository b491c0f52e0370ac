"""The codes of reasons, events and causes as people read them."""

WORDS = {
    "held": "The person is on a safety hold; only a clinician releases it.",
    "hold": "A safety hold was raised.",
    "paused": "The person rests from our mails until a date.",
    "suppressed-address": "This address takes no more mail from us: it bounced, or its owner asked us to stop.",
    "suppressed-all": "The person asked for no more mails.",
    "suppressed-topic": "The person asked for no more mails on this topic.",
    "no-address": "There is no e-mail address.",
    "unconfirmed": "The address is not confirmed yet: the button in the first mail, or a coordinator who spoke with the person.",
    "no-contact-grant": "There is no consent to contact.",
    "no-education-grant": "There is no consent to educational mails.",
    "no-unencrypted-grant": "The mail speaks of health, and there is no consent to that in e-mail.",
    "no-enrolment": "The lead is in no sequence: nothing has started one.",
    "all-done": "Every step of the sequence has gone out or was left out.",
    "no-appointment": "There is no visit to count from.",
    "only-if": "The condition of this step does not hold for this person.",
    "no-window": "The hours of this step do not open in two years.",
    "too-late": "Its time had passed before it could go.",
    "overtaken": "The next one falls on the same day.",
    "outlived": "It could not go while it was of use.",
    "window": "It waits for its hours.",
    "zone": "The office's clock was changed by law since it was planned; it waits for the time that was meant.",
    "cap": "The person had as many mails as one may get in a day or a week.",
    "rate": "It waits for its turn: the mail service takes only so many a second.",
    "domain-rate": "It waits for its turn: the recipient's mail service takes only so many a second.",
    "catch-up": "It came late, after an outage, and waits for its turn.",
    "day-quota": "As many mails as may go out in a day have gone.",
    "no-carrier": "The mail server could not be reached.",
    "changed": "What it says changed while it was on its way; it is made anew.",
    "worker-lost": "The program that was at it ended; it is tried again.",
    "lane-rests": "The mail server refuses us, not the person; mails of this kind rest a while.",
    "no-answer": "The mail server did not answer at the last moment: nobody knows yet whether it went out.",
    "resent-once": "Nobody knew whether it went out, and it matters: it goes once more.",
    "assumed": "Nobody knew whether it went out; it is taken as sent, so that it never comes twice.",
    "decided": "A colleague said what became of it.",
    "poison": "Three processes died over it: it is stopped, and somebody phones instead.",
    "gave-up": "The mail server put us off too often: somebody phones instead.",
    "bad-address": "The mail server says that there is no such address: somebody phones instead.",
    "render": "The mail could not be written.",
    "unsendable": "The mail could not be written.",
    "no-longer-planned": "A newer plan has no such step.",
    "confirmation": "The address was confirmed.",
    "inquiry": "It answers an inquiry.",
    "stopped-by-staff": "A colleague stopped it.",
    "recipient-limit": "This address has had as many mails from our forms as we send in a day.",
    "other-address": "It was typed with another address than the one we know; nothing goes there.",
    "not-safe": "The person said that it is not safe to write to this address.",
    "restored": "A backup was restored: it may have gone out before, and a colleague decides.",
    "asked-to-stop": "The person asked us to stop.",
    "reply": "The person answered.",
    "waits-for-todo": "It waits until a colleague has done what comes before it.",
    "added-late": "The step was added when its time had passed already.",
    "had-already": "The person has had this mail under another name.",
    "stopped": "The sequence was stopped.",
    "appointment:booked": "A visit was booked.",
    "appointment:cancelled": "The visit was cancelled.",
    "referral:received": "A referral was received.",
}
BEGINNINGS = {
    "sequence:": "A step of the sequence {}.",
    "smtp-": "The mail server said no ({}).",
    "stage:": "The lead moved to {}.",
    "withdrawal:": "The person withdrew the consent {}.",
}


def in_words(code: str) -> str:
    """Return a sentence for a code; an unknown one stands for itself."""
    for beginning, sentence in BEGINNINGS.items():
        if code.startswith(beginning):
            return sentence.format(code.removeprefix(beginning))
    return WORDS.get(code, code)
