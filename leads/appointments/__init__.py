"""The first visit: offered, booked, moved, cancelled, attended or missed."""
