/* What Eclipse Paho C makes of a broker: connects, subscribes, publishes, and prints a line of
 * JSON for each thing that it was told.
 *
 *     cc paho_c.c -lpaho-mqtt3c -o paho_c && ./paho_c mqtt://127.0.0.1:1883 5 client-id
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <MQTTClient.h>

static const int PATIENCE_MS = 20000;

static MQTTClient client;
static int v5;

static int publish(const char *topic, const char *payload, int qos) {
  MQTTClient_deliveryToken token;
  int length = (int)strlen(payload);
  if (!v5) {
    int rc = MQTTClient_publish(client, topic, length, payload, qos, 0, &token);
    return rc ? rc : MQTTClient_waitForCompletion(client, token, PATIENCE_MS);
  }
  MQTTResponse sent = MQTTClient_publish5(client, topic, length, payload, qos, 0, NULL, &token);
  int rc = sent.reasonCode;
  MQTTResponse_free(sent);
  return rc ? rc : MQTTClient_waitForCompletion(client, token, PATIENCE_MS);
}

static int connect_and_tell(void) {
  MQTTClient_connectOptions v3_options = MQTTClient_connectOptions_initializer;
  MQTTClient_connectOptions v5_options = MQTTClient_connectOptions_initializer5;
  MQTTClient_connectOptions options = v5 ? v5_options : v3_options;
  options.MQTTVersion = v5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
  int code;
  if (v5) {
    MQTTResponse response = MQTTClient_connect5(client, &options, NULL, NULL);
    code = response.reasonCode;
    MQTTResponse_free(response);
  } else {
    code = MQTTClient_connect(client, &options);
  }
  printf("{\"connect\": %d}\n", code);
  return code;
}

static void subscribe_and_tell(void) {
  int granted;
  if (v5) {
    MQTTResponse response = MQTTClient_subscribe5(client, "plant/#", 2, NULL, NULL);
    granted = response.reasonCode;
    MQTTResponse_free(response);
  } else {
    granted = MQTTClient_subscribe(client, "plant/#", 2) == MQTTCLIENT_SUCCESS ? 2 : 0x80;
  }
  printf("{\"granted\": [%d]}\n", granted);
}

static void receive_and_tell(void) {
  char *topic = NULL;
  int length = 0;
  MQTTClient_message *message = NULL;
  int rc = MQTTClient_receive(client, &topic, &length, &message, PATIENCE_MS);
  if (rc != MQTTCLIENT_SUCCESS || message == NULL) {
    printf("{\"receive\": %d}\n", rc);
    return;
  }
  printf("{\"message\": \"%s\", \"payload\": \"%.*s\", \"qos\": %d}\n", topic,
         message->payloadlen, (char *)message->payload, message->qos);
  MQTTClient_freeMessage(&message);
  MQTTClient_free(topic);
}

int main(int count, char **words) {
  if (count != 4) {
    fprintf(stderr, "usage: paho_c URL VERSION CLIENT-ID\n");
    return 2;
  }
  v5 = strcmp(words[2], "5") == 0;
  MQTTClient_createOptions options = MQTTClient_createOptions_initializer;
  options.MQTTVersion = v5 ? MQTTVERSION_5 : MQTTVERSION_3_1_1;
  int rc = MQTTClient_createWithOptions(&client, words[1], words[3], MQTTCLIENT_PERSISTENCE_NONE,
                                        NULL, &options);
  if (rc != MQTTCLIENT_SUCCESS) {
    fprintf(stderr, "cannot create a client: %d\n", rc);
    return 1;
  }
  if (connect_and_tell() == 0) {
    subscribe_and_tell();
    for (int qos = 0; qos <= 2; qos++) {
      publish("plant/3/heat", "21.5", qos);
      receive_and_tell();
    }
    printf("{\"refused\": %d}\n", publish("full", "x", 1));
    MQTTClient_disconnect(client, 1000);
  }
  MQTTClient_destroy(&client);
  return 0;
}
