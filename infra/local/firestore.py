"""The official Firestore emulator: where its jar is, how it starts, and its trigger support.

`gcloud emulators firestore start` cannot switch the trigger support on, so the jar is started
directly. It is found in `FIRESTORE_EMULATOR_JAR`, the Google Cloud SDK, or the cache of
firebase-tools.
"""

import hashlib
import json
import os
import shutil
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from infra.local.processes import HOST, Child, Children, LocalStackError

WRITTEN = "google.cloud.firestore.document.v1.written"
"""The event of any create, update or delete (https://cloud.google.com/eventarc/docs/reference)."""

APT_SDK = Path("/usr/lib/google-cloud-sdk")
"""Where Google's Debian packages put the SDK."""

_MAIN_CLASS = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
_JAR_IN_SDK = Path("platform", "cloud-firestore-emulator", "cloud-firestore-emulator.jar")
_JVM = ["-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Duser.language=en"]
_ARCHIVE_SECONDS = 20.0

_APT_JAVA = "sudo apt-get install default-jre-headless"


def find_java() -> Path:
    """Return the path of `java`; raises LocalStackError, with the command that installs it."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=f"{home}/bin") if home else None
    found = found or shutil.which("java")
    if found is None:
        raise LocalStackError(
            "The Firestore emulator needs Java, which is missing. Install it with:\n  "
            + ("brew install openjdk" if sys.platform == "darwin" else _APT_JAVA)
        )
    return Path(found)


def find_jar(environ: Mapping[str, str] | None = None) -> Path:
    """Return the path of the jar; raises LocalStackError, with the command that installs it."""
    environ = os.environ if environ is None else environ
    named = environ.get("FIRESTORE_EMULATOR_JAR")
    if named:
        if Path(named).is_file():
            return Path(named)
        raise LocalStackError(
            f"FIRESTORE_EMULATOR_JAR names {named}, which is no file. "
            "Unset it to have the emulator looked for."
        )
    path = environ.get("PATH")
    for root in _sdk_roots(path):
        if (root / _JAR_IN_SDK).is_file():
            return root / _JAR_IN_SDK
    cache = Path(environ.get("HOME", "~")).expanduser() / ".cache" / "firebase" / "emulators"
    cached = sorted(cache.glob("cloud-firestore-emulator-v*.jar"), key=_version)
    if cached:
        return cached[-1]
    by_apt = shutil.which("apt-get", path=path) and not _sdk_roots(path, packaged=False)
    command = (
        "sudo apt-get install google-cloud-cli-firestore-emulator"
        if by_apt
        else "gcloud components install cloud-firestore-emulator"
    )
    raise LocalStackError(
        f"The Firestore emulator is missing. Install it with:\n  {command}\n"
        "or set FIRESTORE_EMULATOR_JAR to its jar, or FIRESTORE_EMULATOR_HOST to a running one."
    )


def _sdk_roots(path: str | None, *, packaged: bool = True) -> list[Path]:
    """Return the Google Cloud SDKs of this machine; `packaged` counts the one that apt installs."""
    gcloud = shutil.which("gcloud", path=path)
    roots = [Path(gcloud).resolve().parent.parent] if gcloud else []
    if packaged:
        return [*roots, APT_SDK]
    return [root for root in roots if root != APT_SDK]


def _version(jar: Path) -> list[int]:
    return [int(part) for part in jar.stem.rpartition("-v")[2].split(".") if part.isdigit()]


class Firestore:
    """A Firestore emulator: started here, or, if `child` is None, one that ran already."""

    def __init__(self, host: str, child: Child | None = None, fresh: Path | None = None) -> None:
        self.host = host
        self.child = child
        self._fresh = fresh

    def is_ready(self) -> bool:
        """Say whether it answers."""
        try:
            with urllib.request.urlopen(f"http://{self.host}/", timeout=2) as answer:
                return bool(answer.read().startswith(b"Ok"))
        except OSError:
            return False

    def wait_until_ready(self) -> None:
        """Return once it answers; raises LocalStackError if it doesn't."""
        if self.child is not None:
            self.child.wait_until(self.is_ready)
        elif not self.is_ready():
            raise LocalStackError(
                f"No Firestore emulator answers at {self.host}. Start it, or, if that is what "
                "FIRESTORE_EMULATOR_HOST says, unset the variable to have one started."
            )

    def register_trigger(
        self, project: str, trigger: str, pattern: str, event: str = WRITTEN
    ) -> None:
        """Have each event of the documents that match `pattern` posted to the relay.

        `trigger` is any id; it becomes the last part of the path that the emulator posts to.
        """
        body = {
            "eventType": event,
            "database": "(default)",
            "namespace": "(default)",
            "document": {"value": pattern, "matchType": "PATH_PATTERN"},
        }
        request = urllib.request.Request(  # the URL is our own
            f"http://{self.host}/emulator/v1/projects/{project}/eventarcTrigger"
            f"?eventarcTriggerId={trigger}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},  # without it, the answer is 404
        )
        try:
            urllib.request.urlopen(request, timeout=30).close()  # noqa: S310
        except urllib.error.HTTPError as error:
            error.close()
            raise LocalStackError(
                f"The emulator at {self.host} refuses triggers ({error}). It has to be one that "
                "`python -m infra.local firestore` started."
            ) from None

    def stop(self, children: Children) -> None:
        """End the emulator if this stack started it."""
        if self.child is None:
            return
        if self._fresh is None:
            children.stop(self.child, grace=0)  # everything is in memory: nothing to put in order
            return
        code = None
        if self.child.is_running():
            children.stop(self.child, grace=_ARCHIVE_SECONDS)
            code = self.child.wait()
        # 143: ended by our SIGTERM, with the archive written; anything else was cut short.
        if code in (0, 143) and self._fresh.exists():
            self._fresh.replace(self._fresh.with_suffix(".jsa"))
        self._fresh.unlink(missing_ok=True)


