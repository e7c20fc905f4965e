"""`coevolve i18n ...`: which sentences lack their English, stand twice, or are used no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[2]
KEYWORDS: dict[str, Any] = {
    "_": None,
    "gettext": None,
    "lazy": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}
SPEAKS_ENGLISH = frozenset({"commands", "embedded", "payment_sandbox", "demo_world"})
"""Parts whose words are for developers, or that carry their own."""


def used() -> dict[str, list[str]]:
    """Every sentence in code and templates, with the places where it stands."""
    found: dict[str, list[str]] = defaultdict(list)
    for path, method in _sources():
        for line, message in _extract(path, method):
            found[message].append(f"{path.relative_to(ROOT)}:{line}")
    return dict(found)


def translated(language: str = "en") -> dict[str, list[str]]:
    """Every sentence that has a translation, with the files it stands in."""
    from babel.messages.pofile import read_po

    from coevolve.kit.i18n import catalogue_files

    found: dict[str, list[str]] = defaultdict(list)
    for path in catalogue_files(language):
        with path.open("rb") as source:
            for message in read_po(source, locale=language):
                if message.id and _is_complete(message) and not message.fuzzy:
                    found[_first(message.id)].append(path.name)
    return dict(found)


def _first(identity: Any) -> str:
    return str(identity if isinstance(identity, str) else identity[0])


def _is_complete(message: Any) -> bool:
    words = message.string
    return bool(words) if isinstance(words, str) else all(words)


def _sources() -> Iterator[tuple[Path, str]]:
    for folder in ("coevolve", "workers"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not SPEAKS_ENGLISH & set(path.relative_to(ROOT).parts):
                yield path, "python"
    for kind in ("*.html", "*.txt", "*.xml"):
        for path in sorted((ROOT / "templates").rglob(kind)):
            yield path, "jinja2.ext:babel_extract"


def _extract(path: Path, method: str) -> Iterator[tuple[int, str]]:
    from babel.messages.extract import extract

    options: Any = {"silent": "false", "trimmed": "true"}
    with path.open("rb") as source:
        for line, message, _comments, _context in extract(method, source, keywords=KEYWORDS, options=options):
            words = message if isinstance(message, str) else message[0]
            if words:
                yield line, words


@click.group("i18n")
def group() -> None:
    """Sentences and their English."""


@group.command("missing")
def missing_command() -> None:
    """List sentences without English; exit 1 when there are any."""
    have = translated()
    lacking = {words: places for words, places in used().items() if words not in have}
    for words, places in sorted(lacking.items(), key=lambda item: item[1][0]):
        click.echo(f"{places[0]}: {words}")
    for words, files in sorted(have.items()):
        if len(files) > 1:
            click.echo(f"stands in {', '.join(files)}: {words}")
            lacking[words] = files
    if lacking:
        raise click.ClickException(f"{len(lacking)} sentences to see to")
    click.echo(f"all {len(have)} sentences have their English")


@group.command("unused")
def unused_command() -> None:
    """List translations of sentences that no longer stand anywhere."""
    stand = used()
    for words, files in sorted(translated().items(), key=lambda item: item[1][0]):
        if words not in stand:
            click.echo(f"{files[0]}: {words}")
