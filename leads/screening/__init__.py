"""What we ask before a first visit, and what a clinician should look at; the software never decides."""
