// Brokers of franz-go's kfake whose first Produce requests for each partition meet with what its number and the seed
// draw. The program says one JSON line for each thing that happens; on the line "read" it says what the partitions
// hold, and it ends with its input.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"
)

const readLimit = 30 * time.Second

func main() {
	seed := flag.Uint64("seed", 1, "from it fates are drawn")
	nodes := flag.Int("nodes", 3, "brokers")
	partitions := flag.Int("partitions", 24, "of the topic")
	topic := flag.String("topic", "fates", "its name")
	timeout := flag.Duration("request-timeout", time.Second, "after which the client gives a request up")
	newest := flag.Bool("newest", false, "as Kafka 4.5, which takes no first sequence but 0 into an empty log; else as 4.2")
	flag.Parse()
	if err := run(*seed, *nodes, int32(*partitions), *topic, *timeout, *newest); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(seed uint64, nodes int, partitions int32, topic string, timeout time.Duration, newest bool) error {
	fates := &fates{seed: seed, nodes: int32(nodes), topic: topic, timeout: timeout, met: map[int32]int{}}
	opts := []kfake.Opt{
		kfake.NumBrokers(nodes),
		kfake.SeedTopics(partitions, topic),
		kfake.ListenFn(func(network, address string) (net.Listener, error) {
			inner, err := net.Listen(network, address)
			return &listener{Listener: inner, fates: fates}, err
		}),
	}
	if !newest {
		opts = append(opts, kfake.MaxVersions(kversion.V4_2_0()))
	}
	cluster, err := kfake.NewCluster(opts...)
	if err != nil {
		return err
	}
	defer cluster.Close()
	fates.use(cluster)
	say(map[string]any{"bootstrapServers": cluster.ListenAddrs()})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		if lines.Text() != "read" {
			return fmt.Errorf("unknown order %q", lines.Text())
		}
		held, err := read(cluster, topic, partitions)
		if err != nil {
			return err
		}
		say(map[string]any{"held": held})
	}
	return nil
}

// read gives the values of each partition, in the order of the log.
func read(cluster *kfake.Cluster, topic string, partitions int32) ([][]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), readLimit)
	defer cancel()
	starts, left := map[int32]kgo.Offset{}, int64(0)
	for p := range partitions {
		starts[p] = kgo.NewOffset().AtStart()
		left += cluster.PartitionInfo(topic, p).HighWatermark
	}
	client, err := kgo.NewClient(
		kgo.SeedBrokers(cluster.ListenAddrs()...),
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: starts}),
	)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	held := make([][]string, partitions)
	for left > 0 {
		fetches := client.PollFetches(ctx)
		if err := fetches.Err(); err != nil {
			return nil, err
		}
		fetches.EachRecord(func(record *kgo.Record) {
			held[record.Partition] = append(held[record.Partition], string(record.Value))
			left--
		})
	}
	return held, nil
}

var saying sync.Mutex

func say(what any) {
	saying.Lock()
	defer saying.Unlock()
	if err := json.NewEncoder(os.Stdout).Encode(what); err != nil {
		os.Exit(1)
	}
}
