"""What a notebook shows of a circuit, a run or a study: small, self-contained HTML."""
