"""Packs columns of numbers into the text of a page; page/columns.js unpacks them."""

from __future__ import annotations

import base64
import gzip
import math
from typing import Any

import numpy as np
import numpy.typing as npt

Packed = dict[str, Any]


def pack(values: npt.ArrayLike, kind: str) -> Packed:
    """Pack numbers as they are.

    The bytes of all numbers are sorted by their place in a number, because neighbours share their
    leading ones, then compressed, then written in base 64.

    Parameters
    ----------
    values : array_like, shape (n,)
        The numbers.
    kind : str
        NumPy's name of their type in the page: "f8", "f4", "i4", "u4", "i2", "u2" or "u1".
    """
    column = np.ascontiguousarray(values, dtype=np.dtype(f"<{kind}"))
    planes = column.view(np.uint8).reshape(column.size, column.itemsize).T
    packed = gzip.compress(planes.tobytes(), compresslevel=6, mtime=0)
    text = base64.b64encode(packed).decode("ascii")
    return {"kind": kind, "length": int(column.size), "bytes": text}


def pack_index(values: npt.ArrayLike) -> Packed:
    """Pack whole numbers from 0 in the narrowest type that holds them."""
    column = np.asarray(values)
    most = int(column.max()) if column.size else 0
    return pack(column, "u1" if most < 1 << 8 else "u2" if most < 1 << 16 else "u4")


def pack_rounded(values: npt.ArrayLike) -> Packed:
    """Pack numbers in 16 bits, rounded to 1/32767 of the largest."""
    column = np.asarray(values, dtype=float)
    step = float(np.abs(column).max(initial=0.0)) / 32767 or 1.0
    return pack(np.rint(column / step), "i2") | {"step": step}


def pack_logarithms(values: npt.ArrayLike, low: float, high: float) -> Packed:
    """Pack positive numbers in 16 bits, each in its place between the logarithms of two bounds.

    Of the 65536 places each 256 are one of 256 colours, so the colour stays exact.
    """
    place = np.log(np.asarray(values, dtype=float) / low) / math.log(high / low)
    code = np.clip(np.floor(65536 * place), 0, 65535)
    return pack(code, "u2") | {"low": low, "ratio": high / low}
