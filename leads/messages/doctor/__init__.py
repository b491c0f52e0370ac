"""What others see of our mail: names, keys, lines and pages, looked at from outside, and what to publish where they are wrong."""
