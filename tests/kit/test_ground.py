"""Settings, keys, text and paths: the small promises everything else stands on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from coevolve.config import Settings, SettingsError
from coevolve.kit import text
from coevolve.kit.db import uuid7
from coevolve.kit.errors import Invalid
from coevolve.kit.pages import local_path

GOOD = {
    "DATABASE_URL": "postgresql://app@db/coevolve",
    "REDIS_URL": "redis://redis/0",
    "SECRET_KEY": "k" * 40,
    "COEVOLVE_PUBLIC_URL": "https://co-evolve.example",
    "SMTP_URL": "smtp://mail:25",
    "STRIPE_SECRET_KEY": "sk_live_x",
    "STRIPE_WEBHOOK_SECRET": "whsec_x",
}


def test_production_is_the_default_and_complete_settings_pass() -> None:
    assert Settings.from_environment(GOOD).is_production


@pytest.mark.parametrize("name", sorted(GOOD))
def test_a_missing_setting_is_named(name: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment({key: value for key, value in GOOD.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STRIPE_API_BASE", "http://127.0.0.1:9999"),
        ("STRIPE_CHECKOUT_ORIGIN", "http://127.0.0.1:9999"),
        ("SECRET_KEY", "short"),
        ("COEVOLVE_PUBLIC_URL", "http://co-evolve.example"),
        ("COEVOLVE_FAULT", "payments.after_call"),
        ("COEVOLVE_PAGE_SIZE", "many"),
        ("COEVOLVE_ENV", "staging"),
    ],
)
def test_production_refuses_unsafe_settings(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        Settings.from_environment(GOOD | {name: value})


def test_settings_are_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings.from_environment(GOOD).env = "test"  # type: ignore[misc]


def test_a_secret_may_come_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("f" * 40 + "\n", encoding="utf-8")
    read = Settings.from_environment(
        {k: v for k, v in GOOD.items() if k != "SECRET_KEY"} | {"SECRET_KEY_FILE": str(path)}
    )
    assert read.secret_key == "f" * 40


def test_uuid7_is_ordered_and_unique() -> None:
    keys = [uuid7() for _ in range(10_000)]
    assert keys == sorted(keys)
    assert len(set(keys)) == len(keys)
    assert {key.version for key in keys} == {7}
    assert {key.variant for key in keys} == {"specified in RFC 4122"}


@pytest.mark.parametrize(
    "hostile",
    [
        "//e.example",
        "/\\e.example",
        "https:e",
        "https://e",
        "javascript:alert(1)",
        "/\te",
        "/ e",
        "",
        None,
        "e",
        "/a\nb",
    ],
)
def test_only_local_paths_are_followed(hostile: str | None) -> None:
    assert local_path(hostile, "/home") == "/home"


def test_a_local_path_is_kept() -> None:
    assert local_path("/jelajah?tempat=53.02&sektor=water") == "/jelajah?tempat=53.02&sektor=water"


@pytest.mark.parametrize(
    "source",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://e.example/x.png)",
        "<img src=x onerror=alert(1)>",
        "[x](data:text/html,hi)",
        '<a href="x" onclick="y">z</a>',
    ],
)
def test_rich_text_carries_no_script(source: str) -> None:
    html = str(text.markdown(source))
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html
    assert "<a href=" not in html or "nofollow" in html


def test_rich_text_keeps_what_people_write() -> None:
    html = str(text.markdown("# Air bersih\n\n**Penting** dan [tautan](https://desa.example)"))
    assert "<h3>Air bersih</h3>" in html
    assert "<strong>Penting</strong>" in html
    assert 'rel="nofollow ugc noopener"' in html


def test_slugs_are_ascii_and_never_empty() -> None:
    assert (
        text.slugify("Air bersih untuk 312 keluarga di Désa Oelbubuk")
        == "air-bersih-untuk-312-keluarga-di-desa-oelbubuk"
    )
    assert text.slugify("村") == ""
    assert text.unique_slug("村")
    assert len(text.slugify("kata " * 100)) <= 60


def test_clean_text_drops_marks_that_turn_or_hide() -> None:
    assert text.clean_line(" Yayasan\u202e \u200bMata\tAir ") == "Yayasan Mata Air"
    assert text.clean_text("a\r\n\r\n\r\n\r\nb\x07") == "a\n\nb"
    with pytest.raises(Invalid):
        text.refuse_nul("a\x00b")
