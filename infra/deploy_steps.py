"""What deploying consists of: what it asks of gcloud, and of Terraform."""

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from infra.deploy_programs import Answer, DeployError, Programs

_NOT_THERE = re.compile(r"\bNOT_FOUND\b|not found: 404|HTTPError 404")
"""How gcloud says that what it was asked about does not exist."""

_API_IS_OFF = re.compile(r"API has not been used in project .* before or it is disabled", re.DOTALL)


class Cloud:
    """What is asked of gcloud about one project."""

    def __init__(self, programs: Programs, gcloud: str, project: str) -> None:
        self._programs, self._gcloud, self._project = programs, gcloud, project
        self.state_bucket = f"{project}-terraform-state"

    def check(self) -> None:
        """Raise `DeployError` if nobody is logged in, or the project is missing or unpaid."""
        if not self._ask("auth", "list", "--filter=status:ACTIVE", "--format=value(account)").text:
            raise DeployError("Nobody is logged in. Run: gcloud auth login")
        found = self._ask("projects", "describe", self._project, "--format=value(projectNumber)")
        if not found.text:
            raise DeployError(
                f"There is no project {self._project}, or your account may not see it. "
                f"Make it (gcloud projects create {self._project}) or log in as somebody who may. "
                f"gcloud said:\n  {found.said}"
            )
        billing = self._ask(
            *("billing", "projects", "describe", self._project, "--format=value(billingEnabled)")
        )
        if self._answered(billing, f"the billing of {self._project}") != "True":
            raise DeployError(
                f"Billing is not enabled for {self._project}. Link a billing account:\n"
                f"  gcloud billing projects link {self._project} --billing-account=ACCOUNT"
            )

    def token(self) -> str:
        """A token of the caller's for the next hour. Raises `DeployError`."""
        return self._due(self._ask("auth", "print-access-token"), "a token")

    def enable(self, *apis: str) -> None:
        """Enable what Terraform needs to enable the rest."""
        self._do("services", "enable", *apis, f"--project={self._project}")

    def make_agents(self, *apis: str) -> None:
        """Have Google make its own accounts now that rights are granted to.

        Where that fails they are made a little later, and Terraform says what it waits for.
        """
        for api in apis:
            where = f"--project={self._project}"
            self._ask("beta", "services", "identity", "create", f"--service={api}", where)

    def has_state_bucket(self) -> bool:
        """Whether there is a bucket for Terraform's state. Raises `DeployError`: no answer."""
        where = f"gs://{self.state_bucket}"
        answer = self._ask("storage", "buckets", "describe", where, "--format=value(name)")
        return self._found(answer, f"the bucket {where}") is not None

    def make_state_bucket(self, region: str) -> None:
        """Make it if it is not there: private, with the versions of the state before."""
        if self.has_state_bucket():
            return
        where = f"gs://{self.state_bucket}"
        self._do(
            *("storage", "buckets", "create", where, f"--project={self._project}"),
            *(f"--location={region}", "--uniform-bucket-level-access"),
            "--public-access-prevention",
        )
        self._do("storage", "buckets", "update", where, "--versioning")

    def newest_version(self, secret: str, *, api_may_be_off: bool = False) -> str | None:
        """The number of a secret's newest version that is enabled.

        None: it never had one, or there is no such secret (nor its API, if that may be off yet).
        Raises `DeployError` if gcloud could not tell, or if all that there are were disabled.
        """
        answer = self._ask(
            *("secrets", "versions", "list", secret, f"--project={self._project}"),
            *("--sort-by=~createTime", "--format=value(name.basename(),state)"),
        )
        if api_may_be_off and not answer.succeeded and _API_IS_OFF.search(answer.said):
            return None
        versions = [line.split() for line in (self._found(answer, secret) or "").splitlines()]
        for number, state in versions:
            if state.upper() == "ENABLED":
                return number
        if versions:
            raise DeployError(
                f"No version of the secret {secret} is enabled. Enable one, or add another:\n"
                f"  gcloud secrets versions enable {versions[0][0]} --secret={secret} "
                f"--project={self._project}\n"
                f"  gcloud secrets versions add {secret} --data-file=- --project={self._project}"
            )
        return None

    def add_version(self, secret: str, value: str) -> str:
        """Give a secret a value, which no command line shows; answers the version's number."""
        command = ("secrets", "versions", "add", secret, f"--project={self._project}")
        form = ("--data-file=-", "--format=value(name.basename())")
        return self._due(self._ask(*command, *form, given=value), f"a value for {secret}")

    def _ask(self, *arguments: str, given: str | None = None) -> Answer:
        return self._programs.ask(self._gcloud, *arguments, "--quiet", given=given)

    def _found(self, answer: Answer, what: str) -> str | None:
        """What was answered; None: it does not exist. Raises `DeployError`: nobody could tell."""
        if not answer.succeeded and _NOT_THERE.search(answer.said):
            return None
        return self._answered(answer, what)

    def _due(self, answer: Answer, what: str) -> str:
        """What was answered, which can't be nothing. Raises `DeployError`."""
        text = self._answered(answer, what)
        if not text:
            raise DeployError(f"gcloud answered nothing about {what}. Run it again as it is.")
        return text

    def _answered(self, answer: Answer, what: str) -> str:
        if not answer.succeeded:
            raise DeployError(
                f"gcloud could not be asked about {what}:\n  {answer.said}\n"
                "Nothing was guessed instead. Mend that (gcloud auth login, if it is about rights "
                "or a token), and run it again as it is.",
                answer.said,
            )
        return answer.text

    def _do(self, *arguments: str) -> None:
        answer = self._programs.run(self._gcloud, *arguments, "--quiet")
        if not answer.succeeded:
            what = " ".join(arguments[:3])
            raise DeployError(f"gcloud {what} failed; it said why above.", answer.said)


