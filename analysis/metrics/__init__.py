"""Metrics: what a study asks of each of its runs, by name; one subject a file."""

from ...engine.registry import load_folder
from .base import DEFAULT, METRICS, Metric, known, measure, metric, name_of, need_events

__all__ = ["DEFAULT", "METRICS", "Metric", "known", "measure", "metric", "name_of", "need_events"]

load_folder(__name__)
