"""Reads the `config.py` of the script that Beatporter replaces, as data: it is parsed and never executed.

Texts, numbers, lists and dicts are read, also those put together from earlier ones by +, f-strings or os.path.join. Whatever needs
Python to run (the environment, a function, a condition) is left out, with its line. Knows the script's settings and nothing of ours.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from beatporter.errors import SettingsError

PLACES = ("src/config.py", "config.py")
"""Where the script's folder has its settings; newer versions first."""
MAX_BYTES = 1_000_000
UNCHANGED = "CHANGE_ME"
"""What the script's example has where a person should write something."""
TEXTS = {"username": "username", "playlist_prefix": "prefix", "playlist_description": "description", "digging_mode": "digging"}
TABLES = {"genres": "genres", "charts": "charts", "labels": "labels", "spotify_bkp": "backups"}
SWITCHES = {
    "daily_mode": "daily",
    "add_at_top_playlist": "add_at_top",
    "overwrite_label": "overwrite_labels",
    "shuffle_label": "shuffle_labels",
    "use_gcp": "use_gcp",
}
FOLDERS = ("folder_path", "root_path", "ROOT_PATH")
NAMES = {*TEXTS, *TABLES, *SWITCHES, *FOLDERS, "daily_n_track"}
"""The script's settings that have a meaning here. Credentials are not among them: nothing reads them."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A part of the file that was not used.

    Attributes:
        line: in the file; 0 when it concerns no single line.
        what: the setting, or its entry.
    """

    line: int
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class ScriptConfig:
    """The script's settings; what the file does not say is as in the script's example.

    Attributes:
        genres, charts, labels: the person's name for each, and the path of its page on Beatport.
        backups: the accumulating playlist's name, and the id of the playlist that it backs up.
        digging: "", playlist or all.
        folders: where the script may have kept its history, as written there.
        lines: the line of each entry, by setting and name.
    """

    path: Path
    username: str = ""
    prefix: str = "Beatport: "
    description: str = ""
    digging: str = "playlist"
    genres: Mapping[str, str] = field(default_factory=dict)
    charts: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    backups: Mapping[str, str] = field(default_factory=dict)
    daily: bool = False
    daily_size: int = 15
    add_at_top: bool = True
    overwrite_labels: bool = False
    shuffle_labels: bool = False
    use_gcp: bool = False
    folders: tuple[str, ...] = ()
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    left_out: tuple[LeftOut, ...] = ()


class NotPlain(Exception):
    """An expression that cannot be read without running Python; the text says why."""


def find_config(folder: Path) -> Path:
    """The script's config.py.

    Args:
        folder: the script's folder, its `src`, or the file itself.

    Raises:
        SettingsError: there is none.
    """
    if folder.is_file():
        return folder
    for place in PLACES:
        if (folder / place).is_file():
            return folder / place
    what = f"There is no {' or '.join(PLACES)} in {folder}." if folder.is_dir() else f"{folder} is not a folder."
    raise SettingsError(what, "Name the folder of the old script: the one that holds src/config.py.")


def read_script_config(path: Path) -> ScriptConfig:
    """Read a config.py.

    Raises:
        SettingsError: it cannot be read, or is not Python.
    """
    reader = _Reader()
    for statement in _parse(path).body:
        reader.take(statement)
    return reader.config(path)


def read_plain_text(path: Path, name: str) -> str:
    """A text that a module of the script assigns to a name; empty when it does not, or cannot be read."""
    reader = _Reader()
    try:
        for statement in _parse(path).body:
            reader.take(statement)
    except SettingsError:
        return ""
    value = reader.values.get(name)
    return value if isinstance(value, str) else ""


def _parse(path: Path) -> ast.Module:
    try:
        source = path.read_bytes()
        if len(source) > MAX_BYTES:
            raise SettingsError(f"{path} has more than {MAX_BYTES:,} bytes.", "Name the old script's config.py.")
        return ast.parse(source, filename=str(path))
    except OSError as error:
        raise SettingsError(f"{path} cannot be read: {error.strerror}.", "Name the old script's folder.") from None
    except SyntaxError as error:
        raise SettingsError(f"{path} is not Python: line {error.lineno}: {error.msg}.", "Correct that line.") from None
    except (ValueError, RecursionError, MemoryError):  # null bytes, thousands of nested brackets
        raise SettingsError(f"{path} is not a Python file that can be read.", "Name the old script's config.py.") from None


