"""Studies: a scenario varied over cells and seeds, carried out and resumed."""
