"""The `[physics]` table of a scenario: how voltages follow what happens, one kind a file."""

from ...engine.registry import load_folder
from .base import Physics as Physics

load_folder(__name__)
