"""Where the emulator is looked for, and what is said if it is missing."""

from pathlib import Path

import pytest

from infra.local import cli, firestore
from infra.local.firestore import Firestore, find_jar, find_java
from infra.local.processes import Children, LocalStackError

JAR = Path("platform", "cloud-firestore-emulator", "cloud-firestore-emulator.jar")


def touch(path: Path, mode: int = 0o644) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    path.chmod(mode)
    return path


@pytest.fixture
def nothing_packaged(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(firestore, "APT_SDK", tmp_path / "no-such-sdk")


def test_the_variable_wins(tmp_path: Path) -> None:
    jar = touch(tmp_path / "mine.jar")
    assert find_jar({"FIRESTORE_EMULATOR_JAR": str(jar)}) == jar


def test_a_variable_that_names_no_file_is_an_error() -> None:
    with pytest.raises(LocalStackError, match=r"no-such\.jar"):
        find_jar({"FIRESTORE_EMULATOR_JAR": "no-such.jar"})


@pytest.mark.usefixtures("nothing_packaged")
def test_the_sdk_is_found_behind_the_link_to_gcloud(tmp_path: Path) -> None:
    gcloud = touch(tmp_path / "sdk" / "bin" / "gcloud", 0o755)
    jar = touch(tmp_path / "sdk" / JAR)
    link = tmp_path / "bin" / "gcloud"
    link.parent.mkdir()
    link.symlink_to(gcloud)
    assert find_jar({"PATH": str(link.parent), "HOME": str(tmp_path)}) == jar


@pytest.mark.usefixtures("nothing_packaged")
def test_the_newest_of_firebase_tools_cache_is_found(tmp_path: Path) -> None:
    cache = tmp_path / ".cache" / "firebase" / "emulators"
    touch(cache / "cloud-firestore-emulator-v1.9.9.jar")
    newest = touch(cache / "cloud-firestore-emulator-v1.19.8.jar")
    assert find_jar({"PATH": "", "HOME": str(tmp_path)}) == newest


@pytest.mark.usefixtures("nothing_packaged")
@pytest.mark.parametrize(
    ("program", "command"),
    [
        ("apt-get", "apt-get install google-cloud-cli-firestore-emulator"),
        ("other", "gcloud components install cloud-firestore-emulator"),
    ],
)
def test_a_missing_jar_names_the_command_that_installs_it(
    tmp_path: Path, program: str, command: str
) -> None:
    touch(tmp_path / "bin" / program, 0o755)
    with pytest.raises(LocalStackError, match=command):
        find_jar({"PATH": str(tmp_path / "bin"), "HOME": str(tmp_path)})


def test_missing_java_is_one_message_and_exit_code_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.delenv("FIRESTORE_EMULATOR_HOST", raising=False)
    assert cli.main(["firestore", "--port", "0"]) == 2
    printed = capsys.readouterr()
    assert "apt-get install default-jre-headless" in printed.err
    assert "Traceback" not in printed.err


def test_java_home_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    java = touch(tmp_path / "bin" / "java", 0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert find_java() == java


def test_a_running_emulator_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1")
    emulator = firestore.start_firestore(Children(tmp_path), 0)
    assert (emulator.host, emulator.child) == ("127.0.0.1:1", None)


def test_a_running_emulator_that_does_not_answer_is_an_error() -> None:
    with pytest.raises(LocalStackError, match="unset the variable"):
        Firestore("127.0.0.1:1").wait_until_ready()