class _Reader:
    """Takes a file's statements one by one.

    Attributes:
        values: of all names that could be read.
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self._lines: dict[tuple[str, str], int] = {}
        self._left: list[LeftOut] = []

    def take(self, statement: ast.stmt) -> None:
        """Read an assignment; of other statements, note the settings that they change."""
        match statement:
            case ast.Assign(targets=targets, value=value) if all(isinstance(one, ast.Name) for one in targets):
                for target in targets:
                    self._assign(ast.unparse(target), value, statement.lineno)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value):
                self._assign(name, value, statement.lineno)
            case ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name), slice=key)], value=value) if self._is_table(name):
                self._add_entry(name, self.values[name], key, value)
            case ast.AugAssign(target=ast.Name(id=name), op=ast.BitOr(), value=ast.Dict() as value) if self._is_table(name):
                self.values[name] = self.values[name] | self._table(name, value)
            case _:
                self._note(statement)

    def _note(self, statement: ast.stmt) -> None:
        """Note a statement that cannot be read; a setting that it may replace has no value any more."""
        replaced, changed = _changed_names(statement)
        for name in sorted((replaced | changed) & NAMES):
            if name in replaced:
                self.values.pop(name, None)
            self._left.append(LeftOut(statement.lineno, name, "only Python itself can say what this statement does to it"))

    def _is_table(self, name: str) -> bool:
        return isinstance(self.values.get(name), dict)

    def _assign(self, name: str, value: ast.expr, line: int) -> None:
        self.values.pop(name, None)
        try:
            self.values[name] = self._table(name, value) if isinstance(value, ast.Dict) else self._read(value)
        except NotPlain as problem:
            if name in NAMES:
                self._left.append(LeftOut(line, name, str(problem)))

    def _table(self, name: str, node: ast.Dict) -> dict[Any, Any]:
        """A dict, without the entries that cannot be read."""
        table: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                self._add_entry(name, table, key, value)
                continue
            try:
                table |= dict(self._read(value))
            except (NotPlain, TypeError, ValueError) as problem:
                self._leave(name, value.lineno, "**", str(problem))
        return table

    def _add_entry(self, name: str, table: dict[Any, Any], key: ast.expr, value: ast.expr) -> None:
        shown = ast.unparse(key)[:80]
        try:
            read_key, read_value = self._read(key), self._read(value)
            table[read_key] = read_value
            self._lines[name, str(read_key)] = key.lineno
        except (NotPlain, TypeError) as problem:
            self._leave(name, key.lineno, shown, str(problem))

    def _leave(self, name: str, line: int, entry: str, why: str) -> None:
        if name in NAMES:
            self._left.append(LeftOut(line, f"{name}: {entry}", why))

    def _read(self, node: ast.expr) -> Any:
        """The value of an expression.

        Raises:
            NotPlain: it has none without running Python.
        """
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                if name not in self.values:
                    raise NotPlain(f"it needs {name}, which is not a plain value here")
                return self.values[name]
            case ast.List(elts=parts) | ast.Tuple(elts=parts):
                return [self._read(part) for part in parts]
            case ast.Dict():
                return {self._read(key): self._read(value) for key, value in zip(node.keys, node.values, strict=True) if key is not None}
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                return self._joined(self._read(left), self._read(right))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return -number
            case ast.JoinedStr(values=parts):
                return "".join(self._text(part) for part in parts)
            case ast.Call(func=func, args=parts, keywords=[]) if ast.unparse(func) in _CALLS:
                return _CALLS[ast.unparse(func)]([self._read(part) for part in parts])
        raise NotPlain(f"{ast.unparse(node)[:60]} has no value without running Python")

    def _joined(self, left: Any, right: Any) -> Any:
        if isinstance(left, str) and isinstance(right, str):
            return left + right
        raise NotPlain("it adds two values that are not both texts")

    def _text(self, part: ast.expr) -> str:
        if isinstance(part, ast.FormattedValue):
            if part.conversion != -1 or part.format_spec is not None:
                raise NotPlain("its {…} has a format")
            return str(self._read(part.value))
        return str(self._read(part))

    def config(self, path: Path) -> ScriptConfig:
        """The settings that were read, each checked for its type."""
        found: dict[str, Any] = {}
        for kind, names in ((str, TEXTS), (bool, SWITCHES), (int, {"daily_n_track": "daily_size"})):
            for name, ours in names.items():
                if name in self.values and self._is(name, kind):
                    found[ours] = self.values[name]
        for name, ours in TABLES.items():
            if name in self.values and self._is(name, dict):
                found[ours] = self._texts(name)
        folders = tuple(value for name in FOLDERS if isinstance(value := self.values.get(name), str))
        if found.get("username") == UNCHANGED:
            del found["username"]
        return ScriptConfig(path, **found, folders=folders, lines=self._lines, left_out=tuple(sorted(self._left, key=lambda one: one.line)))

    def _is(self, name: str, kind: type) -> bool:
        value = self.values[name]
        fits = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
        if not fits:
            self._left.append(LeftOut(0, name, f"it is {type(value).__name__}, not {kind.__name__}"))
        return fits

    def _texts(self, name: str) -> dict[str, str]:
        """A table's entries whose name and value are texts."""
        table: dict[str, str] = {}
        for key, value in self.values[name].items():
            if isinstance(key, str) and isinstance(value, str):
                table[key] = value
            else:
                self._leave(name, self._lines.get((name, str(key)), 0), str(key)[:80], "name and value must be texts")
        return table


def _join_path(parts: list[Any]) -> str:
    texts = [part for part in parts if isinstance(part, str)]
    if not texts or len(texts) < len(parts):
        raise NotPlain("its parts are not texts")
    return posixpath.join(*texts)


def _as_text(parts: list[Any]) -> str:
    if len(parts) != 1 or not isinstance(parts[0], str | int | float):
        raise NotPlain("it is not one text")
    return str(parts[0])


_CALLS: Mapping[str, Callable[[list[Any]], str]] = {
    "os.path.join": _join_path,
    "path.join": _join_path,
    "join": _join_path,
    "Path": _join_path,
    "str": _as_text,
}


def _changed_names(statement: ast.stmt) -> tuple[set[str], set[str]]:
    """Names to which a statement may give another value, and names whose value it may change: `genres.update(…)`, `genres["x"] = …`.

    What a function or class does inside counts only if it says `global`.
    """
    replaced, changed = set[str](), set[str]()
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {name for node in ast.walk(statement) if isinstance(node, ast.Global) for name in node.names}, changed
    for node in ast.walk(statement):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                replaced.add(name)
            case ast.alias(name=name, asname=asname):
                replaced |= NAMES if name == "*" else {asname or name}
            case (
                ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()) | ast.Call(func=ast.Attribute(value=ast.Name(id=name)))
            ):
                changed.add(name)
    return replaced, changed
