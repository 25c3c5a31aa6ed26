"""The settings of an agent or of a part of it: declared once, validated, immutable."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base of every setting: frozen, strict about types, and closed to unknown keys.

    A part is data. It is what a scenario file holds under one key, and it knows how to build
    what it describes; it keeps no state of a run.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        use_attribute_docstrings=True,
        validate_default=True,
    )
