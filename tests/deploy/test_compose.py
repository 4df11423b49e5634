"""deploy/compose.yaml gives every service the least it can work with."""

import ipaddress
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
MAIL: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.mail.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
# Root inside, because each needs what only root has; nothing is left of it but the capabilities listed.
ROOT_WITHOUT_RIGHTS = {"proxy": ["NET_BIND_SERVICE"], "setup": ["CHOWN", "DAC_OVERRIDE"]}

each_service = pytest.mark.parametrize("name", sorted(SERVICES))


@each_service
def test_it_keeps_the_root_file_system_read_only(name: str) -> None:
    assert SERVICES[name]["read_only"] is True


@each_service
def test_it_drops_every_capability_that_the_service_does_not_need(name: str) -> None:
    assert SERVICES[name]["cap_drop"] == ["ALL"]
    assert SERVICES[name].get("cap_add", []) == ROOT_WITHOUT_RIGHTS.get(name, [])
    assert "no-new-privileges:true" in SERVICES[name]["security_opt"]
    assert "privileged" not in SERVICES[name]


@each_service
def test_it_runs_as_a_user_without_rights(name: str) -> None:
    user = str(SERVICES[name].get("user", "0:0"))
    assert not user.startswith("0:") or name in ROOT_WITHOUT_RIGHTS


@each_service
def test_it_writes_no_core_dump(name: str) -> None:
    assert SERVICES[name]["ulimits"] == {"core": 0}


@each_service
def test_it_names_a_version_of_every_image(name: str) -> None:
    _, _, tag = SERVICES[name]["image"].partition(":")
    assert tag
    assert "latest" not in tag


@each_service
def test_it_keeps_temporary_files_in_memory_and_unable_to_run(name: str) -> None:
    mounts = [mount for mount in SERVICES[name]["tmpfs"] if mount.startswith("/tmp:")]
    assert len(mounts) == 1
    assert {"noexec", "nosuid", "nodev"} <= set(mounts[0].partition(":")[2].split(","))


@each_service
def test_it_bounds_memory_and_processes(name: str) -> None:
    if name != "setup":
        assert SERVICES[name]["mem_limit"]
        assert SERVICES[name]["pids_limit"]


def test_it_lets_only_the_proxy_be_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert all(COMPOSE["networks"][network]["internal"] for network in ("front", "data"))
    assert set(SERVICES["app"]["networks"]) == {"front", "data"}
    assert set(SERVICES["database"]["networks"]) == {"data"}
    assert SERVICES["setup"]["network_mode"] == "none"


def test_it_has_no_secret_in_the_environment() -> None:
    for name, service in {**SERVICES, **MAIL["services"]}.items():
        for variable in service.get("environment", {}):
            assert variable.endswith("_FILE") or not re.search(
                r"KEY|PASSWORD|SECRET|TOKEN|DATABASE_URL|SMTP", variable
            ), f"{name}: {variable}"


def test_it_hands_every_secret_over_as_a_file_that_the_service_was_given() -> None:
    for service in SERVICES.values():
        given = {f"/run/secrets/{secret}" for secret in service.get("secrets", [])}
        named = set(
            re.findall(r"/run/secrets/[\w.-]+", yaml.dump([service.get("environment"), service.get("command")]))
        )
        assert named <= given
    assert all(set(service.get("secrets", [])) <= set(COMPOSE["secrets"]) for service in SERVICES.values())


def test_it_gives_the_owner_of_the_tables_to_migrations_alone() -> None:
    given = {name for name, service in SERVICES.items() if "database-owner-url" in service.get("secrets", [])}
    assert given == {"migrate"}
    assert SERVICES["migrate"]["profiles"] == ["setup"]
    owner = {"HOLDFAST_OWNER_DATABASE_URL_FILE": "/run/secrets/database-owner-url"}
    assert SERVICES["migrate"]["environment"] == SERVICES["app"]["environment"] | owner
    assert SERVICES["migrate"]["networks"] == ["data"]


def test_it_gives_the_application_neither_the_superusers_password_nor_the_servers_key() -> None:
    assert set(SERVICES["app"]["secrets"]) == {"root-key", "secret-key", "database-url", "database-certificate.pem"}
    assert "root-key" not in SERVICES["database"]["secrets"]


def test_it_trusts_the_address_of_the_proxy_and_no_other() -> None:
    proxy = SERVICES["proxy"]["networks"]["front"]["ipv4_address"]
    assert SERVICES["app"]["environment"]["HOLDFAST_TRUSTED_PROXIES"] == proxy
    network = COMPOSE["networks"]["front"]["ipam"]["config"][0]
    assert ipaddress.ip_address(proxy) in ipaddress.ip_network(network["subnet"])
    assert ipaddress.ip_address(proxy) not in ipaddress.ip_network(network["ip_range"])


def test_it_refuses_to_start_without_a_domain() -> None:
    for name in ("proxy", "app"):
        assert ":?" in yaml.dump(SERVICES[name]["environment"])


def test_its_example_of_the_environment_names_every_variable_that_compose_asks_for() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in DEPLOY.glob("compose*.yaml"))
    asked = set(re.findall(r"\$\{(\w+)", text))
    example = (DEPLOY / "env.example").read_text(encoding="utf-8")
    assert asked == set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))


def test_its_example_of_the_environment_holds_no_secret() -> None:
    example = (DEPLOY / "env.example").read_text(encoding="utf-8")
    assert not re.search(r"^#?\w*(KEY|PASSWORD|SECRET|TOKEN)\w*=", example, re.MULTILINE)
