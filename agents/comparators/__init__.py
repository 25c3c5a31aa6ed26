"""How well edges read: comparators, one kind a file."""

from ...engine.registry import load_folder
from .base import Comparator as Comparator

load_folder(__name__)
