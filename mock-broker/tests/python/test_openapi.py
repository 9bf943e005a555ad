"""The control API against its own description, by schemathesis: any request, and what comes back."""

import os
import socket
import subprocess
import sys

SCHEMATHESIS = os.path.join(os.path.dirname(sys.executable), "schemathesis")


def test_schemathesis_finds_no_violation(broker, tmp_path):
    # With something in the journal, or else each read of it would wait for that.
    socket.create_connection((broker.host, broker.port)).close()
    broker.ask("GET", "/journal?wait_ms=30000")
    command = [
        SCHEMATHESIS, "--config-file", os.path.join(os.path.dirname(__file__), "schemathesis.toml"),
        "run", broker.control + "/openapi.json",
        # A stream has no end that could be waited for.
        "--exclude-path", "/journal/stream",
        "--checks", "all",
        "--max-response-time", "90",
        "--max-examples", os.environ.get("SCHEMATHESIS_EXAMPLES", "10"),
        "--seed", "1",
        # Longer than the longest wait for the journal.
        "--request-timeout", "90",
        "--workers", "1",
        "--no-color",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=900)
    # A request may be longer than anybody reads.
    lines = [line[:2000] for line in done.stdout.splitlines()]
    assert done.returncode == 0, "\n".join(lines) + done.stderr
    # It is still there, and has not grown.
    health = broker.ask("GET", "/health")
    assert health["status"] == "ok"
    with open(f"/proc/{broker.process.pid}/status") as status:
        resident = next(line for line in status if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 300_000, resident
