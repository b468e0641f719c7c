package main

import (
	"encoding/binary"
	"io"
	"net"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kbin"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	produceKey = 0
	// From here on headers end with tags.
	flexibleProduce = 9
	mostBytes       = 100 << 20
)

// listener puts a relay in front of every connection to a broker.
type listener struct {
	net.Listener
	fates *fates
}

func (l *listener) Accept() (net.Conn, error) {
	client, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	// A pipe holds nothing back: what was written was read.
	inner, served := net.Pipe()
	r := &relay{client: client, broker: inner, fates: l.fates, marked: map[int32]mark{}, answered: make(chan struct{}, 1)}
	go r.requests()
	go r.answers()
	return &facade{Conn: served, client: client}, nil
}

// facade is what kfake holds: the end of a pipe that goes by the addresses of the connection.
type facade struct {
	net.Conn
	client net.Conn
}

func (f *facade) LocalAddr() net.Addr  { return f.client.LocalAddr() }
func (f *facade) RemoteAddr() net.Addr { return f.client.RemoteAddr() }

// mark says what becomes of an answer.
type mark struct {
	fate  fate
	pause time.Duration
}

// relay passes on the frames of one connection, by the fates of those that produce.
type relay struct {
	client, broker net.Conn
	fates          *fates
	mu             sync.Mutex
	marked         map[int32]mark
	// Told after an answer to a marked request has come.
	answered chan struct{}
}

func (r *relay) end() {
	r.client.Close()
	r.broker.Close()
}

func (r *relay) requests() {
	defer r.end()
	for {
		frame, err := readFrame(r.client)
		if err != nil {
			return
		}
		request := produceIn(frame)
		if request == nil {
			if _, err := r.broker.Write(frame); err != nil {
				return
			}
			continue
		}
		fate, pause := r.fates.of(request)
		switch fate {
		case hangs:
			// Until the client has had enough.
			io.Copy(io.Discard, r.client)
			return
		case lost:
			return
		case late, lateBeyond:
			time.Sleep(pause)
		case hangsStored, lostStored, answeredLate:
			r.mark(frame, mark{fate, pause})
		}
		if fate == lateBeyond {
			r.mark(frame, mark{fate, 0})
		}
		if _, err := r.broker.Write(frame); err != nil {
			return
		}
		if fate == lateBeyond {
			// The client is gone, and kfake looks at nothing of a connection that has ended.
			<-r.answered
		}
	}
}

func (r *relay) answers() {
	defer r.end()
	for isSilent := false; ; {
		frame, err := readFrame(r.broker)
		if err != nil {
			return
		}
		r.mu.Lock()
		mark := r.marked[int32(binary.BigEndian.Uint32(frame[4:]))]
		r.mu.Unlock()
		switch mark.fate {
		case lostStored:
			return
		case hangsStored:
			isSilent = true
		case answeredLate:
			time.Sleep(mark.pause)
		case lateBeyond:
			r.answered <- struct{}{}
		}
		if isSilent {
			continue
		}
		if _, err := r.client.Write(frame); err != nil && mark.fate != lateBeyond {
			return
		}
	}
}

func (r *relay) mark(frame []byte, mark mark) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.marked[int32(binary.BigEndian.Uint32(frame[8:]))] = mark
}

// readFrame gives a whole frame, its size in front.
func readFrame(from io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(from, size[:]); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(size[:])
	if length < 4 || length > mostBytes {
		return nil, io.ErrUnexpectedEOF
	}
	frame := make([]byte, 4+length)
	copy(frame, size[:])
	_, err := io.ReadFull(from, frame[4:])
	return frame, err
}

// produceIn gives the request to produce that the frame is; nil when it is another one.
func produceIn(frame []byte) *kmsg.ProduceRequest {
	header := kbin.Reader{Src: frame[4:]}
	key, version := header.Int16(), header.Int16()
	header.Int32()
	header.NullableString()
	if key != produceKey {
		return nil
	}
	if version >= flexibleProduce {
		for range header.Uvarint() {
			header.Uvarint()
			header.Span(int(header.Uvarint()))
		}
	}
	request := kmsg.NewPtrProduceRequest()
	request.SetVersion(version)
	if err := request.ReadFrom(header.Src); err != nil {
		return nil
	}
	return request
}
