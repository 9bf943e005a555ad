#!/usr/bin/env bash
# What mosquitto_pub makes of a refusal, in a shell: needs mosquitto_pub and curl.
# MOCK_BROKER is the program, `mock-broker` if it is not set.
set -euo pipefail

program=${MOCK_BROKER:-mock-broker}
exec {said}< <(exec "$program" --listen 127.0.0.1:0 --control 127.0.0.1:0 --json --quiet)
broker=$!
trap 'kill "$broker"' EXIT
read -r line <&"$said"
control=$(sed -E 's/.*"control":"([^"]+)".*/\1/' <<<"$line")
port=$(sed -E 's/.*"addresses":\["[^"]*:([0-9]+)".*/\1/' <<<"$line")

post() { curl --fail-with-body --silent --show-error --json "$2" "$control$1"; }

post /rules '{
  "name": "not authorized",
  "on": { "packet": "PUBLISH", "topic": "secret/#" },
  "reply": { "packet": "PUBACK", "reason": "not-authorized" },
  "expect": 1
}' >/dev/null

publish() { mosquitto_pub -V mqttv5 -h 127.0.0.1 -p "$port" -i c1 -q 1 -t "$1" -m hello 2>&1; }

publish public >/dev/null
said_of_it=$(publish secret/plans || true)
case $said_of_it in
  *"Not authorized"*) echo "ok: mosquitto_pub says: $said_of_it" ;;
  *) echo "not ok: mosquitto_pub says nothing of the refusal: $said_of_it"; exit 1 ;;
esac

curl --silent --fail --request POST "$control/verify" | grep --quiet '"met":true'
echo "ok: the message was refused just once"
curl --silent --fail "$control/journal.pcapng" | head -c 4 | od -An -tx1 | grep --quiet '0a 0d 0d 0a'
echo "ok: the capture file is there"
