"""How edges learn: rules, one kind a file."""

from ...engine.registry import load_folder
from .base import Rule as Rule

load_folder(__name__)
