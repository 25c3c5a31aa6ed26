"""Networks: one answer to what the drops are now, a file."""
