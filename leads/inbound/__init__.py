"""What comes back by mail: what became of a message, told by carriers, mail servers and readers."""
