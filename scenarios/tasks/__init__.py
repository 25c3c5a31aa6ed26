"""The `[task]` table of a scenario: what the network is to learn, one kind a file."""

from ...engine.registry import load_folder
from .arrays import from_arrays as from_arrays
from .base import Task as Task

load_folder(__name__)
