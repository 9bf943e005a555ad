"""The shell script beside this file: mosquitto_pub and curl, and nothing else."""

import os
import pathlib
import shutil
import subprocess

import pytest

from mock_broker import BUILT

SCRIPT = pathlib.Path(__file__).with_name("mosquitto.sh")
THERE = shutil.which("mosquitto_pub") and shutil.which("curl")


@pytest.mark.skipif(
    not THERE and os.environ.get("NACK_REQUIRE_CLIENTS") != "1",
    reason="needs Debian's mosquitto-clients and curl",
)
def test_a_shell_script_sees_a_refusal():
    environment = {"MOCK_BROKER": str(BUILT), **os.environ}
    done = subprocess.run(
        ["bash", SCRIPT], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("ok: ") == 3
