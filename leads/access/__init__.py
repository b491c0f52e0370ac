"""Who is let in, and who opened what is restricted."""
