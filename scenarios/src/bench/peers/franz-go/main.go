// franz-go as a peer of the bench: does one order, and prints what it cost.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

// order is what peers/driver.ts calls Order.
type order struct {
	Workload         string
	BootstrapServers string
	Topic            string
	WarmTopic        string
	Group            string
	Messages         int
	WarmMessages     int
	ValuesFile       string
	ValueSize        int
	Window           int
	LingerMs         int
	BatchSize        int
	FetchMaxWaitMs   int
	FetchMinBytes    int
	FetchMaxBytes    int
	PartitionBytes   int
}

type mark struct {
	cpu  time.Duration
	wall time.Time
}

func now() mark {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		fail(err)
	}
	return mark{time.Duration(usage.Utime.Nano() + usage.Stime.Nano()), time.Now()}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func main() {
	var o order
	if err := json.Unmarshal([]byte(os.Args[1]), &o); err != nil {
		fail(err)
	}
	var begin, end mark
	switch o.Workload {
	case "produce":
		begin, end = produce(o, pipelined)
	case "produce-awaited":
		begin, end = produce(o, awaited)
	case "consume":
		consume(o, o.WarmTopic, o.WarmMessages)
		begin = now()
		client := consume(o, o.Topic, o.Messages)
		end = now()
		_ = client
	default:
		fail(fmt.Errorf("franz-go does not know the workload %s", o.Workload))
	}
	result := map[string]any{
		"cpuNs":   (end.cpu - begin.cpu).Nanoseconds(),
		"wallNs":  end.wall.Sub(begin.wall).Nanoseconds(),
		"client":  "franz-go " + version(),
		"runtime": runtime.Version(),
	}
	if err := json.NewEncoder(os.Stdout).Encode(result); err != nil {
		fail(err)
	}
}

func produce(o order, send func(*kgo.Client, order, [][]byte, int)) (mark, mark) {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(o.BootstrapServers, ",")...),
		kgo.DefaultProduceTopic(o.Topic),
		kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		kgo.ProducerLinger(time.Duration(o.LingerMs)*time.Millisecond),
		kgo.ProducerBatchMaxBytes(int32(o.BatchSize)),
	)
	if err != nil {
		fail(err)
	}
	defer client.Close()
	values := readValues(o)
	send(client, o, values, o.WarmMessages)
	begin := now()
	send(client, o, values, o.Messages)
	return begin, now()
}

func pipelined(client *kgo.Client, _ order, values [][]byte, count int) {
	ctx := context.Background()
	for i := 0; i < count; i++ {
		client.Produce(ctx, &kgo.Record{Value: values[i%len(values)]}, func(_ *kgo.Record, err error) {
			if err != nil {
				fail(err)
			}
		})
	}
	if err := client.Flush(ctx); err != nil {
		fail(err)
	}
}

func awaited(client *kgo.Client, o order, values [][]byte, count int) {
	ctx := context.Background()
	var group sync.WaitGroup
	for worker := 0; worker < o.Window; worker++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for i := worker; i < count; i += o.Window {
				if err := client.ProduceSync(ctx, &kgo.Record{Value: values[i%len(values)]}).FirstErr(); err != nil {
					fail(err)
				}
			}
		}()
	}
	group.Wait()
}

func consume(o order, topic string, count int) *kgo.Client {
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(o.BootstrapServers, ",")...),
		kgo.ConsumerGroup(o.Group+"-"+topic),
		kgo.Balancers(kgo.RangeBalancer()),
		kgo.ConsumeTopics(topic),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.DisableAutoCommit(),
		kgo.FetchMinBytes(int32(o.FetchMinBytes)),
		kgo.FetchMaxWait(time.Duration(o.FetchMaxWaitMs)*time.Millisecond),
		kgo.FetchMaxBytes(int32(o.FetchMaxBytes)),
		kgo.FetchMaxPartitionBytes(int32(o.PartitionBytes)),
	)
	if err != nil {
		fail(err)
	}
	seen, bytes := 0, 0
	for seen < count {
		fetches := client.PollFetches(context.Background())
		if err := fetches.Err(); err != nil {
			fail(err)
		}
		fetches.EachRecord(func(record *kgo.Record) {
			seen++
			bytes += len(record.Value)
		})
	}
	if seen != count || bytes != count*o.ValueSize {
		fail(fmt.Errorf("read %d records of %d bytes, wanted %d", seen, bytes, count))
	}
	if topic == o.WarmTopic {
		client.Close()
	}
	return client
}

func readValues(o order) [][]byte {
	all, err := os.ReadFile(o.ValuesFile)
	if err != nil {
		fail(err)
	}
	values := make([][]byte, 0, len(all)/o.ValueSize)
	for at := 0; at+o.ValueSize <= len(all); at += o.ValueSize {
		values = append(values, all[at:at+o.ValueSize])
	}
	return values
}

func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == "github.com/twmb/franz-go" {
				return strings.TrimPrefix(module.Version, "v")
			}
		}
	}
	return "of unknown version"
}