class Terraform:
    """Terraform in one environment's folder."""

    def __init__(
        self,
        programs: Programs,
        program: str,
        folder: Path,
        *,
        keep_lock: Path,
        token: str,
        var_file: Path | None,
    ) -> None:
        self._programs, self._program, self._folder = programs, program, folder
        self._keep_lock, self._var_file = keep_lock, var_file
        self._more = {
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "GOOGLE_OAUTH_ACCESS_TOKEN": token,
        }

    def init(self, state_bucket: str | None, prefix: str) -> None:
        """Fetch the provider, and find the state; None: there is none yet, nor is it kept."""
        override = self._folder / "backend_override.tf"
        where = ["-backend=true", "-reconfigure"]
        if state_bucket is None:
            override.write_text('terraform {\n  backend "local" {}\n}\n')
        else:
            override.unlink(missing_ok=True)
            where += [f"-backend-config=bucket={state_bucket}", f"-backend-config=prefix={prefix}"]
        self._do("init", "-input=false", *where)
        lock = self._folder / ".terraform.lock.hcl"
        if lock.is_file():  # to be committed: which provider was used
            shutil.copy(lock, self._keep_lock / lock.name)

    def run(self, command: str, *arguments: str, variables: Mapping[str, object]) -> None:
        """Carry a command out with these variables. Raises `DeployError`."""
        # A file's, and these win over it.
        chosen = self._folder / "chosen.tfvars.json"
        chosen.write_text(json.dumps(variables))
        files = [f"-var-file={self._var_file}"] if self._var_file else []
        self._do(command, "-input=false", *arguments, *files, f"-var-file={chosen.name}")

    def output(self, name: str) -> str:
        """What was deployed says by this name. Raises `DeployError`."""
        command = (self._program, "output", "-raw", name)
        answer = self._programs.ask(*command, folder=self._folder, more=self._more)
        if not answer.succeeded or not answer.text:
            raise DeployError(f"terraform can't tell {name}: {answer.said}", answer.said)
        return answer.text

    def _do(self, command: str, *arguments: str) -> None:
        answer = self._programs.run(
            self._program, command, *arguments, folder=self._folder, more=self._more
        )
        if not answer.succeeded:
            raise DeployError(
                f"terraform {command} failed; it said why above. What a first time can run into, "
                "and what to do: docs/deploy.md, First-apply delays. It can be run again as it is.",
                answer.said,
            )


def stage(root: Path, folder: Path, removing: bool) -> Path:
    """Lay out a copy that Terraform works in, and return it; what a run left there stays.

    To remove, the copy lifts what keeps queues from being deleted by accident.
    """
    source, copy = root / "infra", folder / "infra"
    for old in copy.rglob("*.tf"):
        old.unlink()
    shutil.copytree(source / "terraform", copy / "terraform", dirs_exist_ok=True)
    for file in [*source.glob("*.json"), *source.glob("*.rules")]:
        shutil.copy(file, copy / file.name)
    if removing:
        lifted = 'resource "google_cloud_tasks_queue" "this" {\n  lifecycle {\n'
        lifted += "    prevent_destroy = false\n  }\n}\n"
        (copy / "terraform" / "modules" / "queues" / "removing_override.tf").write_text(lifted)
    return folder
