"""The mock broker from Python: starts the program, and speaks to its control API. No dependencies."""

import json
import os
import pathlib
import subprocess
import urllib.error
import urllib.parse
import urllib.request

# As `cargo build --package nack-mock-broker` makes it.
BUILT = pathlib.Path(__file__).resolve().parents[3] / "target" / "debug" / "mock-broker"


class MockBroker:
    """A mock broker in a process of its own, on ports of the system's choice."""

    def __init__(self, *arguments):
        program = os.environ.get("MOCK_BROKER", BUILT)
        command = [program, "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--json", "--quiet"]
        self.process = subprocess.Popen([*command, *arguments], stdout=subprocess.PIPE, text=True)
        said = json.loads(self.process.stdout.readline())
        self.control = said["control"]
        self.host, port = said["addresses"][0].rsplit(":", 1)
        self.port = int(port)

    def ask(self, method, path, body=None):
        """One request of the control API; what it answers."""
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if data else {}
        request = urllib.request.Request(self.control + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=90) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def given(self, packet, reply=None, **rule):
        """Adds a rule: on such a packet, given by its type or by a dict, this reply."""
        on = packet if isinstance(packet, dict) else {"packet": packet}
        step = {"on": on, "expect": "any", **rule}
        if reply:
            step["reply"] = reply
        return self.ask("POST", "/rules", step)

    def send(self, client_id, what):
        """Does something to a client, now."""
        self.ask("POST", f"/clients/{urllib.parse.quote(client_id, safe='')}/send", what)

    def wait_for(self, packet, **fields):
        """The first packet of this type, with these fields, that the journal has or will have."""
        since = 0
        while True:
            page = self.ask("GET", f"/journal?since={since}&wait_ms=30000")
            for entry in page["entries"]:
                found = entry.get("packet", {})
                wanted = {"type": packet, **fields}
                if wanted.items() <= found.items():
                    return entry
            if not page["entries"]:
                raise TimeoutError(f"no {packet} with {fields}")
            since = page["next"]

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
        self.process.stdout.close()
