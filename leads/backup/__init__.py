"""Taking the whole database away, encrypted, and bringing it back; the key ring travels apart."""
