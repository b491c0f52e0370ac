"""Who may open which page and send which form of the console: every route of the app stands here, or a test fails."""

ROLES = ("coordinator", "clinician", "supervisor", "reviewer", "administrator", "auditor")
EVERYBODY = frozenset(ROLES)
WORKERS = frozenset({"coordinator", "clinician", "supervisor"})
READERS = WORKERS | {"auditor"}
CLINICIANS = frozenset({"clinician"})
SUPERVISORS = frozenset({"supervisor"})
SENIOR = CLINICIANS | SUPERVISORS
RESETTERS = frozenset({"administrator", "supervisor"})
MANAGERS = frozenset({"administrator"})
OVERSEERS = frozenset({"administrator", "auditor"})

# The door: what somebody who is not signed in, or not quite yet, must reach.
DOOR = {
    "GET /console/sign-in",
    "POST /console/sign-in",
    "POST /console/sign-in/passkey",
    "POST /console/sign-in/passkey/options",
    "POST /console/sign-out",
    "GET /console/oidc/back",
    "POST /console/oidc/go",
    "GET /console/invited/{link}",
    "POST /console/invited/{link}",
    "GET /console/here",
    "GET /console/locked",
    "POST /console/lock",
    "POST /console/unlock",
    "GET /console/second-factor",
    "POST /console/second-factor",
    "GET /console/second-factor/set-up",
    "POST /console/second-factor/set-up",
    "GET /console/second-factor/set-up/app",
    "POST /console/second-factor/set-up/app",
    "POST /console/passkeys",
    "POST /console/passkeys/options",
}

WHO_MAY = {
    EVERYBODY: {
        "GET /console/{mistyped:path}",
        "POST /console/here",
        "GET /console/account",
        "POST /console/account/app/begin",
        "POST /console/account/app/remove",
        "POST /console/account/passkeys/{passkey_id}/remove",
        "POST /console/account/passkeys/{passkey_id}/rename",
        "POST /console/account/password",
        "POST /console/account/recovery-codes",
        "POST /console/account/sessions/end-others",
        "POST /console/account/sessions/{session_id}/end",
    },
    READERS: {
        "GET /console",
        "POST /console/find",
        "GET /console/leads/{number}",
        "GET /console/leads/{number}/messages/{message_id}",
        "GET /console/leads/{number}/referrals/{which}/attachments/{attachment_id}",
        "GET /console/leads/{number}/visit",
        "POST /console/leads/{number}/open",
        "GET /console/merges",
        "GET /console/quarantine",
        "GET /console/sending",
        "GET /console/visits",
    },
    WORKERS: {
        "POST /console/leads/{number}/call",
        "POST /console/leads/{number}/confirm",
        "POST /console/leads/{number}/give-back",
        "POST /console/leads/{number}/messages/{message_id}/cancel",
        "POST /console/leads/{number}/messages/{message_id}/failed",
        "POST /console/leads/{number}/messages/{message_id}/move",
        "POST /console/leads/{number}/move",
        "POST /console/leads/{number}/note",
        "POST /console/leads/{number}/pause",
        "POST /console/leads/{number}/referrals/{which}/accept",
        "POST /console/leads/{number}/referrals/{which}/amendments/{amendment_id}",
        "POST /console/leads/{number}/referrals/{which}/ask",
        "POST /console/leads/{number}/referrals/{which}/confirm-withdrawal",
        "POST /console/leads/{number}/referrals/{which}/decline",
        "POST /console/leads/{number}/referrals/{which}/go-on",
        "POST /console/leads/{number}/referrals/{which}/hand-on",
        "POST /console/leads/{number}/referrals/{which}/not-theirs",
        "POST /console/leads/{number}/referrals/{which}/reopen",
        "POST /console/leads/{number}/referrals/{which}/verify",
        "POST /console/leads/{number}/resume",
        "POST /console/leads/{number}/safe-again",
        "POST /console/leads/{number}/take",
        "POST /console/leads/{number}/todos/{todo_id}/done",
        "POST /console/leads/{number}/visit-missed",
        "POST /console/leads/{number}/visit-moved",
        "POST /console/leads/{number}/visit/act",
        "POST /console/leads/{number}/visit/choose",
        "POST /console/quarantine/{quarantined_id}/discard",
        "POST /console/quarantine/{quarantined_id}/let-in",
        "POST /console/sending/{message_id}/decide",
        "POST /console/sending/{message_id}/failed",
        "POST /console/visits/blocks",
        "POST /console/visits/blocks/{block_id}/lift",
    },
    CLINICIANS: {"POST /console/leads/{number}/release"},
    SENIOR: {
        "POST /console/leads/{number}/restrict",
        "POST /console/leads/{number}/unrestrict",
        "POST /console/sending/pause",
        "POST /console/sending/restored",
        "POST /console/sending/resume",
    },
    SUPERVISORS: {
        "POST /console/openings/{opening_id}/seen",
        "POST /console/visits/feeds",
        "POST /console/visits/feeds/{feed_id}/revoke",
    },
    SUPERVISORS | {"auditor"}: {"GET /console/openings"},
    RESETTERS: {
        "GET /console/colleagues",
        "POST /console/colleagues/{account_id}/reset-password",
        "POST /console/colleagues/{account_id}/reset-second-factor",
        "POST /console/colleagues/{account_id}/sign-out",
    },
    MANAGERS: {
        "POST /console/colleagues",
        "POST /console/colleagues/{account_id}/disable",
        "POST /console/colleagues/{account_id}/enable",
        "POST /console/colleagues/{account_id}/invite-again",
        "POST /console/colleagues/{account_id}/roles",
    },
    OVERSEERS: {
        "GET /console/leads/{number}/reads",
        "GET /console/record",
        "GET /console/record/export.csv",
        "POST /console/record/verify",
    },
}
