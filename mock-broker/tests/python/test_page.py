"""The live page in headless Chromium: what happens is shown, and a click makes a fault.

Set SCREENSHOTS to a folder to have pictures of it: desktop in light and dark, and a phone.
"""

import os
import shutil

import paho.mqtt.client as mqtt
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from mock_broker import MockBroker
from test_paho import Client

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

# NACK_REQUIRE_CLIENTS=1 is for a machine that has everything: there a browser that is missing is a failure.
pytestmark = pytest.mark.skipif(
    not (CHROMIUM and DRIVER) and os.environ.get("NACK_REQUIRE_CLIENTS") != "1",
    reason="needs Debian's chromium and chromium-driver",
)


class Page:
    def __init__(self, broker, width=1360, height=820, scheme="light", state="live"):
        options = webdriver.ChromeOptions()
        options.binary_location = CHROMIUM
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(DRIVER))
        self.command("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600,
        })
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.command("Emulation.setEmulatedMedia", {"features": [feature]})
        self.driver.get(broker.control + "/")
        self.until(lambda: self.one("#state").get_attribute("data-state") == state)

    def command(self, name, arguments):
        return self.driver.execute_cdp_cmd(name, arguments)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def until(self, holds):
        return WebDriverWait(self.driver, 20).until(lambda _: holds())

    def rows(self):
        script = "return [...document.querySelectorAll('.entry > button')].map(row => row.textContent)"
        return self.driver.execute_script(script)

    def complaints(self):
        """What the browser has to say: a violation of the policy, an exception, a failed request."""
        return [it for it in self.driver.get_log("browser") if it["level"] in ("SEVERE", "WARNING")]

    def picture(self, name):
        folder = os.environ.get("SCREENSHOTS")
        if folder:
            os.makedirs(folder, exist_ok=True)
            self.driver.save_screenshot(os.path.join(folder, name + ".png"))


@pytest.fixture
def page(broker):
    page = Page(broker)
    yield page
    complaints = page.complaints()
    page.driver.quit()
    assert complaints == []


def test_a_client_that_connects_is_shown(broker, page):
    assert page.one("#no-entries").is_displayed()
    client = Client(broker, "sensor-17")
    page.until(lambda: page.one("#clients .id").text == "sensor-17")
    assert "MQTT 5.0" in page.one("#clients .what").text
    page.until(lambda: any("CONNACK" in row for row in page.rows()))
    client.stop()
    page.until(lambda: page.all("#clients .client") == [])
    assert any("DISCONNECT" in row for row in page.rows())


def test_a_click_refuses_the_next_message(broker, page):
    client = Client(broker, "sensor-17")
    page.until(lambda: page.all("#clients .client"))
    page.one("#clients .client").click()
    Select(page.one("#refuse-code")).select_by_value(str(0x97))
    page.one("#refuse").click()
    page.until(lambda: page.all("#rules .rule"))

    reason, _ = client.publish("t")
    assert reason.value == 0x97
    reason, _ = client.publish("t")
    assert reason.value == 0
    page.until(lambda: page.one("#rules .hits b").text == "1")
    page.until(lambda: page.all(".entry.bad"))
    row = page.one(".entry.bad > button")
    assert "0x97 quota exceeded" in row.text

    # Its bytes and its fields are there on demand.
    row.send_keys(Keys.ENTER)
    assert "151 (0x97)" in page.one(".detail dl").text
    assert page.one(".dump").text.startswith("0000  40 0")
    page.one("#rules .remove").click()
    page.until(lambda: page.all("#rules .rule") == [])
    client.stop()



def test_a_message_that_nobody_acknowledges_does_not_use_up_a_click(broker, page):
    client = Client(broker, "sensor-17")
    page.until(lambda: page.all("#clients .client"))
    page.one("#clients .client").click()
    page.one("#late-ack").click()
    page.until(lambda: page.all("#rules .rule"))

    client.publish("t", qos=0)
    client.publish("t", qos=1)
    page.until(lambda: page.one("#rules .hits b").text == "1")
    page.until(lambda: page.all(".entry"))
    late = [row for row in page.rows() if "PUBLISH" in row and "late (page)" in row]
    assert len(late) == 1 and "qos=1" in late[0]
    client.stop()

