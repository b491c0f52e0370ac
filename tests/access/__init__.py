"""Invitations, restricted records and who opened them."""
