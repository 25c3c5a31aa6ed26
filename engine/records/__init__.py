"""What is kept: event logs, run folders, ledgers, each written whole or not at all."""
