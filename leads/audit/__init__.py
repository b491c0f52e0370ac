"""What happened, who did it and who looked: append-only, chained by a seal."""