def start_firestore(
    children: Children,
    port: int,
    *,
    relay: str | None = None,
    rules: Path | None = None,
    archive: Path | None = None,
) -> Firestore:
    """Start the emulator, or take the one that FIRESTORE_EMULATOR_HOST names.

    `relay` (`host:port`) receives the events; `rules` is a file of security rules; `archive` is a
    folder for the JVM's class archive (AppCDS), which the first run writes and every later one
    starts from, in less than half of the time.
    """
    running = os.environ.get("FIRESTORE_EMULATOR_HOST")
    if running:
        return Firestore(running)
    java, jar = find_java(), find_jar()
    sharing, fresh = _class_archive(java, jar, archive, port)
    command = [
        str(java),
        *_JVM,
        *sharing,
        *("-cp", str(jar), _MAIN_CLASS, "--host", HOST, "--port", str(port)),
        *(["--functions_emulator", relay] if relay else []),
        *(["--rules", str(rules)] if rules else []),
    ]
    return Firestore(f"{HOST}:{port}", children.start("firestore", command), fresh)


def _class_archive(
    java: Path, jar: Path, folder: Path | None, port: int
) -> tuple[list[str], Path | None]:
    """Return the JVM's options for the archive, and the file that this run writes, if it does.

    An archive that doesn't fit is ignored by the JVM itself (-Xshare:auto is its default).
    """
    if folder is None:
        return [], None
    # An archive fits one JVM and one jar: both are in its name.
    parts = [java.resolve(), jar.resolve()]
    mark = "".join(f"{part}:{part.stat().st_size}:{part.stat().st_mtime_ns};" for part in parts)
    name = f"firestore-{hashlib.sha256(mark.encode()).hexdigest()[:12]}"
    made = folder / f"{name}.jsa"
    if made.exists():
        return [f"-XX:SharedArchiveFile={made}", "-Xshare:auto"], None
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"{name}.{os.getpid()}-{port}"
    return [f"-XX:ArchiveClassesAtExit={fresh}"], fresh
