"""What the clinic does: a folder per noun, a file per verb."""
