"""Plans of the real terraform, made without a cloud: see `tests.fakes.google_provider`."""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.deploy_steps import stage
from tests.fakes.google_provider import stand_in

ROOT = Path(__file__).parents[2]
PROJECT, NUMBER, REGION = "book-server", "4711", "asia-northeast3"
URL = f"https://{REGION}-{PROJECT}.cloudfunctions.net"
PROXY = {"image": "registry.example/proxy@sha256:0", "discord_guild": "1", "discord_channel": "2"}


@dataclass(frozen=True)
class Planned:
    """A resource as terraform would create it."""

    address: str
    type: str
    name: str
    key: str | None
    values: dict[str, Any]


class Plan:
    """What terraform would create."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self.provider: dict[str, Any] = plan["configuration"]["provider_config"]["google"][
            "expressions"
        ]
        self.warnings: list[str] = [
            problem["message"]
            for check in plan.get("checks", [])
            for instance in check.get("instances", [])
            for problem in instance.get("problems", [])
        ]
        self._resources = list(_resources(plan["planned_values"]["root_module"]))

    def of(self, type_: str, name: str | None = None) -> list[Planned]:
        """The resources of a type, and of a name in its module."""
        return [r for r in self._resources if r.type == type_ and name in {None, r.name}]

    def by_key(self, type_: str, name: str = "this") -> dict[str, dict[str, Any]]:
        """The values of resources that were made for each of something."""
        return {r.key: r.values for r in self.of(type_, name) if r.key is not None}

    @property
    def types(self) -> set[str]:
        return {r.type for r in self._resources}


_PLAIN = {"graph", "show", "state"}
"""Commands whose output has no colours, so that they know no `-no-color`."""


class Refused(Exception):
    """Terraform would not plan; `said` is why."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


def plan(
    folder: Path, environment: str = "production", root: Path = ROOT, **variables: object
) -> Plan:
    """What an environment would create, from nothing. Raises `Refused`."""
    copy = stage(root, folder, removing=False)
    where = copy / "infra" / "terraform" / "environments" / environment
    (where / "backend_override.tf").write_text('terraform {\n  backend "local" {}\n}\n')
    values: dict[str, object] = {
        "project": PROJECT,
        "region": REGION,
        "archives": {"light": f"{folder}/light-1.zip", "post-processing": f"{folder}/heavy-1.zip"},
    }
    if "proxy" not in variables:
        values["proxy_url"] = "https://proxy.example/mj"
    (where / "given.auto.tfvars.json").write_text(json.dumps(values | variables))
    with stand_in({"google_project": {"number": NUMBER}}) as provider:
        run(where, provider, "init", "-input=false")
        run(where, provider, "validate")
        run(where, provider, "plan", "-input=false", "-out=plan")
        return Plan(json.loads(run(where, provider, "show", "-json", "plan")))


def run(folder: Path, provider: Mapping[str, str], *arguments: str) -> str:
    """What terraform prints. Raises `Refused`."""
    done = subprocess.run(
        ["terraform", *arguments, *([] if arguments[0] in _PLAIN else ["-no-color"])],
        cwd=folder,
        env={
            **os.environ,
            **provider,
            "CHECKPOINT_DISABLE": "1",
            "TF_CLI_CONFIG_FILE": os.devnull,
            "TF_IN_AUTOMATION": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Refused(done.stdout + done.stderr)
    return done.stdout


def _resources(module: Mapping[str, Any]) -> Iterator[Planned]:
    for resource in module.get("resources", []):
        key = resource.get("index")
        yield Planned(
            address=resource["address"],
            type=resource["type"],
            name=resource["name"],
            key=None if key is None else str(key),
            values=resource["values"],
        )
    for child in module.get("child_modules", []):
        yield from _resources(child)
