"""The columns of a file of data: CSV, Parquet or NPZ; nothing that is in one is ever executed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import PurePath
from typing import Any
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

from ..engine.errors import TooLargeError, nearest, reason, shortened, shown
from ..engine.memory import check_memory
from ..engine.records.attached import AttachedFile

Column = NDArray[Any]
#: A whole number as Python writes it, which is no other text; of 64 bits.
_WHOLE = re.compile(r"0|-?[1-9][0-9]{0,17}")
#: The names of all columns, and what reads some of them, one of which may hold labels.
Opened = tuple[list[str], Callable[[Sequence[str], str | None], list[Column]]]


def columns_of(
    file: AttachedFile, wanted: Mapping[str, str], labels: str | None = None
) -> dict[str, Column]:
    """Return some columns of a file by name, each of shape (D,).

    Parameters
    ----------
    file
        CSV, Parquet or NPZ, as its name ends. An array X of an NPZ that is a matrix has the columns
        X0, X1, ….
    wanted
        The name of a column for each key that asks for one.
    labels
        The name of one that holds labels. A CSV has no types: there they are whole numbers where
        each is written as Python writes one, else text, and only an empty one is missing (NaN).
        Fractions are numbers still.

    Raises
    ------
    ValueError
        For what is no such table, and for a column that is not there; the message begins with the
        key.
    TooLargeError
        When they do not fit into memory.
    """
    name, suffix = shown(str(file)), PurePath(file).suffix.lower()
    if suffix not in _FORMATS:
        raise ValueError(f"'file' must end in {', '.join(_FORMATS)}, got {name}")
    try:
        there, read = _FORMATS[suffix](file.content)
        _check_names(name, there, wanted)
        asked = list(dict.fromkeys(wanted.values()))
        columns = dict(zip(asked, read(asked, labels), strict=True))
    except (TooLargeError, _WrongNameError):
        raise
    except (ValueError, OSError, BadZipFile, EOFError) as error:
        said = reason(error) if file.content else "it is empty"
        if "allow_pickle" in said:
            said = "it holds Python objects, a pickle, which is never loaded; save numbers or text"
        raise ValueError(f"'file' must be a table, got {name}: {shortened(said, 200)}") from None
    if len({len(column) for column in columns.values()}) > 1:
        lengths = ", ".join(f"{len(column)} of {shown(key)}" for key, column in columns.items())
        raise ValueError(f"the columns of {name} must be of one length, got {lengths}")
    return columns


def first_masked(values: Any) -> tuple[int, ...]:
    """Return where the first masked entry of an array is; () where there is none.

    What is made of a masked array elsewhere has what lies below the mask.
    """
    if not np.ma.is_masked(values):
        return ()
    return tuple(int(each) for each in np.argwhere(np.ma.getmaskarray(values))[0])


class _WrongNameError(ValueError):
    """A column that there is not, or twice."""


def _check_names(file: str, there: list[str], wanted: Mapping[str, str]) -> None:
    if len(set(there)) < len(there):
        twice = next(name for name in there if there.count(name) > 1)
        raise _WrongNameError(f"the columns of {file} must all differ, got {shown(twice)} twice")
    for key, name in wanted.items():
        if name not in there:
            hint = nearest(name, there)
            raise _WrongNameError(
                f"{shortened(key)!r} must be a column of {file}, "
                f"got {shown(name)}" + (f"; {hint}" if hint else "")
            )


def _csv(content: bytes) -> Opened:
    import pandas as pd

    first = pd.read_csv(
        BytesIO(content), header=None, nrows=1, dtype=str, skipinitialspace=True, na_filter=False
    )
    there = [name.strip() for name in first.iloc[0]]

    def frame_of(**types: Any) -> pd.DataFrame:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            try:
                frame: pd.DataFrame = pd.read_csv(
                    BytesIO(content),
                    header=0,
                    names=range(len(there)),
                    index_col=False,
                    skipinitialspace=True,
                    low_memory=False,
                    **types,
                )
            except pd.errors.ParserWarning:
                raise ValueError(
                    f"rows have more than the {len(there)} columns of the first"
                ) from None
        return frame

    def read(names: Sequence[str], labels: str | None) -> list[Column]:
        frame = frame_of()
        found = {name: frame[there.index(name)].to_numpy() for name in names}
        if labels is not None:
            text = frame_of(usecols=[there.index(labels)], dtype=str, na_filter=False)
            found[labels] = _labels(text.iloc[:, 0].str.strip().to_numpy(dtype=object))
        return list(found.values())

    return there, read


def _labels(texts: Column) -> Column:
    if all(map(_WHOLE.fullmatch, texts)):
        return texts.astype(np.int64)
    with suppress(ValueError):  # a word
        numbers = texts.astype(np.float64)
        if (np.isfinite(numbers) & (numbers != np.round(numbers))).any():
            return numbers  # measured, and no labels
    return np.array([text or np.nan for text in texts], dtype=object)


def _parquet(content: bytes) -> Opened:
    from pyarrow import parquet

    file = parquet.ParquetFile(BytesIO(content))

    def read(names: Sequence[str], _: str | None) -> list[Column]:
        rows = file.metadata.num_rows
        check_memory(f"a table of {rows} rows", 8 * rows * len(names))
        table = file.read(columns=list(names))
        return [table.column(name).to_pandas().to_numpy() for name in names]

    return list(file.schema_arrow.names), read


def _npz(content: bytes) -> Opened:
    with ZipFile(BytesIO(content)) as archive:
        size = sum(member.file_size for member in archive.infolist())
    check_memory("the arrays of an NPZ", size)
    columns: list[tuple[str, Column]] = []
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        for name in arrays.files:
            array = arrays[name]
            if array.ndim == 2:
                columns += [(f"{name}{place}", column) for place, column in enumerate(array.T)]
            elif array.ndim == 1:
                columns.append((name, array))
            else:
                raise ValueError(
                    f"the array {shown(name)} must have 1 or 2 dimensions, got {array.ndim}"
                )
    held = dict(columns)
    return [name for name, _ in columns], lambda names, _: [held[name] for name in names]


_FORMATS = {".csv": _csv, ".parquet": _parquet, ".npz": _npz}
