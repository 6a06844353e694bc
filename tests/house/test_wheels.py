"""Both distributions, built, installed into empty environments, and used from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.house.running import first_lines

# Two environments are filled anew: that takes as long as a hundred other tests.
pytestmark = pytest.mark.long

ROOT = Path(__file__).resolve().parents[2]
ROOMS = {"domain", "store", "intake", "projections", "exporters", "api", "schema"}


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command away from the checkout and give its output; a failure shows it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def build(project: Path, into: Path) -> Path:
    """Build one wheel by way of its source archive, so that the archive is whole too."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", into, project, cwd=into)
    (wheel,) = into.glob("*.whl")
    return wheel


def environment(folder: Path, requirements: str, wheel: Path) -> Path:
    """Make an empty environment that holds the pinned dependencies and one wheel."""
    venv.create(folder, with_pip=True)
    binaries = folder / "bin"
    pip = (binaries / "python", "-m", "pip", "install", "--quiet")
    run(*pip, "--require-hashes", "-r", ROOT / "requirements" / requirements, cwd=folder)
    run(*pip, "--no-deps", wheel, cwd=folder)
    run(binaries / "python", "-m", "pip", "check", cwd=folder)
    return binaries


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The server's wheel and the environment it was installed into."""
    wheel = build(ROOT, tmp_path_factory.mktemp("server-wheel"))
    return wheel, environment(tmp_path_factory.mktemp("server-env"), "server.txt", wheel)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The client's wheel and the environment it was installed into."""
    wheel = build(ROOT / "client", tmp_path_factory.mktemp("client-wheel"))
    return wheel, environment(tmp_path_factory.mktemp("client-env"), "client.txt", wheel)


def test_every_file_of_the_rooms_is_in_the_server_wheel(server: tuple[Path, Path]) -> None:
    """SQL, schemas and modules of a checkout all travel in the wheel."""
    tracked = run("git", "ls-files", *sorted(ROOMS), cwd=ROOT).split()
    with zipfile.ZipFile(server[0]) as archive:
        missing = set(tracked) - set(archive.namelist())
    assert not missing


def test_each_top_level_name_of_the_server_is_ours_alone(server: tuple[Path, Path]) -> None:
    """No dependency brings a package of the name of a room."""
    owners = json.loads(
        run(
            server[1] / "python",
            "-c",
            "import json, importlib.metadata as m; print(json.dumps(m.packages_distributions()))",
            cwd=server[1],
        )
    )
    assert {name: owners.get(name) for name in ROOMS} == {
        name: ["pipeledger-server"] for name in ROOMS
    }
    ours = {name for name, by in owners.items() if "pipeledger-server" in by}
    assert ours == ROOMS


def test_the_client_wheel_brings_one_package_and_few_dependencies(
    client: tuple[Path, Path],
) -> None:
    """What goes into other people's environments is namespaced and light."""
    with zipfile.ZipFile(client[0]) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"pipeledger"}
    installed = json.loads(
        run(client[1] / "python", "-m", "pip", "list", "--format", "json", cwd=client[1])
    )
    names = {row["name"] for row in installed} - {"pip", "setuptools", "pipeledger"}
    assert names <= {"cryptography", "cffi", "pycparser", "urllib3"}


def test_the_installed_wheels_serve_send_and_verify(
    server: tuple[Path, Path], client: tuple[Path, Path], tmp_path: Path
) -> None:
    """From two empty environments: a server starts, takes an event, answers, and is verified."""
    data = tmp_path / "data"
    command = [str(server[1] / "pipeledger-server"), "serve", "--data", str(data), "--port", "0"]
    with first_lines(command, cwd=tmp_path) as printed:
        lines = {
            "PIPELEDGER_URL": printed.export("PIPELEDGER_URL"),
            "PIPELEDGER_TOKEN": printed.export("PIPELEDGER_TOKEN"),
            "XDG_CONFIG_HOME": str(tmp_path / "config"),
            "XDG_STATE_HOME": str(tmp_path / "state"),
        }
        binaries = client[1]
        base = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)} | lines
        for words in (
            ["emit", "deployment.finished", "deployment=d-1", "service=checkout",
             "environment=production", "outcome=success"],
            ["trust", "add", lines["PIPELEDGER_URL"], "--fingerprint", printed.fingerprint()],
            ["verify", lines["PIPELEDGER_URL"]],
            # By a process that finds the modules where the server did.
            ["query", "deployments"],
        ):  # fmt: skip
            done = subprocess.run(
                [str(binaries / "pipeledger"), *words],
                cwd=tmp_path, env=base, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert done.returncode == 0, done.stdout + done.stderr
