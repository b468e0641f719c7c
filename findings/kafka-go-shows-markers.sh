#!/usr/bin/env bash
# kafka-go hands over the markers of transactions as messages, and aborted records to read_committed readers.
#
# Expected: control records are never shown to programs, and with IsolationLevel ReadCommitted what was aborted is not.
# Seen with segmentio/kafka-go 0.4.51, reading what franz-go 1.22.3 wrote in a committed, an aborted and a committed
# transaction, on brokers of franz-go's kfake: six messages for two records that count. Of each marker the program gets a
# key of four bytes (version, then 1 for a commit and 0 for an abort) and a value of six.
[ -n "${BOUNDED:-}" ] || BOUNDED=1 exec timeout -k 10 300 "$0" "$@"
set -euo pipefail
home=$(mktemp -d)
pids=()
finish() {
  for pid in ${pids[@]+"${pids[@]}"}; do kill -9 "$pid" 2>/dev/null || true; done
  rm -rf "$home"
}
trap finish EXIT
trap 'exit 1' TERM INT
cd "$home"

cat >go.mod <<'GO'
module finding

go 1.26.0

require (
	github.com/segmentio/kafka-go v0.4.51
	github.com/twmb/franz-go v1.22.3
	github.com/twmb/franz-go/pkg/kfake v0.0.0-20260918054303-01f206a7e32c
)
GO
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, "orders"))
	must(err)
	defer cluster.Close()
	producer, err := kgo.NewClient(kgo.SeedBrokers(cluster.ListenAddrs()...), kgo.TransactionalID("shop"), kgo.DefaultProduceTopic("orders"))
	must(err)
	defer producer.Close()
	for n, end := range []kgo.TransactionEndTry{kgo.TryCommit, kgo.TryAbort, kgo.TryCommit} {
		must(producer.BeginTransaction())
		must(producer.ProduceSync(ctx, kgo.StringRecord(fmt.Sprintf("order %d", n))).FirstErr())
		must(producer.EndTransaction(ctx, end))
	}
	reader := kafka.NewReader(kafka.ReaderConfig{
		Brokers: cluster.ListenAddrs(), Topic: "orders", MaxWait: 200 * time.Millisecond, IsolationLevel: kafka.ReadCommitted,
	})
	defer reader.Close()
	for {
		short, done := context.WithTimeout(ctx, 5*time.Second)
		message, err := reader.ReadMessage(short)
		done()
		if err != nil {
			break
		}
		fmt.Printf("offset %d: key %d bytes %x, value %q\n", message.Offset, len(message.Key), message.Key, message.Value)
	}
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
GO
go mod tidy >go.log 2>&1 || { cat go.log; exit 1; }
go run . 2>complaints.log | tee seen.txt

cat >expected.txt <<'SEEN'
offset 0: key 0 bytes , value "order 0"
offset 1: key 4 bytes 00000001, value "\x00\x00\x00\x00\x00\x00"
offset 2: key 0 bytes , value "order 1"
offset 3: key 4 bytes 00000000, value "\x00\x00\x00\x00\x00\x00"
offset 4: key 0 bytes , value "order 2"
offset 5: key 4 bytes 00000001, value "\x00\x00\x00\x00\x00\x00"
SEEN
if ! diff expected.txt seen.txt; then
  [ -s complaints.log ] && tail -20 complaints.log
  echo 'This is not what was seen.'
  exit 1
fi
echo 'As it was seen.'
