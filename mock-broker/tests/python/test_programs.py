"""Programs in other languages, with clients that Debian ships, against the program `mock-broker`:
node-mqtt and Eclipse Paho C. Each prints what its library told it, a line of JSON a thing."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from test_clients import Broker, NOT_AUTHORIZED, PATIENCE, QUOTA_EXCEEDED, REFUSALS

PROGRAMS = pathlib.Path(__file__).parent / "programs"

# Where Debian's packages of node modules are.
NODE_PATH = "/usr/share/nodejs"

VERSIONS = ["5", "4"]


def missing(what, how):
    """Skips a test for want of something, or fails where nothing may be missing."""
    text = f"{what} is missing; `apt-get install {how}` brings it"
    if os.environ.get("NACK_REQUIRE_CLIENTS") == "1":
        raise AssertionError(text)
    raise unittest.SkipTest(text)


class ProgramTest:
    """What holds for each of the programs."""

    def told(self, broker, version, client_id):
        """What the program printed."""
        command = [*self.command, f"{self.scheme}://127.0.0.1:{broker.port}", version, client_id]
        environment = {**os.environ, "NODE_PATH": NODE_PATH}
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, timeout=PATIENCE, check=True
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    def test_messages_of_every_qos_come_back(self):
        for version in VERSIONS:
            with self.subTest(version=version), Broker() as broker:
                told = self.told(broker, version, "friend")
                self.assertIn({"connect": 0}, told)
                self.assertIn({"granted": [2]}, told)
                for qos in range(3):
                    message = {"message": "plant/3/heat", "payload": "21.5", "qos": qos}
                    self.assertEqual(told.count(message), 1, told)

    def test_refused_connection_is_told(self):
        for version, code in {"5": NOT_AUTHORIZED, "4": 5}.items():
            with self.subTest(version=version), Broker(REFUSALS) as broker:
                self.assertEqual(self.told(broker, version, "stranger"), [{"connect": code}])

    def test_refused_message(self):
        with Broker(REFUSALS) as broker:
            self.assertIn({"refused": self.refused}, self.told(broker, "5", "friend"))


class NodeMqttTest(ProgramTest, unittest.TestCase):
    """node-mqtt: callbacks."""

    scheme = "mqtt"
    # An error with the reason code.
    refused = QUOTA_EXCEEDED

    @classmethod
    def setUpClass(cls):
        if shutil.which("node") is None or not pathlib.Path(NODE_PATH, "mqtt").exists():
            missing("node-mqtt", "node-mqtt")
        cls.command = ["node", PROGRAMS / "node_mqtt.js"]


class PahoCTest(ProgramTest, unittest.TestCase):
    """Eclipse Paho C, its synchronous interface."""

    scheme = "mqtt"
    # Success: 1.3.12 tells the reason of a refused message to nobody who waits for it.
    refused = 0

    @classmethod
    def setUpClass(cls):
        if shutil.which("cc") is None or not pathlib.Path("/usr/include/MQTTClient.h").exists():
            missing("Paho C", "gcc libpaho-mqtt-dev")
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        program = pathlib.Path(folder.name, "paho_c")
        command = ["cc", "-Wall", "-Wextra", "-Werror", PROGRAMS / "paho_c.c"]
        subprocess.run([*command, "-lpaho-mqtt3c", "-o", program], check=True)
        cls.command = [program]


if __name__ == "__main__":
    unittest.main()
