"""What takes mail away: a file per carrier."""
