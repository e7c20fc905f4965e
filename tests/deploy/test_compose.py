"""The shape of production: the compose file is valid, strict, and speaks of settings that exist."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from coevolve import config

ROOT = Path(__file__).resolve().parents[2]
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OURS = ("web", "worker", "beat", "migrate")
NOT_SETTINGS = {"COEVOLVE_ENV"}


def test_it_follows_the_compose_specification() -> None:
    schema = json.loads((ROOT / "tests/vendored/compose-spec.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    errors = jsonschema.Draft202012Validator(schema).iter_errors(
        yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    )
    assert [f"{'.'.join(map(str, error.path))}: {error.message}" for error in errors] == []


def test_a_wrong_word_would_be_caught() -> None:
    schema = json.loads((ROOT / "tests/vendored/compose-spec.json").read_text())
    wrong = {"services": {"web": {"image": "x", "healthchek": {}}}}
    assert list(jsonschema.Draft202012Validator(schema).iter_errors(wrong))


@pytest.mark.skipif(
    shutil.which("docker") is None
    or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0,
    reason="no docker compose client on this machine",
)
def test_the_client_takes_it(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "COEVOLVE_PUBLIC_URL": "https://example.org",
        "COEVOLVE_MAIL_FROM": "a@example.org",
    }
    for name in yaml.safe_load((ROOT / "docker-compose.yml").read_text())["secrets"]:
        (tmp_path / name).write_text("x")
    environment["COEVOLVE_SECRETS"] = str(tmp_path)
    done = subprocess.run(
        ["docker", "compose", "--profile", "cache", "config", "--quiet"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_all_parts_are_there() -> None:
    assert set(SERVICES) == {"proxy", "web", "worker", "beat", "migrate", "postgres", "broker", "cache"}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_every_part_is_watched_and_confined(name: str) -> None:
    service = SERVICES[name]
    assert "healthcheck" in service
    assert "no-new-privileges:true" in service["security_opt"]
    if name != "postgres":  # its entry point changes the owner of its folder, then its user
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    if name in OURS:
        assert service["user"] == "10001:10001"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_no_secret_stands_in_the_environment(name: str) -> None:
    for variable in SERVICES[name].get("environment", {}):
        assert (
            variable.endswith("_FILE")
            or not any(word in variable for word in ("PASSWORD", "SECRET", "_URL"))
            or variable == "COEVOLVE_PUBLIC_URL"
        )


def test_only_migrations_hold_the_owner_role() -> None:
    holders = {
        name for name, service in SERVICES.items() if "database_owner_url" in service.get("secrets", [])
    }
    assert holders == {"migrate"}


@pytest.mark.parametrize("name", OURS)
def test_every_variable_is_a_setting(name: str) -> None:
    known = {config.environment_name(field.name) for field in dataclasses.fields(config.Settings)}
    told = {variable.removesuffix("_FILE") for variable in SERVICES[name]["environment"]}
    assert told - NOT_SETTINGS <= known


def test_web_worker_and_beat_start_with_what_they_are_given(tmp_path: Path) -> None:
    environment = {
        "COEVOLVE_PUBLIC_URL": "https://example.org",
        "COEVOLVE_MAIL_FROM": "Co-Evolve <a@example.org>",
    }
    for variable, path in SERVICES["web"]["environment"].items():
        if variable.endswith("_FILE"):
            (tmp_path / Path(path).name).write_text(
                "smtp://a:b@example.org:587" if "smtp" in path else "x" * 40
            )
            environment[variable] = str(tmp_path / Path(path).name)
        elif variable not in environment:
            environment[variable] = str(variable and path)
    made = config.Settings.from_environment(environment)
    assert made.is_production
    assert made.secret_key == "x" * 40
    assert made.proxy_hops == 1


def test_the_broker_keeps_what_it_is_told_and_the_cache_is_another() -> None:
    broker, cache = (" ".join(SERVICES[name]["command"]) for name in ("broker", "cache"))
    assert "--appendonly yes" in broker
    assert "noeviction" in broker
    assert "--appendonly no" in cache
    assert "allkeys-lru" in cache
