"""The pages anybody may open: inquiry, confirmation, crisis, unsubscribe, preferences, the embedded form."""
