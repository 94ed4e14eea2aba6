"""What Firebase answers about buckets and rules, over HTTP on loopback.

https://firebase.google.com/docs/reference/rest/storage/rest/v1beta/projects.buckets
https://firebase.google.com/docs/reference/rules/rest
"""

import json
from typing import Any

from tests.loopback import LoopbackServer, QuietHandler


class FakeFirebase:
    """One project's; it refuses what the real one refuses."""

    def __init__(self) -> None:
        self.linked: set[str] = set()
        self.knows_project = True
        self.failing: dict[str, tuple[int, dict[str, Any]]] = {}
        """By how a path ends: the status and the answer instead."""
        self.asked: list[tuple[str, str]] = []
        self.headers: list[dict[str, str]] = []
        self._rulesets: dict[str, dict[str, Any]] = {}
        self._releases: dict[str, str] = {}
        self._server = LoopbackServer(type("Handler", (_Handler,), {"firebase": self}))
        self.url = self._server.url

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    def rules_of(self, bucket: str) -> str:
        """The rules that are in force for a bucket."""
        (release,) = [r for r in self._releases if r.endswith(f"/firebase.storage/{bucket}")]
        return str(self._rulesets[self._releases[release]]["files"][0]["content"])

    def answer(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """The status and the answer."""
        self.asked.append((method, path))
        for end, failure in self.failing.items():
            if path.endswith(end):
                return failure
        if path.startswith("/v1beta/"):
            return self._bucket(method, path.rsplit("/", 1)[1])
        name = path.removeprefix("/v1/")
        if method == "POST":
            return self._post(name, body)
        if method == "PATCH":
            if name not in self._releases or body["release"]["name"] != name:
                return 404, {"error": {"status": "NOT_FOUND"}}
            return self._release(body["release"])
        if name in self._releases:
            return 200, {"name": name, "rulesetName": self._releases[name]}
        if name in self._rulesets:
            return 200, {"name": name, "source": self._rulesets[name]}
        return 404, {"error": {"status": "NOT_FOUND"}}

    def _bucket(self, method: str, name: str) -> tuple[int, dict[str, Any]]:
        bucket, _, verb = name.partition(":")
        if method == "POST" and verb == "addFirebase" and self.knows_project:
            if bucket in self.linked:
                return 409, {"error": {"status": "ALREADY_EXISTS"}}
            self.linked.add(bucket)
        found = bucket in self.linked
        return (200, {"name": name}) if found else (404, {"error": {"status": "NOT_FOUND"}})

    def _post(self, name: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if name.endswith("/rulesets"):
            ruleset = f"{name}/{len(self._rulesets)}"
            self._rulesets[ruleset] = body["source"]
            return 200, {"name": ruleset}
        if body["name"] in self._releases:
            return 409, {"error": {"status": "ALREADY_EXISTS"}}
        if body["name"].rsplit("/", 1)[1] not in self.linked:
            return 400, {"error": {"message": "the bucket is not linked"}}
        return self._release(body)

    def _release(self, release: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        self._releases[release["name"]] = release["rulesetName"]
        return 200, release


class _Handler(QuietHandler):
    firebase: FakeFirebase

    def _answer(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.firebase.headers.append({k.lower(): v for k, v in self.headers.items()})
        status, answer = self.firebase.answer(self.command, self.path, json.loads(sent or "{}"))
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_GET = do_POST = do_PATCH = _answer  # noqa: N815 - http.server's names
