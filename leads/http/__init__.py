"""How people and machines reach what the clinic does: a folder per audience."""
