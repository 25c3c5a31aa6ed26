"""What papers claim, held against studies of their own: a folder a paper, on a base they share.

A paper is a `~ohmtick.analysis.papers.claims.Paper` called ``PAPER`` in the ``paper.py`` of a
folder. `estimates` makes numbers with intervals out of tables, `verdicts` judges them, `drawing`
draws them, and `report` writes it all down.
"""
