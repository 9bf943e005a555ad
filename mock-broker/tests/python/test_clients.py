"""paho-mqtt and aiomqtt, which we did not write, against the program `mock-broker`.

    cargo xtask python

MOCK_BROKER names another program than target/debug/mock-broker.
"""

import asyncio
import os
import pathlib
import queue
import re
import socket
import subprocess
import tempfile
import unittest

import aiomqtt
import paho.mqtt.client as paho
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

ROOT = pathlib.Path(__file__).resolve().parents[3]
PROGRAM = os.environ.get("MOCK_BROKER", ROOT / "target" / "debug" / "mock-broker")

# What is waited for takes milliseconds; a machine that is busy may need more.
PATIENCE = 20

VERSIONS = [paho.MQTTv5, paho.MQTTv311]

NOT_AUTHORIZED = 0x87
QUOTA_EXCEEDED = 0x97

# 3.1.1 has one code for every refused subscription.
REFUSED_FILTER = {paho.MQTTv5: ("full", QUOTA_EXCEEDED), paho.MQTTv311: ("failure", 0x80)}

REFUSALS = """
name = "refusals"

[[step]]
on = { packet = "CONNECT", client = "stranger" }
reply = { packet = "CONNACK", reason = "not-authorized" }
expect = "any"

[[step]]
on = { packet = "SUBSCRIBE", filter = "full" }
reply = { packet = "SUBACK", reason = "quota-exceeded" }
expect = "any"

[[step]]
on = { packet = "SUBSCRIBE", filter = "failure" }
reply = { packet = "SUBACK", reason = 0x80 }
expect = "any"

[[step]]
on = { packet = "PUBLISH", topic = "full", qos = 1 }
reply.packet = "PUBACK"
reply.reason = "quota-exceeded"
reply.properties.reason_string = "come back tomorrow"
expect = "any"

[[step]]
on = { packet = "PUBLISH", topic = "full", qos = 2 }
reply = { packet = "PUBREC", reason = "quota-exceeded" }
expect = "any"
"""


class Broker:
    """A broker that runs while the `with` block does; `port` is the system's choice."""

    def __init__(self, scenario=None):
        self._scenario = scenario

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        command = [PROGRAM]
        if self._scenario is not None:
            file = pathlib.Path(self._folder.name, "scenario.toml")
            file.write_text(self._scenario, encoding="utf-8")
            command += ["run", file]
        command += ["--listen", "127.0.0.1:0", "--quiet"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self._process.stdout.readline()
        address = re.search(r"mqtt://127\.0\.0\.1:(\d+)", line)
        assert address, f"{PROGRAM} says {line!r}"
        self.port = int(address[1])
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()
        self._folder.cleanup()


class Paho:
    """A paho client whose callbacks become queues."""

    def __init__(self, broker, version, client_id, *, keep_session=False, will=None):
        self.connected = queue.Queue()
        self.published = queue.Queue()
        self.subscribed = queue.Queue()
        self.unsubscribed = queue.Queue()
        self.messages = queue.Queue()
        self._broker = broker
        self._version = version
        self._keep_session = keep_session
        clean_session = None if version == paho.MQTTv5 else not keep_session
        self.client = paho.Client(
            paho.CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=clean_session,
            protocol=version,
            reconnect_on_failure=False,
        )
        self.client.on_connect = lambda _c, _u, flags, reason, _p: self.connected.put(
            (reason.value, flags.session_present)
        )
        self.client.on_publish = lambda _c, _u, mid, reason, properties: self.published.put(
            (mid, reason.value, getattr(properties, "ReasonString", None))
        )
        self.client.on_subscribe = lambda _c, _u, _m, reasons, _p: self.subscribed.put(
            [reason.value for reason in reasons]
        )
        self.client.on_unsubscribe = lambda _c, _u, _m, reasons, _p: self.unsubscribed.put(
            [reason.value for reason in reasons]
        )
        self.client.on_message = lambda _c, _u, message: self.messages.put(
            (message.topic, message.payload.decode(), message.qos, message.retain)
        )
        if will is not None:
            self.client.will_set(*will, qos=1)

    def __enter__(self):
        arguments = {}
        if self._version == paho.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)
            if self._keep_session:
                properties.SessionExpiryInterval = 300
            arguments = {"clean_start": not self._keep_session, "properties": properties}
        self.client.connect("127.0.0.1", self._broker.port, **arguments)
        self.client.loop_start()
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()

    def vanish(self):
        """Closes the connection without a DISCONNECT."""
        self.client.socket().shutdown(socket.SHUT_RDWR)
        self.client.loop_stop()

    def subscribe(self, topic_filter, qos):
        self.client.subscribe(topic_filter, qos)
        return self.subscribed.get(timeout=PATIENCE)

    def unsubscribe(self, topic_filter):
        self.client.unsubscribe(topic_filter)
        return self.unsubscribed.get(timeout=PATIENCE)

    def publish(self, topic, payload, qos, retain=False):
        """The reason code that ended the message, and what was said about it."""
        sent = self.client.publish(topic, payload, qos, retain)
        mid, reason, text = self.published.get(timeout=PATIENCE)
        assert mid == sent.mid
        return reason, text

    def message(self):
        return self.messages.get(timeout=PATIENCE)


