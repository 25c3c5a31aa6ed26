"""What edges change: resistors, one kind a file."""

from ...engine.registry import load_folder
from .base import Resistor as Resistor

load_folder(__name__)
