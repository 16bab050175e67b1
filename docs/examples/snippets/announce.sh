#!/bin/sh
# Announce a place, read the answer, read every place. Needs: kcat (apt-get install kcat, brew install kcat) with
# librdkafka 2.6.1 or newer (kcat -V): older ones cannot log in by SCRAM to a Kafka that is up to date
set -eu
prefix=${LEDIGPLADS_TOPIC_PREFIX:-} partner=demo
KCAT_CONFIG=$(mktemp) && export KCAT_CONFIG && trap 'rm "$KCAT_CONFIG"' EXIT # a password on the command line is seen by all
cat >"$KCAT_CONFIG" <<END
bootstrap.servers=$LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS
security.protocol=$LEDIGPLADS_KAFKA_SECURITY_PROTOCOL
sasl.mechanism=SCRAM-SHA-512
sasl.username=$LEDIGPLADS_KAFKA_USERNAME
sasl.password=$LEDIGPLADS_KAFKA_PASSWORD
END
vacancy=$(dirname "$0")/vacancy.json
id=$(date +%s)-$$ # the same ce_id again is answered again and changes nothing

kcat -P -q -t "${prefix}submissions-$partner" -k malehold-1 \
  -H ce_specversion=1.0 -H "ce_id=$id" -H ce_source=our-system \
  -H ce_type=dk.ledigplads.vacancy.submitted.v1 -H content-type=application/json "$vacancy"

until kcat -C -q -e -t "${prefix}receipts-$partner" -o beginning -f '%s\n' | grep "\"$id\""; do sleep 1; done

kcat -C -q -e -t "${prefix}vacancies" -o beginning -f '%k %s\n'