def test_a_click_disconnects_a_client(broker, page):
    client = Client(broker, "c1")
    page.until(lambda: page.all("#clients .client"))
    page.one("#clients .client").click()
    page.one("#disconnect").click()
    assert client.disconnected.wait(20)
    assert client.reason.value == 0x98
    client.stop()


def on_the_wire(broker, packet):
    """The last packet of this type: its bytes in hexadecimal."""
    entries = broker.ask("GET", "/journal")["entries"]
    return [it["raw"] for it in entries if it.get("packet", {}).get("type") == packet][-1]


@pytest.mark.parametrize("version,suback,connack", [
    (mqtt.MQTTv311, "9003000180", "20020003"),
    (mqtt.MQTTv5, "900400010087", "2003008800"),
])
def test_a_refusal_is_said_in_the_words_of_the_version(broker, page, version, suback, connack):
    for button in ["#refuse-subscribe", "#refuse-connect"]:
        client = Client(broker, "c1", version)
        page.until(lambda: page.all("#clients .client"))
        page.one("#clients .client").click()
        page.one(button).click()
        page.until(lambda: not page.one("#fault").is_displayed())
        if button == "#refuse-subscribe":
            client.client.subscribe("t")
            broker.wait_for("SUBACK")
            assert on_the_wire(broker, "SUBACK") == suback
            client.stop()
            page.until(lambda: page.all("#clients .client") == [])
    client.stop()
    page.until(lambda: page.all("#clients .client") == [])
    # The next one with this name is refused, whoever it is.
    refused = Client(broker, "c1", version)
    assert refused.answer.is_failure
    assert on_the_wire(broker, "CONNACK") == connack
    refused.client.loop_stop()


def test_a_click_loses_the_session(broker, page):
    def connect():
        client = mqtt.Client(
            mqtt.CallbackAPIVersion.VERSION2, "c1", clean_session=False, protocol=mqtt.MQTTv311,
        )
        client.connect(broker.host, broker.port)
        client.loop_start()
        return client

    def packets(kind):
        entries = broker.ask("GET", "/journal")["entries"]
        return [it for it in entries if it.get("packet", {}).get("type") == kind]

    client = connect()
    page.until(lambda: page.all("#clients .client"))
    client.subscribe("t")
    broker.wait_for("SUBACK")
    page.one("#clients .client").click()
    page.one("#lose-session").click()
    page.until(lambda: page.all("#rules .rule"))
    client.disconnect()
    client.loop_stop()
    page.until(lambda: page.all("#clients .client") == [])

    client = connect()
    for _ in range(2):
        client.publish("t", b"m", 1).wait_for_publish(20)
    assert [it["packet"]["session_present"] for it in packets("CONNACK")] == [False, False]
    # The subscription went with the session: what is published comes back to nobody.
    assert {it["direction"] for it in packets("PUBLISH")} == {"from_client"}
    client.disconnect()
    client.loop_stop()


def test_a_token_that_is_wrong_is_told(monkeypatch):
    monkeypatch.setenv("MOCK_BROKER_TOKEN", "secret")
    broker = MockBroker()
    page = Page(broker, state="waiting")
    try:
        page.until(lambda: page.one("#token").is_displayed())
        assert page.one("#token-problem").text == ""
        page.one("#use-token").click()
        assert page.one("#token-problem").text == "No token was given."
        page.one("#token-text").send_keys("guess", Keys.ENTER)
        page.until(lambda: "not the token" in page.one("#token-problem").text)
        page.picture("wrong-token")
        page.one("#token-text").send_keys("secret", Keys.ENTER)
        page.until(lambda: page.one("#state").get_attribute("data-state") == "live")
        assert not page.one("#token").is_displayed()
        assert all("401" in it["message"] for it in page.complaints())
    finally:
        page.driver.quit()
        broker.stop()