class PahoTest(unittest.TestCase):
    """The older API: callbacks, which a thread calls."""

    def test_messages_of_every_qos_come_back(self):
        for version in VERSIONS:
            with self.subTest(version=version), Broker() as broker:
                with Paho(broker, version, "paho") as client:
                    self.assertEqual(client.connected.get(timeout=PATIENCE), (0, False))
                    self.assertEqual(client.subscribe("plant/#", 2), [2])
                    for qos in range(3):
                        self.assertEqual(client.publish("plant/3/heat", "21.5", qos)[0], 0)
                        self.assertEqual(client.message(), ("plant/3/heat", "21.5", qos, False))
                    # 3.1.1 has no codes in UNSUBACK.
                    codes = [0] if version == paho.MQTTv5 else []
                    self.assertEqual(client.unsubscribe("plant/#"), codes)
                    # Not what is sent now, but what is sent behind it is the next that comes.
                    client.publish("plant/3/heat", "22", 1)
                    client.subscribe("fence", 1)
                    client.publish("fence", "", 1)
                    self.assertEqual(client.message()[0], "fence")

    def test_retained_message_comes_to_whoever_subscribes_later(self):
        for version in VERSIONS:
            with self.subTest(version=version), Broker() as broker:
                first, later = Paho(broker, version, "first"), Paho(broker, version, "later")
                with first, later:
                    first.publish("plant/3/heat", "21.5", 1, retain=True)
                    later.subscribe("plant/+/heat", 2)
                    self.assertEqual(later.message(), ("plant/3/heat", "21.5", 1, True))
                    first.publish("plant/3/heat", "22", 1, retain=True)
                    self.assertEqual(later.message(), ("plant/3/heat", "22", 1, False))

    def test_will_is_published_for_a_client_that_vanished_and_no_other(self):
        for version in VERSIONS:
            with self.subTest(version=version), Broker() as broker:
                with Paho(broker, version, "watcher") as watcher:
                    watcher.subscribe("status/+", 1)
                    will = ("status/orderly", "gone")
                    with Paho(broker, version, "orderly", will=will) as orderly:
                        orderly.connected.get(timeout=PATIENCE)
                    will = ("status/lost", "gone")
                    with Paho(broker, version, "lost", will=will) as lost:
                        lost.connected.get(timeout=PATIENCE)
                        lost.vanish()
                    self.assertEqual(watcher.message(), ("status/lost", "gone", 1, False))

    def test_session_is_resumed_with_the_messages_that_it_missed(self):
        for version in VERSIONS:
            with self.subTest(version=version), Broker() as broker:
                with Paho(broker, version, "sleeper", keep_session=True) as sleeper:
                    self.assertEqual(sleeper.connected.get(timeout=PATIENCE), (0, False))
                    sleeper.subscribe("plant/#", 2)
                with Paho(broker, version, "other") as other:
                    for qos in (1, 2):
                        other.publish("plant/3/heat", "21.5", qos)
                with Paho(broker, version, "sleeper", keep_session=True) as awake:
                    self.assertEqual(awake.connected.get(timeout=PATIENCE), (0, True))
                    for qos in (1, 2):
                        self.assertEqual(awake.message(), ("plant/3/heat", "21.5", qos, False))

    def test_refusals_are_told(self):
        for version in VERSIONS:
            with self.subTest(version=version), Broker(REFUSALS) as broker:
                with Paho(broker, version, "stranger") as stranger:
                    # paho tells return code 5 of 3.1.1 in the words of MQTT 5.0.
                    answer = stranger.connected.get(timeout=PATIENCE)
                    self.assertEqual(answer, (NOT_AUTHORIZED, False))
                with Paho(broker, version, "friend") as friend:
                    topic_filter, code = REFUSED_FILTER[version]
                    self.assertEqual(friend.subscribe(topic_filter, 1), [code])
                    self.assertEqual(friend.subscribe("open", 1), [1])

    def test_refused_message_is_told_and_the_next_is_not_refused(self):
        with Broker(REFUSALS) as broker, Paho(broker, paho.MQTTv5, "paho") as client:
            refused = (QUOTA_EXCEEDED, "come back tomorrow")
            self.assertEqual(client.publish("full", "x", 1), refused)
            self.assertEqual(client.publish("open", "x", 1), (0, None))
            # A refused PUBREC is not told to the callback of paho 2.2.0; the one behind it is.
            client.client.publish("full", "x", 2)
            behind = client.client.publish("open", "x", 1)
            self.assertEqual(client.published.get(timeout=PATIENCE), (behind.mid, 0, None))


