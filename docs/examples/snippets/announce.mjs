// Announce a place, read the answer, read every open place. Needs: npm install @platformatic/kafka
import { randomUUID } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Consumer, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";

const env = process.env;
const kafka = {
  clientId: "our-system",
  bootstrapBrokers: env.LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS.split(","),
  sasl: { mechanism: "SCRAM-SHA-512", username: env.LEDIGPLADS_KAFKA_USERNAME, password: env.LEDIGPLADS_KAFKA_PASSWORD },
  ...(env.LEDIGPLADS_KAFKA_SECURITY_PROTOCOL === "SASL_SSL" && { tls: {} }),
};
const prefix = env.LEDIGPLADS_TOPIC_PREFIX ?? "";
const partner = "demo";
const body = await readFile(new URL("vacancy.json", import.meta.url), "utf8");
const headers = {
  // CloudEvents 1.0, binary mode; the same ce_id again is answered again and changes nothing
  ce_specversion: "1.0",
  ce_id: randomUUID(),
  ce_source: "our-system",
  ce_type: "dk.ledigplads.vacancy.submitted.v1",
  "content-type": "application/json",
};

const producer = new Producer({ ...kafka, serializers: stringSerializers, idempotent: true });
await producer.send({
  messages: [{ topic: `${prefix}submissions-${partner}`, key: JSON.parse(body).reference, value: body, headers }],
});
await producer.close();

// Reads a topic from its beginning until `isLast` says so; a group of its own, nothing is committed.
async function read(topic, isLast) {
  const consumer = new Consumer({
    ...kafka,
    groupId: `${prefix}partner-${partner}.${randomUUID()}`, // a partner's groups begin with its name and a dot
    deserializers: stringDeserializers,
  });
  const stream = await consumer.consume({ topics: [prefix + topic], mode: "earliest", autocommit: false });
  for await (const record of stream) {
    if (isLast(record)) break;
  }
  await consumer.close(true);
}

let receipt;
await read(`receipts-${partner}`, (record) => {
  receipt = JSON.parse(record.value);
  return receipt.submission_id === headers.ce_id;
});
console.log(receipt.outcome, receipt.entity_id, JSON.stringify(receipt.reasons));

const places = new Map(); // the last record under a key is the whole truth about it
if (receipt.outcome === "accepted") {
  await read("vacancies", (record) => {
    places.set(record.key, record.value && JSON.parse(record.value));
    return record.key === receipt.entity_id;
  });
}
for (const place of places.values()) {
  if (place?.status === "open") console.log(place.title_da, place.places_free);
}
