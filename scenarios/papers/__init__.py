"""Reproductions of papers: their studies, and what only code can make."""
