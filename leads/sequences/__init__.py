"""What is said when: sequences as files, a pure plan, and rows that follow it."""
