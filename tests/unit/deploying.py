"""A machine that deploys: its gcloud, its terraform, its wait, all without a cloud.

gcloud is a small program that stands first in PATH and writes down what it is asked; terraform is
another, where the real one could not work without a cloud.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra import deploy
from infra.deploy_firebase import FirebaseUrls
from tests.fakes.firebase import FakeFirebase
from tests.fakes.terraform import NUMBER, PROJECT, REGION

GCLOUD = """#!{python}
import json, pathlib, sys
folder = pathlib.Path({folder!r})
asked = " ".join(a for a in sys.argv[1:] if a != "--quiet")
with (folder / "asked").open("a") as log:
    log.write(asked + "\\n")
if "--data-file=-" in asked:
    (folder / "given").open("a").write(asked.split()[3] + "=" + sys.stdin.read() + "\\n")
answers = json.loads((folder / "answers.json").read_text())
for words, answer in sorted(answers.items(), key=lambda one: -len(one[0])):
    if words in asked:
        if answer is None:
            sys.exit("gcloud: no")
        if answer.startswith("ERROR"):
            sys.exit(answer)
        print(answer)
        break
"""

TERRAFORM = """#!/bin/sh
[ "$1" = output ] && echo {project}-pictures && exit
[ "$1" = version ] && echo '{{"terraform_version": "{version}"}}' && exit
echo "$@" >> {folder}/ran
[ "$1" = apply ] || exit {code}
# One failure after another, each in a file of its own.
for said in {folder}/fails/*; do
  [ -e "$said" ] && /bin/cat "$said" >&2 && /bin/rm "$said" && exit 1
done
exit {code}
"""

NO_SECRET = (
    "ERROR: (gcloud.secrets.versions.list) NOT_FOUND: Secret [projects/1/secrets/x] not found."
)
NO_BUCKET = "ERROR: (gcloud.storage.buckets.describe) gs://x not found: 404."
API_OFF = (
    "ERROR: (gcloud.secrets.versions.list) PERMISSION_DENIED: Secret Manager API has not been used "
    f"in project {NUMBER} before or it is disabled. Enable it by visiting"
)

READY = {
    "auth list": "somebody@example.org",
    "projects describe": NUMBER,
    "billing projects describe": "True",
    "print-access-token": "a-token",
    "buckets describe": f"{PROJECT}-terraform-state",
    "secrets versions list": "3\tENABLED",
    "secrets versions add": "1",
    "services enable": "",
}


class Machine:
    """A machine with its own gcloud and, if wanted, terraform."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.bin.mkdir()
        self.environment = {"PATH": str(self.bin), "HOME": str(folder)}
        self.slept: list[float] = []
        self.firebase = FakeFirebase()

    def has_gcloud(self, **answers: str | None) -> None:
        given = {words.replace("_", " "): answer for words, answer in answers.items()}
        (self.folder / "answers.json").write_text(json.dumps(READY | given))
        self._program("gcloud", GCLOUD.format(python=sys.executable, folder=str(self.folder)))

    def has_terraform(self, version: str = "1.11.4", code: int = 0) -> None:
        text = TERRAFORM.format(folder=self.folder, project=PROJECT, version=version, code=code)
        self._program("terraform", text)

    def fails(self, *said: str) -> None:
        """Have terraform's next applications fail like this, one after the other."""
        (self.folder / "fails").mkdir()
        for number, text in enumerate(said, 100):
            (self.folder / "fails" / str(number)).write_text(text)

    def _program(self, name: str, text: str) -> None:
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def said(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().splitlines() if file.exists() else []


@pytest.fixture(scope="session")
def archives(tmp_path_factory) -> Path:
    """Where archives are packed, once for all tests: the models are large."""
    return tmp_path_factory.mktemp("archives")


@pytest.fixture
def machine(tmp_path, archives) -> Iterator[Machine]:
    (tmp_path / "deploy").mkdir()
    (tmp_path / "deploy" / "archives").symlink_to(archives)
    machine = Machine(tmp_path)
    yield machine
    machine.firebase.close()


def run(machine: Machine, command: str, *more: str, **options: str) -> int:
    values = {"project": PROJECT, "region": REGION, "proxy-url": "https://proxy.example/mj"}
    values |= {"folder": str(machine.folder / "deploy")} | options
    arguments = [f"--{name}={value}" for name, value in values.items()]
    outside = deploy.Outside(
        environment=machine.environment,
        sleep=machine.slept.append,
        firebase=FirebaseUrls(storage=machine.firebase.url, rules=machine.firebase.url),
    )
    return deploy.main([command, *arguments, *more], outside)


def terraforms_folder(machine: Machine) -> Path:
    """Where terraform works for production."""
    copy = machine.folder / "deploy" / f"{PROJECT}-production"
    return copy / "infra" / "terraform" / "environments" / "production"


def chosen(machine: Machine) -> dict[str, Any]:
    """The variables that terraform was given last."""
    return json.loads((terraforms_folder(machine) / "chosen.tfvars.json").read_text())