def number(code):
    """The code as a number: paho has objects in MQTT 5.0, and sometimes in 3.1.1."""
    return getattr(code, "value", code)


class AiomqttTest(unittest.IsolatedAsyncioTestCase):
    """The same with asyncio."""

    def client(self, broker, version, client_id):
        protocol = aiomqtt.ProtocolVersion(version)
        return aiomqtt.Client("127.0.0.1", broker.port, identifier=client_id, protocol=protocol)

    async def test_messages_of_every_qos_come_back(self):
        for version in VERSIONS:
            with self.subTest(version=version), Broker() as broker:
                async with self.client(broker, version, "aiomqtt") as client:
                    await client.subscribe("plant/#", qos=2)
                    for qos in range(3):
                        await client.publish("plant/3/heat", "21.5", qos=qos)
                        message = await asyncio.wait_for(anext(client.messages), PATIENCE)
                        seen = (message.topic.value, message.payload, message.qos)
                        self.assertEqual(seen, ("plant/3/heat", b"21.5", qos))
                    await client.unsubscribe("plant/#")

    async def test_refused_connection_is_an_error(self):
        for version in VERSIONS:
            with self.subTest(version=version), Broker(REFUSALS) as broker:
                with self.assertRaises(aiomqtt.MqttCodeError) as caught:
                    async with self.client(broker, version, "stranger"):
                        self.fail("the broker refused")
                self.assertEqual(number(caught.exception.rc), NOT_AUTHORIZED)

    async def test_refused_subscription_is_a_code(self):
        for version, (topic_filter, expected) in REFUSED_FILTER.items():
            with self.subTest(version=version), Broker(REFUSALS) as broker:
                async with self.client(broker, version, "friend") as client:
                    codes = await client.subscribe(topic_filter, qos=1)
                    self.assertEqual([number(code) for code in codes], [expected])

    async def test_refused_message_is_nothing(self):
        with Broker(REFUSALS) as broker:
            async with self.client(broker, paho.MQTTv5, "friend") as client:
                # It returns as if nothing had happened: why nack is there.
                await client.publish("full", "x", qos=1)
                await client.publish("open", "x", qos=1)


if __name__ == "__main__":
    unittest.main()
