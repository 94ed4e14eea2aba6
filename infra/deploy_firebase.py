"""Links the pictures' bucket to Firebase, and releases the rules of who may put drawings there.

Over HTTPS, as gcloud knows neither. Whatever is as it should be already is left as it is.
https://firebase.google.com/docs/reference/rest/storage/rest/v1beta/projects.buckets
https://firebase.google.com/docs/reference/rules/rest
"""

from dataclasses import dataclass
from typing import Any, Final

import requests

from infra.deploy_programs import DeployError

APIS: Final = ("firebasestorage.googleapis.com", "firebaserules.googleapis.com")
"""What is asked here; both have to be enabled."""

_TIMEOUT: Final = 60.0
"""Seconds for one call."""


@dataclass(frozen=True, kw_only=True)
class FirebaseUrls:
    """Where Firebase is asked."""

    storage: str = "https://firebasestorage.googleapis.com"
    rules: str = "https://firebaserules.googleapis.com"


class Firebase:
    """What is asked of Firebase about one project, in the name of who deploys."""

    def __init__(self, urls: FirebaseUrls, project: str, token: str) -> None:
        self._urls, self._project = urls, project
        self._headers = {"Authorization": f"Bearer {token}", "x-goog-user-project": project}

    def link(self, bucket: str) -> None:
        """Have Firebase serve a bucket. Raises `DeployError`."""
        url = f"{self._urls.storage}/v1beta/projects/{self._project}/buckets/{bucket}"
        if self._call("GET", url) is None and self._call("POST", f"{url}:addFirebase", {}) is None:
            raise DeployError(
                f"The bucket {bucket} could not be linked to Firebase: it does not know the "
                f"project {self._project}. Add it at https://console.firebase.google.com (Add "
                "project), and run it again as it is."
            )

    def release(self, bucket: str, rules: str) -> None:
        """Put rules into force for a bucket that is linked. Raises `DeployError`."""
        where = f"{self._urls.rules}/v1/"
        project = f"projects/{self._project}"
        name = f"{project}/releases/firebase.storage/{bucket}"
        released = self._call("GET", where + name)
        if released and self._rules_of(where + str(released["rulesetName"])) == rules:
            return
        source = {"files": [{"name": "storage.rules", "content": rules}]}
        made = self._found("POST", f"{where}{project}/rulesets", {"source": source})
        release = {"name": name, "rulesetName": made["name"]}
        if released:
            self._found("PATCH", where + name, {"release": release})
        else:
            self._found("POST", f"{where}{project}/releases", release)

    def _rules_of(self, ruleset: str) -> str | None:
        found = self._call("GET", ruleset)
        files = found["source"]["files"] if found else []
        return str(files[0]["content"]) if len(files) == 1 else None

    def _found(self, method: str, url: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._call(method, url, body)
        if answer is None:
            raise DeployError(f"Firebase knows nothing of {url}. Run it again as it is.")
        return answer

    def _call(
        self, method: str, url: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """What Firebase answers; None: it is not there. Raises `DeployError` with what it said."""
        try:
            answer = requests.request(
                method, url, json=body, headers=self._headers, timeout=_TIMEOUT
            )
        except requests.RequestException as error:
            raise DeployError(f"{url} could not be reached: {error}\nRun it again.") from error
        if answer.status_code == requests.codes.not_found:
            return None
        if not answer.ok:
            raise DeployError(
                f"Firebase refused {method} {url} with {answer.status_code}:\n  {answer.text}\n"
                "Everything else was deployed. Mend that, and run it again as it is.",
                f"Error: {answer.text}",
            )
        result: dict[str, Any] = answer.json()
        return result
