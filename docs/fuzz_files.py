"""Broken files, made from those of the library: each a function of a seed and its number."""

from __future__ import annotations

import datetime
import math
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import tomli_w

import ohmtick

#: A table or a list, and a key or a place in it.
Spot = tuple[Any, Any]

_TEXTS = (
    "", " ", "none", "random", "aligned", "nan", "0", "-1", "a.b", "../x", "/dev/zero", "🙂",
    "x" * 100_000, "\x1b[31mred\x1b[0m", "a\x00b", "a\nb", "\x9b2J", "\u202etxet", "$\\frac{$",
    "${", "%s{0}", "'\"", "\ufeff", "\u2028",
)  # fmt: skip
_NUMBERS = (
    0, 1, -1, 2, 3, 7, 100, 10_000, 2**31, 2**32, 2**53, 2**62, 2**63, 2**64, 10**12, 10**18,
    10**400, -(10**400), 0.0, -0.0, 0.1, 0.5, 1.0, 1.5, 1e3, 1e9, 1e15, 1e16, 1e30, 1e150, 1e300,
    1.7e308, -1e308, 1e-3, 1e-9, 1e-15, 1e-16, 1e-30, 1e-150, 1e-308, 5e-324, 1 - 1e-16,
    math.inf, -math.inf, math.nan,
)  # fmt: skip
_OTHERS: tuple[Any, ...] = (
    True, False, [], {}, [[]], [{}], {"kind": "periodic"}, {"": 1}, {"low": 0.0, "high": 1.0},
    {"low": 1.0, "high": 1e308, "scale": "log"}, [0] * 1000, [0.5, 0.5], ["4", "4"], [1, "1"],
    datetime.date(2022, 4, 14), datetime.datetime(2022, 4, 14, 1, 2, 3), datetime.time(1, 2, 3),
)  # fmt: skip
#: Values that only Python can hand over.
_PYTHON = (
    None, b"bytes", "\ud800", 10**5000, (1, 2), {1: 2}, {"\udc80": 1}, object, 1j, range(3),
)  # fmt: skip
#: What text is broken with.
_SCRAPS = (
    b"\x00", b"\x1b[2J", b"\xff\xfe", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"=", b"[", b"]]", b'"',
    b'"""', b"\r", b"\n", b"9" * 5000, b"[" * 5000, b"{a=" * 2000, b"a." * 500, b"= 2022-13-45\n",
    b"= 1e999999\n", b"= inf\n", b"\n[circuit]\n", b"\n[[paired]]\n", b"\n[grid]\n", b"0x", b"_",
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A broken file."""

    number: int
    name: str
    """What it was made of."""
    study: bool
    """Whether that was a study."""
    content: bytes
    """The file."""
    tables: dict[str, Any] | None
    """Instead, what only Python can hand over."""
    change: str
    """KEY=VALUE, for the command."""


@cache
def library() -> tuple[tuple[str, bool, bytes], ...]:
    """Return the scenarios and studies that come along: name, whether it is a study, content."""
    root = Path(ohmtick.__file__).parent / "scenarios"
    files = [(file, False) for file in sorted((root / "library").glob("*.toml"))]
    papers = sorted((root / "papers" / "wycoff2022").glob("*.toml"))
    files += [(file, b"[grid]" in file.read_bytes()) for file in papers]
    files += [(file, True) for file in sorted((root / "studies" / "library").glob("*.toml"))]
    return tuple(
        (file.stem, study, file.read_bytes()) for file, study in files if file.stem != "studies"
    )


def case(seed: int, number: int) -> Case:
    """Return the case of a number."""
    rng = Random(f"{seed}/{number}")
    name, study, content = rng.choice(library())
    tables = None
    if rng.random() < 0.3:
        content = _broken_text(content, rng)
    else:
        changed = tomllib.loads(content.decode())
        if study and isinstance(base := changed.get("scenario"), str):
            texts = {name: text for name, _, text in library()}
            if base.endswith(".toml") or rng.random() < 0.3:
                changed["scenario"] = tomllib.loads(texts[base.removesuffix(".toml")].decode())
        for _ in range(rng.choice((1, 1, 1, 2, 3))):
            rng.choice(_CHANGES)(changed, rng)
        if not study and rng.random() < 0.1:
            holder, key = rng.choice(list(_spots(changed)))
            holder[key] = _copy(rng.choice(_PYTHON))
            tables = changed
        else:
            content = _written(changed)
    return Case(number, name, study, content, tables, _change(content, rng))


def _written(tables: dict[str, Any]) -> bytes:
    return tomli_w.dumps(tables).encode("utf-8", "surrogatepass")


def _spots(holder: Any) -> Iterator[Spot]:
    """Yield every place in tables and lists, at most some hundred of one list."""
    places = holder.items() if isinstance(holder, dict) else enumerate(holder[:200])
    for key, value in list(places):
        yield holder, key
        if isinstance(value, dict | list):
            yield from _spots(value)


def _somewhere(tables: dict[str, Any], rng: Random) -> Spot:
    spots = list(_spots(tables))
    return rng.choice(spots) if spots else (tables, "title")


def _delete(tables: dict[str, Any], rng: Random) -> None:
    holder, key = _somewhere(tables, rng)
    if isinstance(holder, list) or key in holder:
        del holder[key]


def _rename(tables: dict[str, Any], rng: Random) -> None:
    holder, key = _somewhere(tables, rng)
    if isinstance(holder, dict) and key in holder:
        name = rng.choice((key[:-1], key + key[-1:], "kind", "versions", *_TEXTS))
        holder[name] = holder.pop(key)


def _replace(tables: dict[str, Any], rng: Random) -> None:
    holder, key = _somewhere(tables, rng)
    kind: tuple[Any, ...] = rng.choice((_TEXTS, _NUMBERS, _NUMBERS, _OTHERS))
    holder[key] = _copy(rng.choice(kind))  # a later change must not change it for other cases


def _scale(tables: dict[str, Any], rng: Random) -> None:
    """Change a number by some decades: much of this is still valid, and runs."""
    numbers = [
        (holder, key)
        for holder, key in _spots(tables)
        if isinstance(holder[key], int | float) and not isinstance(holder[key], bool)
    ]
    if numbers:
        holder, key = rng.choice(numbers)
        factor = 10.0 ** rng.uniform(-4.0, 4.0)
        if isinstance(value := holder[key], float):
            holder[key] = value * factor
        else:
            holder[key] = value * max(1, round(factor)) // max(1, round(1.0 / factor))


def _extreme(tables: dict[str, Any], rng: Random) -> None:
    """Put an odd number of the same type where one is."""
    numbers = [(h, k) for h, k in _spots(tables) if type(h[k]) in (int, float)]
    if numbers:
        holder, key = rng.choice(numbers)
        holder[key] = rng.choice([n for n in _NUMBERS if type(n) is type(holder[key])])


def _transplant(tables: dict[str, Any], rng: Random) -> None:
    """Take a value of another file to where it belongs, as deep as there are tables for it."""
    here, there = tables, tomllib.loads(rng.choice(library())[2].decode())
    while True:
        key = rng.choice(list(there) or ["kind"])
        if not (isinstance(there.get(key), dict) and isinstance(here.get(key), dict)):
            here[key] = there.get(key, 0)
            return
        here, there = here[key], there[key]


def _swap(tables: dict[str, Any], rng: Random) -> None:
    (one, here), (other, there) = _somewhere(tables, rng), _somewhere(tables, rng)
    if here in one if isinstance(one, dict) else True:
        one[here] = _copy(other[there] if not isinstance(other, dict) else other.get(there, 0))


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(inner) for key, inner in value.items()}
    return [_copy(inner) for inner in value] if isinstance(value, list) else value


def _nest(tables: dict[str, Any], rng: Random) -> None:
    holder, key = _somewhere(tables, rng)
    value = holder[key] if not isinstance(holder, dict) else holder.get(key, 0)
    for _ in range(rng.choice((1, 2, 40, 100))):
        value = [value] if rng.random() < 0.5 else {"a": value}
    holder[key] = value


def _repeat(tables: dict[str, Any], rng: Random) -> None:
    lists = [(h, k) for h, k in _spots(tables) if isinstance(h[k], list)]
    if lists:
        holder, key = rng.choice(lists)
        holder[key] = holder[key] * rng.choice((2, 2, 1000))


def _borrow(tables: dict[str, Any], rng: Random) -> None:
    """Take a table or a value of another file of the library."""
    other = tomllib.loads(rng.choice(library())[2].decode())
    key = rng.choice(list(other))
    tables[key] = other[key]


_CHANGES: tuple[Callable[[dict[str, Any], Random], None], ...] = (
    _delete, _rename, _replace, _replace, _replace, _scale, _scale, _scale, _extreme,
    _extreme, _extreme, _transplant, _transplant, _transplant, _swap, _nest, _repeat,
    _borrow,
)  # fmt: skip


def _broken_text(content: bytes, rng: Random) -> bytes:
    text = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 4))):
        place = rng.randrange(len(text) + 1)
        match rng.randrange(6):
            case 0 if text:
                text[min(place, len(text) - 1)] ^= 1 << rng.randrange(8)
            case 1:
                del text[place : place + rng.choice((1, 1, 5, 50))]
            case 2:
                del text[place:]
            case 3:
                lines = bytes(text).splitlines(keepends=True)
                text += rng.choice(lines) if lines else b""
            case _:
                text[place:place] = rng.choice(_SCRAPS)
    return bytes(text)


def _change(content: bytes, rng: Random) -> str:
    """Return what --set is given."""
    keys = (
        "title", "horizon", "edges.clock.period", "edges.clock", "circuit.kind", "task.data", "",
        "circuit", "edges.latency", "versions.x", "a.b.c", "seed", "probe.period", "a\x1b[2J",
    )  # fmt: skip
    values = (
        "none", "[" * 3000, "9" * 5000, "1e-308", "inf", "nan", "2022-04-14", "{a=1}", "", "1",
        "true", "0.1", "\x1b[2J", "\udc80", "1\nx = 2", "random", "square_lattice", "x" * 9999,
    )  # fmt: skip
    return f"{rng.choice(keys)}={rng.choice(values)}"
