"""The path factorisation: structure, numbers, walks along the elimination tree."""
