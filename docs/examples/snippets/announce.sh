#!/bin/sh
# Announce a place, read the answer, read every place. Needs: kcat (apt-get install kcat, brew install kcat)
set -eu
servers=$LEDIGPLADS_KAFKA_BOOTSTRAP_SERVERS prefix=${LEDIGPLADS_TOPIC_PREFIX:-} partner=demo
vacancy=$(dirname "$0")/vacancy.json
id=$(date +%s)-$$ # the same ce_id again is answered again and changes nothing

kcat -P -b "$servers" -t "${prefix}submissions-$partner" -k malehold-1 \
  -H ce_specversion=1.0 -H "ce_id=$id" -H ce_source=our-system \
  -H ce_type=dk.ledigplads.vacancy.submitted.v1 -H content-type=application/json "$vacancy"

until kcat -C -q -e -b "$servers" -t "${prefix}receipts-$partner" -o beginning -f '%s\n' | grep "\"$id\""; do sleep 1; done

kcat -C -q -e -b "$servers" -t "${prefix}vacancies" -o beginning -f '%k %s\n'
