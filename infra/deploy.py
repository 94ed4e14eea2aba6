"""Deploys the server to Google Cloud, shows what that would change, or removes it.

    python -m infra.deploy deploy  --project P --region R --proxy-url URL
    python -m infra.deploy plan    --project P --region R --proxy-url URL
    python -m infra.deploy destroy --project P --region R --confirm P

`make deploy`, `make plan` and `make destroy` call it; docs/deploy.md has every step. It never asks
anything. Terraform works in a copy of `infra/terraform` (.local/deploy), its state is in the bucket
`P-terraform-state`. Exit codes: 0 done; 1 something is missing or failed, and the output says what
to do; 2 wrong arguments.
"""

import argparse
import base64
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from infra.deploy_firebase import APIS as FIREBASE_APIS
from infra.deploy_firebase import Firebase, FirebaseUrls
from infra.deploy_programs import DeployError, Programs, Tools, say
from infra.deploy_steps import Cloud, Terraform, stage
from infra.deploy_waits import settle
from infra.package import LIGHT, POST_PROCESSING, PackageError, pack_all

ROOT = Path(__file__).parents[1]
ENVIRONMENTS = ("production", "staging")
SECRETS = ("MIDJOURNEY_PROXY_SECRET", "NOTIFY_SECRET", "CALLBACK_SECRET")
"""Variables of functions whose values are in Secret Manager."""

ASKED_FIRST = ("cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com")
"""Services that Terraform asks before it can enable any."""

WITH_AGENTS = ("eventarc.googleapis.com", "monitoring.googleapis.com")
"""Services that work by accounts of Google's in the project, to which we grant rights."""

TO_BE_MADE = "1"
"""What a plan takes for the version of a secret that has none yet: the first that it will have."""

_PROJECT = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
_REGION = re.compile(r"[a-z]+-[a-z]+\d+")


@dataclass(frozen=True, kw_only=True)
class Outside:
    """What a deployment needs of the world, beside the programs in PATH."""

    environment: Mapping[str, str]
    sleep: Callable[[float], None] = time.sleep
    """Takes seconds."""
    firebase: FirebaseUrls = field(default_factory=FirebaseUrls)


