"""What paho-mqtt makes of a refusal."""

import threading

import paho.mqtt.client as mqtt
import pytest


class Client:
    """paho-mqtt, with what its callbacks were told."""

    def __init__(self, broker, client_id="c1", protocol=mqtt.MQTTv5):
        self.published = {}
        self.disconnected = threading.Event()
        self.reason = None
        self.came = threading.Condition()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id, protocol=protocol)
        self.client.on_publish = self.on_publish
        self.client.on_disconnect = self.on_disconnect
        self.connected = threading.Event()
        self.client.on_connect = self.on_connect
        self.client.connect(broker.host, broker.port)
        self.client.loop_start()
        assert self.connected.wait(20)

    def on_connect(self, client, userdata, flags, reason, properties):
        self.answer = reason
        self.connected.set()

    def on_publish(self, client, userdata, mid, reason, properties):
        with self.came:
            self.published[mid] = (reason, properties)
            self.came.notify_all()

    def on_disconnect(self, client, userdata, flags, reason, properties):
        self.reason = reason
        self.disconnected.set()

    def publish(self, topic, payload=b"m", qos=1):
        """Publishes, and returns what the callback is told of this message."""
        mid = self.client.publish(topic, payload, qos).mid
        with self.came:
            assert self.came.wait_for(lambda: mid in self.published, 20)
        return self.published[mid]

    def stop(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def client(broker):
    client = Client(broker)
    yield client
    client.stop()


def test_a_refused_message_reaches_on_publish_with_its_code(broker, client):
    properties = {"reason_string": "not yours"}
    rule = broker.given(
        {"packet": "PUBLISH", "topic": "secret/#"},
        {"packet": "PUBACK", "reason": "not-authorized", "properties": properties},
    )
    reason, properties = client.publish("secret/plans")
    assert reason.value == 0x87
    assert reason.is_failure
    assert properties.ReasonString == "not yours"
    assert broker.ask("GET", f"/rules/{rule['id']}")["hits"] == 1

    # The next one to another topic is none of its business.
    reason, _ = client.publish("public")
    assert reason.value == 0


def test_wait_for_publish_does_not_tell_of_a_refusal(broker, client):
    # Why code that only waits never learns of it: the call ends as if all were well.
    broker.given("PUBLISH", {"packet": "PUBACK", "reason": 0x87})
    message = client.client.publish("t", b"m", 1)
    message.wait_for_publish(20)
    assert message.is_published()
    assert message.rc == mqtt.MQTT_ERR_SUCCESS


def test_a_disconnect_comes_with_its_reason(broker, client):
    broker.send("c1", {"reply": {"packet": "DISCONNECT", "reason": "administrative-action"}})
    assert client.disconnected.wait(20)
    assert client.reason.value == 0x98


def test_the_journal_has_what_paho_sent(broker, client):
    client.publish("a/b", "grün", qos=1)
    entry = broker.wait_for("PUBLISH", topic="a/b")
    assert entry["packet"]["payload"] == "grün"
    assert entry["packet"]["qos"] == 1
    assert bytes.fromhex(entry["raw"])[0] == 0x32


def test_what_was_expected_and_did_not_come_is_told(broker, client):
    broker.given("SUBSCRIBE", {"packet": "SUBACK", "reason": 0x87}, name="subscribes", expect=1)
    verdict = broker.ask("POST", "/verify")
    assert not verdict["met"]
    assert verdict["failures"][0]["rule"] == "subscribes"
    client.client.subscribe("a")
    broker.wait_for("SUBACK")
    assert broker.ask("POST", "/verify")["met"]
