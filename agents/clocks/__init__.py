"""When edges act: clocks, one kind a file."""

from ...engine.registry import load_folder
from .base import Clock as Clock

load_folder(__name__)