def main(argv: Sequence[str], outside: Outside | None = None) -> int:
    """Do what is asked for, and return the exit code."""
    options = _parser().parse_args(argv)
    outside = outside or Outside(environment=os.environ)
    try:
        check_arguments(options)
        {"deploy": deploy, "plan": plan, "destroy": destroy}[options.command](options, outside)
    except (DeployError, PackageError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.deploy", description=__doc__)
    parser.add_argument("command", choices=["deploy", "plan", "destroy"])
    parser.add_argument("--project", default="", help="id of the Google Cloud project")
    parser.add_argument("--region", default="", help="as in asia-northeast3")
    parser.add_argument("--environment", default="production", help=", ".join(ENVIRONMENTS))
    parser.add_argument(
        "--proxy-url", default="", help="of the MidJourney Proxy, as in http://h/mj"
    )
    parser.add_argument("--vars", default="", help="file with more variables, as in my.tfvars")
    parser.add_argument("--confirm", default="", help="to destroy: the project's id once more")
    parser.add_argument("--folder", type=Path, default=ROOT / ".local" / "deploy")
    return parser


def check_arguments(options: argparse.Namespace) -> None:
    """Raise `DeployError` for what can be told without a cloud."""
    command = f"make {options.command} PROJECT=my-project REGION=asia-northeast3"
    if not options.project:
        raise DeployError(f"PROJECT is missing: the id of a Google Cloud project.\n  {command}")
    if not _PROJECT.fullmatch(options.project):
        raise DeployError(
            f"PROJECT={options.project} is no project id: 6 to 30 lower-case letters, digits and "
            "hyphens. `gcloud projects list` shows yours."
        )
    if not options.region:
        raise DeployError(f"REGION is missing: where everything is to run.\n  {command}")
    if not _REGION.fullmatch(options.region):
        raise DeployError(
            f"REGION={options.region} is no region, as asia-northeast3 is. "
            "`gcloud functions regions list --gen2` shows them."
        )
    if options.environment not in ENVIRONMENTS:
        raise DeployError(
            f"ENVIRONMENT={options.environment} is none of {', '.join(ENVIRONMENTS)}."
        )
    if options.vars and not Path(options.vars).is_file():
        raise DeployError(f"VARS={options.vars} is no file.")
    if options.command == "destroy" and options.confirm != options.project:
        raise DeployError(
            "This deletes every book and every picture of the project. If that is what you want:\n"
            f"  {command.replace('my-project', options.project)} CONFIRM={options.project}"
        )
    if options.command != "destroy" and not (options.proxy_url or options.vars):
        raise DeployError(
            "PROXY_URL is missing: where the MidJourney Proxy is, as in https://my-proxy/mj; or "
            "have one run here, too, with VARS=my.tfvars that has `proxy` in it (docs/deploy.md)."
        )


def deploy(options: argparse.Namespace, outside: Outside) -> None:
    """Build and change whatever differs. Raises `DeployError`, `PackageError`."""
    cloud, terraform = _prepared(options, outside.environment)
    cloud.enable(*ASKED_FIRST, *WITH_AGENTS, *FIREBASE_APIS)
    cloud.make_agents(*WITH_AGENTS)
    cloud.make_state_bucket(options.region)
    archives = pack_all(options.folder / "archives")
    terraform.init(cloud.state_bucket, options.environment)
    names = _secrets(options)
    variables = _variables(options, archives, {})
    if any(cloud.newest_version(_id(name), api_may_be_off=True) is None for name in names):
        say("The secrets come first, as no function starts without them.")
        target = "module.server.module.secrets"
        secrets = partial(terraform.run, "apply", "-auto-approve", f"-target={target}")
        settle(partial(secrets, variables=variables), outside.sleep)
    # By now each of them exists: whatever can't be found is an error, and never made up.
    versions = {name: _pinned(cloud, name, outside.environment) for name in names}
    variables = _variables(options, archives, versions)
    everything = partial(terraform.run, "apply", "-auto-approve", variables=variables)
    settle(everything, outside.sleep)
    firebase = Firebase(outside.firebase, options.project, cloud.token())
    bucket = terraform.output("pictures_bucket")
    settle(partial(firebase.link, bucket), outside.sleep)
    rules = (ROOT / "infra" / "storage.rules").read_text(encoding="utf-8")
    settle(partial(firebase.release, bucket, rules), outside.sleep)
    say("Deployed.")


def plan(options: argparse.Namespace, outside: Outside) -> None:
    """Show what `deploy` would change; changes nothing. Raises `DeployError`, `PackageError`."""
    cloud, terraform = _prepared(options, outside.environment)
    archives = pack_all(options.folder / "archives")
    has_state = cloud.has_state_bucket()
    if not has_state:
        say("There is no state yet, so all of it is new.")
    terraform.init(cloud.state_bucket if has_state else None, options.environment)
    versions = {
        name: cloud.newest_version(_id(name), api_may_be_off=True) or TO_BE_MADE
        for name in _secrets(options)
    }
    terraform.run("plan", variables=_variables(options, archives, versions))


def destroy(options: argparse.Namespace, outside: Outside) -> None:
    """Remove everything but the state and the APIs. Raises `DeployError`."""
    cloud, terraform = _prepared(options, outside.environment, removing=True)
    if not cloud.has_state_bucket():
        raise DeployError(f"There is no bucket {cloud.state_bucket}: nothing was deployed here.")
    terraform.init(cloud.state_bucket, options.environment)
    # Nothing is uploaded, so the archives need not be there.
    archives = {name: Path(f"{name}.zip") for name in (LIGHT, POST_PROCESSING)}
    variables = _variables(options, archives, {}) | {"protected": False}
    # The protection is off only once that was applied.
    targets = (
        "module.server.module.store.google_firestore_database.this",
        "module.server.module.buckets.google_storage_bucket.pictures",
    )
    terraform.run("apply", "-auto-approve", *(f"-target={t}" for t in targets), variables=variables)
    terraform.run("destroy", "-auto-approve", variables=variables)
    say(f"Removed. The state stays in gs://{cloud.state_bucket}: delete it when you are sure.")


def _prepared(
    options: argparse.Namespace, environment: Mapping[str, str], *, removing: bool = False
) -> tuple[Cloud, Terraform]:
    """Check what must be there, and lay out Terraform's copy."""
    programs = Programs(environment)
    tools = Tools.find(programs)
    cloud = Cloud(programs, tools.gcloud, options.project)
    cloud.check()
    stage(ROOT, _copy(options), removing)
    return cloud, Terraform(
        programs,
        tools.terraform,
        _where_it_works(options),
        keep_lock=ROOT / "infra" / "terraform" / "environments" / options.environment,
        token=cloud.token(),
        var_file=Path(options.vars).resolve() if options.vars else None,
    )


def _copy(options: argparse.Namespace) -> Path:
    """Terraform's own copy of `infra`."""
    folder: Path = options.folder
    return folder / f"{options.project}-{options.environment}"


def _where_it_works(options: argparse.Namespace) -> Path:
    return _copy(options).joinpath("infra", "terraform", "environments", options.environment)


def _variables(
    options: argparse.Namespace, archives: Mapping[str, Path], versions: Mapping[str, str]
) -> dict[str, object]:
    here = _where_it_works(options)
    values: dict[str, object] = {
        "project": options.project,
        "region": options.region,
        # Relative, so the same on every machine: the provider takes another path for another
        # object, and deleting the one before, which has the same name, deletes the new one.
        "archives": {name: os.path.relpath(path, here) for name, path in archives.items()},
        "secret_versions": dict(versions),
    }
    if options.proxy_url:
        values["proxy_url"] = options.proxy_url
    elif options.command == "destroy" and not options.vars:
        values["proxy_url"] = "https://removed.invalid/mj"  # one of the two has to be said
    return values


def _secrets(options: argparse.Namespace) -> tuple[str, ...]:
    """The variables whose values are secrets; one more for a proxy that runs here, too."""
    runs_proxy = bool(options.vars) and re.search(
        r"^\s*\"?proxy\"?\s*[=:]", Path(options.vars).read_text(), re.MULTILINE
    )
    return (*SECRETS, "DISCORD_USER_TOKEN") if runs_proxy else SECRETS


def _id(name: str) -> str:
    return name.lower().replace("_", "-")


def _pinned(cloud: Cloud, name: str, environment: Mapping[str, str]) -> str:
    """The version that functions get; a secret without any is given its first value."""
    found = cloud.newest_version(_id(name))
    return found or cloud.add_version(_id(name), _first_value(name, environment))


def _first_value(name: str, environment: Mapping[str, str]) -> str:
    """Of a secret that has none yet: from the environment, or made up if it is ours alone."""
    value = environment.get(name, "")
    if value:
        return value
    if name == "NOTIFY_SECRET":
        return os.urandom(32).hex()
    if name == "CALLBACK_SECRET":
        return "whsec_" + base64.b64encode(os.urandom(32)).decode()
    what = {
        "MIDJOURNEY_PROXY_SECRET": "the proxy's mj-api-secret",
        "DISCORD_USER_TOKEN": "the token of the Discord account that paints",
    }[name]
    raise DeployError(
        f"The secret {_id(name)} has no value yet: {what}. Say it once, in the environment:\n"
        f"  {name}=... make deploy ..."
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
