// What node-mqtt makes of a broker: connects, subscribes, publishes, and prints a line of JSON for
// each thing that it was told.
//
//     node node_mqtt.js mqtt://127.0.0.1:1883 5 client-id

const mqtt = require("mqtt");

const [url, version, clientId] = process.argv.slice(2);
const print = (what) => console.log(JSON.stringify(what));

const client = mqtt.connect(url, {
  clientId,
  protocolVersion: Number(version),
  reconnectPeriod: 0,
});

const promise = (start) =>
  new Promise((resolve) => start((error, value) => resolve({ error, value })));

client.on("error", (error) => {
  print({ connect: error.code });
  client.end(true);
});

client.on("message", (topic, payload, packet) => {
  print({ message: topic, payload: payload.toString(), qos: packet.qos });
  if (topic === "plant/end") client.end();
});

client.on("connect", async (connack) => {
  print({ connect: version === "5" ? connack.reasonCode : connack.returnCode });
  const subscribed = await promise((done) => client.subscribe("plant/#", { qos: 2 }, done));
  print({ granted: subscribed.value.map((grant) => grant.qos) });
  for (const qos of [0, 1, 2]) {
    await promise((done) => client.publish("plant/3/heat", "21.5", { qos }, done));
  }
  const refused = await promise((done) => client.publish("full", "x", { qos: 1 }, done));
  print({ refused: refused.error ? refused.error.code : null });
  client.publish("plant/end", "", { qos: 1 });
});
