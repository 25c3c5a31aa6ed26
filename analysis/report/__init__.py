"""Reports, replays and films of runs and studies."""
