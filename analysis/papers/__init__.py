"""What came of a paper's studies: statements, verdicts, figures."""
