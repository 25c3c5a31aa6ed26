"""The `[circuit]` table of a scenario: which circuit to build, one kind a file."""

from ...engine.registry import load_folder
from .base import CircuitKind as CircuitKind

load_folder(__name__)
