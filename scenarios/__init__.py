"""What to simulate: scenarios, tasks, the library, and the `ohmtick` command."""
