"""Plug-ins: modules and files that hold somebody's kinds, loaded here and by every worker."""

from __future__ import annotations

import hashlib
import linecache
import os
import re
import sys
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from threading import RLock
from types import ModuleType

from ..engine.errors import (
    MOST_OF_PATH,
    OhmtickError,
    RecordError,
    nearest,
    reason,
    shortened,
    shown,
)
from ..engine.records.reading import read_text
from ..engine.registry import DIGESTS

#: What the module of a plug-in file is called, before the file's own name.
PREFIX = "ohmtick_plugin_"


@dataclass(frozen=True)
class Plugin:
    """A module of kinds, as a worker is sent it.

    Attributes
    ----------
    module : str
        What it is imported as.
    file : str
        Its path; "" of an installed module, which workers have to have as well.
    text : str
        Of the file.
    """

    module: str
    file: str = ""
    text: str = ""


_LOADED: dict[str, Plugin] = {}
_LOADING = RLock()


def load_plugin(source: str | Path) -> Plugin:
    """Make the kinds of a module, or of a file, known in this session and to its workers.

    Parameters
    ----------
    source
        The name of a module that can be imported, or the path of a file that ends in ``.py``.

    Raises
    ------
    OhmtickError
        When it cannot be imported, or another file of that name is loaded.
    RecordError
        When the file cannot be read.
    """
    name = os.fspath(source)
    if not name.endswith(".py"):
        return load(Plugin(name))
    path = Path(name).absolute()
    try:
        text = read_text(path)
    except UnicodeDecodeError:
        raise OhmtickError(f"the plug-in {path} is not Python: it is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        hint = nearest(path.name, (file.name for file in path.parent.glob("*.py")))
        raise RecordError(
            f"cannot read the plug-in {shortened(path, MOST_OF_PATH)}: {reason(error)}"
            + (f"; {hint}" if hint else "")
        ) from None
    plugin = Plugin(PREFIX + re.sub(r"\W", "_", path.stem, flags=re.ASCII), str(path), text)
    held = _LOADED.get(plugin.module)
    if held is not None and held.file != plugin.file:
        raise OhmtickError(
            f"the plug-in {path} must have another name: {held.file} is loaded already"
        )
    return load(plugin)


def load(plugin: Plugin) -> Plugin:
    """Import a plug-in, unless it is loaded already; one that has changed is imported anew.

    Raises
    ------
    OhmtickError
        When it cannot be imported.
    """
    if _LOADED.get(plugin.module) == plugin:
        return plugin
    with _LOADING:  # threads of a worker
        if _LOADED.get(plugin.module) != plugin:
            try:
                if plugin.file:
                    _execute(plugin)
                else:
                    import_module(plugin.module)
            except Exception as error:  # whatever somebody else's code raises
                what = plugin.file or shown(plugin.module)
                kind = "" if isinstance(error, OhmtickError) else f"{type(error).__name__}: "
                raise OhmtickError(
                    f"the plug-in {what} cannot be imported{_where(error, plugin)}: {kind}{error}"
                ) from error
            _LOADED[plugin.module] = plugin
    return plugin


def loaded() -> tuple[Plugin, ...]:
    """Return the plug-ins of this session, in the order in which they were loaded."""
    return tuple(_LOADED.values())


def _execute(plugin: Plugin) -> None:
    """Run a file's text as a module, wherever this is: a worker need not have the file."""
    module = ModuleType(plugin.module)
    module.__file__ = plugin.file
    lines = plugin.text.splitlines(keepends=True)
    linecache.cache[plugin.file] = (len(plugin.text), None, lines, plugin.file)
    DIGESTS[plugin.module] = hashlib.sha256(plugin.text.encode()).hexdigest()
    before = sys.modules.get(plugin.module)
    sys.modules[plugin.module] = module
    try:
        exec(compile(plugin.text, plugin.file, "exec"), vars(module))
    except BaseException:
        del sys.modules[plugin.module]
        if before is not None:
            sys.modules[plugin.module] = before
        raise


def _where(error: BaseException, plugin: Plugin) -> str:
    """Return the line of a plug-in's file at which an error was raised."""
    line, trace = 0, error.__traceback__
    while trace is not None:
        if plugin.file and trace.tb_frame.f_code.co_filename == plugin.file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f" (line {line})" if line else ""
