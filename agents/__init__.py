"""Who acts: edges with their clocks, rules and resistors; the supervisor; the probe."""
