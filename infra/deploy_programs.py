"""The programs that deploying needs: where they are, and how they are run."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

OLDEST_TERRAFORM = (1, 5)


class DeployError(Exception):
    """It can't go on; the message says why and what to do."""

    def __init__(self, message: str, said: str = "") -> None:
        super().__init__(message)
        self.said = said
        """What the program that failed wrote about it."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a program answered that was asked something."""

    succeeded: bool
    text: str
    """Its output, without the white space around."""
    said: str
    """What it wrote besides: why it failed."""


class Programs:
    """Runs programs with one environment, in which they are looked for, too."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)

    def find(self, *names: str) -> str | None:
        """The first of these programs that there is."""
        path = self._environment.get("PATH", "")
        return next((p for n in names if (p := shutil.which(n, path=path))), None)

    def ask(
        self,
        *command: str,
        folder: Path | None = None,
        given: str | None = None,
        more: Mapping[str, str] | None = None,
    ) -> Answer:
        """What a program prints, which nobody sees."""
        done = subprocess.run(  # noqa: S603 - gcloud and terraform, with checked arguments
            command,
            cwd=folder,
            env={**self._environment, **(more or {})},
            input=given,
            stdin=subprocess.DEVNULL if given is None else None,  # it never asks
            capture_output=True,
            text=True,
            check=False,
        )
        return Answer(
            succeeded=done.returncode == 0, text=done.stdout.strip(), said=done.stderr.strip()
        )

    def run(
        self, *command: str, folder: Path | None = None, more: Mapping[str, str] | None = None
    ) -> Answer:
        """Let a program speak for itself; what it says of errors is in the answer, too."""
        said = []
        with subprocess.Popen(  # noqa: S603 - gcloud and terraform, with checked arguments
            command,
            cwd=folder,
            env={**self._environment, **(more or {})},
            stdin=subprocess.DEVNULL,  # it never asks
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            for line in process.stderr or ():
                sys.stderr.write(line)
                sys.stderr.flush()
                said.append(line)
        return Answer(succeeded=process.returncode == 0, text="", said="".join(said))


@dataclass(frozen=True, kw_only=True)
class Tools:
    """Where the programs are that it takes."""

    terraform: str
    gcloud: str

    @classmethod
    def find(cls, programs: Programs) -> "Tools":
        """Raises `DeployError` if one is missing or too old."""
        terraform = programs.find("terraform", "tofu")
        if terraform is None:
            raise DeployError(
                "Terraform is missing (1.5 or newer; OpenTofu will do). Install it: "
                "https://developer.hashicorp.com/terraform/install"
            )
        version = json.loads(programs.ask(terraform, "version", "-json").text or "{}")
        number = str(version.get("terraform_version", "0.0"))
        if tuple(int(part) for part in re.findall(r"\d+", number)[:2]) < OLDEST_TERRAFORM:
            raise DeployError(f"{terraform} is version {number}; 1.5 or newer is needed.")
        gcloud = programs.find("gcloud")
        if gcloud is None:
            raise DeployError(
                "gcloud is missing. Install the Google Cloud CLI: "
                "https://cloud.google.com/sdk/docs/install"
            )
        return cls(terraform=terraform, gcloud=gcloud)


def say(text: str) -> None:
    """Tell whoever deploys how far it is."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
