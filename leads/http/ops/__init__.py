"""What those who run the system ask: is it up, is it ready, how is it doing."""
