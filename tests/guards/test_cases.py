"""Every one of the 77 cases of money has a test, and that test asks in the end whether the books balance."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cases import CASES, WAITING

TESTS = Path(__file__).resolve().parents[1]
QUESTION = "assert_books_balance"
"""A test of a case asks this, by itself or through a helper of its file."""
WITH_BOOKS = frozenset(
    {"books", "client", "committed", "connection", "platform", "rich", "sandbox", "session"}
)
"""Fixtures with a database behind them; a test without any of them (how a text is read, say) has no books to ask."""


def _marks(function: ast.FunctionDef) -> Iterator[int]:
    for decorator in function.decorator_list:
        if (
            isinstance(decorator, ast.Call)
            and isinstance(decorator.func, ast.Attribute)
            and decorator.func.attr == "case"
        ):
            for argument in decorator.args:
                assert isinstance(argument, ast.Constant), f"{function.name}: a case is named by its number"
                yield int(argument.value)


def _called(node: ast.AST) -> set[str]:
    """Names a function calls or hands on (a helper given as an argument counts as called)."""
    return {part.id for part in ast.walk(node) if isinstance(part, ast.Name)} | {
        part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)
    }


def _functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    """The functions of a file, and those of the helpers it imports from the tests."""
    found: dict[str, ast.FunctionDef] = {}
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests."):
            helper = TESTS.parent / f"{str(node.module).replace('.', '/')}.py"
            if helper.is_file() and helper.name != "invariants.py":
                found |= _own_functions(ast.parse(helper.read_text()))
    return found | _own_functions(tree)


def _own_functions(tree: ast.Module) -> dict[str, ast.FunctionDef]:
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def _asks(function: ast.FunctionDef, functions: dict[str, ast.FunctionDef]) -> bool:
    seen: set[str] = set()
    open_names = _called(function)
    while open_names:
        if QUESTION in open_names:
            return True
        seen |= open_names
        open_names = {
            name for known in open_names & functions.keys() for name in _called(functions[known])
        } - seen
    return False


def _has_books(function: ast.FunctionDef) -> bool:
    return bool(WITH_BOOKS & {argument.arg for argument in function.args.args})


def _is_for_all(function: ast.FunctionDef) -> bool:
    """Whether this is a fixture round every test of its file."""
    words = [ast.unparse(decorator) for decorator in function.decorator_list]
    return any("fixture" in word and "autouse=True" in word for word in words)


def _shown() -> dict[int, list[tuple[str, bool]]]:
    found: dict[int, list[tuple[str, bool]]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        text = path.read_text()
        if "mark.case" not in text:
            continue
        functions = _functions(ast.parse(text))
        for_all = any(_is_for_all(one) and _asks(one, functions) for one in functions.values())
        for name, function in functions.items():
            for number in _marks(function):
                place = f"{path.relative_to(TESTS)}::{name}"
                asks = for_all or not _has_books(function) or _asks(function, functions)
                found.setdefault(number, []).append((place, asks))
    return found


SHOWN = _shown()


def test_the_list_is_whole() -> None:
    assert sorted(CASES) == list(range(1, 78))
    assert set(CASES) >= WAITING


def test_only_cases_that_exist_are_shown() -> None:
    assert set(SHOWN) - set(CASES) == set()


@pytest.mark.parametrize("number", sorted(CASES))
def test_every_case_has_a_test(number: int) -> None:
    if number in WAITING:
        places = [place for place, _ in SHOWN.get(number, [])]
        assert not places, f"case {number} is shown by {places}: take it out of WAITING in tests/cases.py"
    else:
        assert number in SHOWN, f"no test carries @pytest.mark.case({number}): {CASES[number]}"


def test_every_test_of_a_case_asks_whether_the_books_balance() -> None:
    silent = [place for places in SHOWN.values() for place, asks in places if not asks]
    assert silent == []