def test_a_click_refuses_who_connects(broker, page):
    page.one("#listening").click()
    page.until(lambda: page.one("#listening").text == "Listen again")
    page.until(lambda: any("no longer listens" in row for row in page.rows()))
    with pytest.raises(ConnectionRefusedError):
        Client(broker, "early")
    page.picture("not-listening")
    page.one("#listening").click()
    page.until(lambda: page.one("#listening").text == "Stop listening")
    Client(broker, "late").stop()


def test_a_rule_that_is_wrong_is_told_where(broker, page):
    page.one("#new-rule").click()
    text = page.one("#rule-text")
    text.clear()
    text.send_keys('{"on": {"pakcet": "PUBLISH"}}')
    page.one("#add-rule").click()
    page.until(lambda: page.one("#rule-problem").text)
    problem = page.one("#rule-problem").text
    assert problem == "line 1, column 9: unknown key `pakcet`, did you mean packet?"
    # The refusal of the API is in the log of the browser, and is expected there.
    assert all("400" in it["message"] for it in page.complaints())
    text.clear()
    text.send_keys('{"on": {"packet": "PUBLISH"}, "expect": "any", "name": "watch"}')
    page.one("#add-rule").click()
    page.until(lambda: page.all("#rules .rule"))
    assert page.one("#rules .title").text == "watch"


def test_filter_pause_and_keys(broker, page):
    first, second = Client(broker, "first"), Client(broker, "second")
    first.publish("a")
    second.publish("b")
    page.until(lambda: any('topic="b"' in row for row in page.rows()))
    page.one("body").send_keys("/")
    page.driver.switch_to.active_element.send_keys("publish #2")
    page.until(lambda: len(page.rows()) == 1)
    assert 'topic="b"' in page.rows()[0]
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.until(lambda: len(page.rows()) > 1)

    page.one("body").send_keys("p")
    before = page.rows()
    first.publish("while paused")
    page.until(lambda: "Resume (" in page.one("#pause").text)
    assert page.rows() == before
    page.one("#pause").click()
    page.until(lambda: any("while paused" in row for row in page.rows()))
    first.stop()
    second.stop()


def test_thousands_of_entries_stay_bounded(broker, page):
    client = Client(broker, "flood")
    for number in range(4000):
        client.client.publish(f"flood/{number}", b"x", 0)
    client.publish("flood/last")
    page.until(lambda: page.rows() and "flood/last" in "".join(page.rows()[-3:]))
    assert len(page.rows()) <= 1500
    assert "older entries" in page.one("#older").get_attribute("textContent")
    client.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width,height", [(1360, 820), (390, 844)])
def test_it_fits_every_screen(broker, scheme, width, height):
    broker.given(
        {"packet": "PUBLISH", "topic": "sensors/+/fast"}, {"packet": "PUBACK", "reason": 0x97},
        name="quota",
    )
    client = Client(broker, "sensor-17")
    page = Page(broker, width, height, scheme)
    try:
        for number in range(12):
            client.publish(f"sensors/{number}/{'fast' if number % 4 == 3 else 'slow'}", b"21.5")
        page.until(lambda: len(page.rows()) >= 27)
        name = f"{scheme}-{width}"
        page.picture(name)
        for tab in page.all(".tabs button"):
            if tab.is_displayed():
                tab.click()
                page.picture(f"{name}-{tab.get_attribute('data-to')}")
        script = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert page.driver.execute_script(script)
        if width < 600:
            page.one("[data-to=clients]").click()
        page.one("#clients .client").click()
        page.picture(name + "-faults")
        assert page.driver.execute_script(script)
        # A select that is as wide as what it shows likes is no wider: no code is cut.
        assert page.driver.execute_script("""
            return [...document.querySelectorAll('#fault select')].every((select) => {
                const free = select.cloneNode();
                free.append(select.selectedOptions[0].cloneNode(true));
                free.style.cssText = 'position: absolute; width: auto; max-width: none';
                select.parentNode.append(free);
                const fits = free.offsetWidth <= select.offsetWidth;
                free.remove();
                return fits;
            });
        """)
        assert page.complaints() == []
    finally:
        page.driver.quit()
        client.stop()
