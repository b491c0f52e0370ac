"""The loop to the referring clinician: what becomes of a referral, and what its sender is told of it."""
