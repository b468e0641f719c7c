package main

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// fate is what a request to produce meets with.
type fate string

const (
	nothing fate = "nothing"
	// The broker never looks at it, nor at what follows on the connection.
	hangs fate = "hangs"
	// It is carried out, and no answer ever comes.
	hangsStored fate = "hangs, stored"
	// The connection ends before it is looked at, or after it was carried out.
	lost       fate = "lost"
	lostStored fate = "lost, stored"
	// The broker gets to it late, within the client's patience or after it.
	late       fate = "late"
	lateBeyond fate = "late, given up"
	// Its answer comes late.
	answeredLate fate = "answered late"
	// Its partitions have another leader now.
	moved fate = "moved"
	// Each of its new partitions gets an error, drawn for it.
	refused fate = "refused"
)

var weights = []struct {
	fate   fate
	weight int
}{
	{refused, 40}, {nothing, 8}, {hangs, 6}, {hangsStored, 6}, {lost, 8}, {lostStored, 8},
	{late, 6}, {lateBeyond, 6}, {answeredLate, 6}, {moved, 6},
}

// What a client has to try again. Of the first two kfake carries out the request, as Kafka may have done.
var refusals = []*kerr.Error{
	kerr.RequestTimedOut,
	kerr.NotEnoughReplicasAfterAppend,
	kerr.NotEnoughReplicas,
	kerr.NotLeaderForPartition,
	kerr.LeaderNotAvailable,
	kerr.UnknownTopicOrPartition,
	kerr.KafkaStorageError,
	// With no log start offset, as from a broker that has forgotten the producer.
	kerr.UnknownProducerID,
}

// Of a partition the first request, and one of four times the second, meets with something.
const secondOneIn = 4

type fates struct {
	seed    uint64
	nodes   int32
	topic   string
	timeout time.Duration
	cluster atomic.Pointer[kfake.Cluster]
	mu      sync.Mutex
	// How many requests of each partition have met with something.
	met map[int32]int
}

func (f *fates) use(cluster *kfake.Cluster) { f.cluster.Store(cluster) }

// of says what the request meets with, and how long that takes. The first of its partitions whose turn it is decides.
func (f *fates) of(request *kmsg.ProduceRequest) (fate, time.Duration) {
	f.mu.Lock()
	defer f.mu.Unlock()
	chosen, pause := nothing, time.Duration(0)
	for _, topic := range request.Topics {
		for _, each := range topic.Partitions {
			partition := each.Partition
			turn := f.met[partition]
			f.met[partition]++
			random := rand.New(rand.NewPCG(f.seed, uint64(partition)<<8|uint64(turn)))
			if turn > 1 || turn == 1 && random.IntN(secondOneIn) > 0 {
				continue
			}
			drawn := draw(random)
			patience := f.timeout.Milliseconds()
			within := time.Duration(random.Int64N(patience*6/10)) * time.Millisecond
			beyond := f.timeout + time.Duration(200+random.Int64N(patience))*time.Millisecond
			if drawn == refused && (chosen == nothing || chosen == refused) {
				chosen = refused
				f.refuse(partition, refusals[random.IntN(len(refusals))])
				continue
			}
			if chosen != nothing || drawn == nothing {
				continue
			}
			chosen, pause = drawn, within
			if drawn == lateBeyond {
				pause = beyond
			}
			if drawn == moved {
				f.move(partition)
			}
			say(map[string]any{"fate": drawn, "partition": partition})
		}
	}
	return chosen, pause
}

func draw(random *rand.Rand) fate {
	total := 0
	for _, each := range weights {
		total += each.weight
	}
	at := random.IntN(total)
	for _, each := range weights {
		if at -= each.weight; at < 0 {
			return each.fate
		}
	}
	return nothing
}

func (f *fates) refuse(partition int32, code *kerr.Error) {
	f.cluster.Load().Fault(kfake.Fault{
		Keys:       []kmsg.Key{kmsg.Produce},
		Topic:      f.topic,
		Partitions: []int32{partition},
		Err:        code,
	})
	say(map[string]any{"fate": refused, "partition": partition, "code": code.Message})
}

func (f *fates) move(partition int32) {
	cluster := f.cluster.Load()
	// It fails for no node and partition that there are.
	if err := cluster.MoveTopicPartition(f.topic, partition, (cluster.LeaderFor(f.topic, partition)+1)%f.nodes); err != nil {
		panic(err)
	}
}
