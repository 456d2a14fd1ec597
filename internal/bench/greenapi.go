package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"kommo-import/internal/sandbox"
)

const (
	rowsPerGreenChat = 2500 // of -rows, for a chat of the account: 2,000 chats for 5 million rows
	minGreenChats    = 20
	longChat         = 200_000 // messages

	// Documented is 1 getChatHistory per second, which makes 2,000 chats last for 34 minutes. Here it is 10, for the
	// server and for the program alike. That is the harder test: what an answer takes, from the 150 ms until it begins to
	// the storing of its last message, has a tenth of the time. The server turns away whatever is above the limit.
	greenPerSecond = 10
	greenLatency   = 150 * time.Millisecond
	greenNoPace    = 1000 // requests per second; more cannot be asked for
)

// measureGreenAPI loads accounts of Green-API with the built program, over loopback: one at the allowed rate, one of
// a single long chat, and the first one again as fast as it goes. The server takes its share of the processors.
func (b *bench) measureGreenAPI(ctx context.Context) (figures []figure, err error) {
	for _, measure := range []func(context.Context) ([]figure, error){b.measureGreenPace, b.measureGreenLong, b.measureGreenSpeed} {
		more, err := measure(ctx)
		if figures = append(figures, more...); err != nil {
			return figures, err
		}
	}
	return figures, nil
}

// manyChats is the account whose size goes along with -rows.
func (b *bench) manyChats() chats {
	return chats{max(minGreenChats, b.rows/rowsPerGreenChat), greenMessages}
}

func (b *bench) measureGreenPace(ctx context.Context) ([]figure, error) {
	account := b.manyChats()
	b.say("loading a Green-API account of %s messages in %s chats, at %d requests/s", number(account.total()),
		number(account.conversations), greenPerSecond)
	load, err := b.loadGreen(ctx, account, greenPerSecond, sandbox.GreenAPIOptions{HistoryRate: greenPerSecond, Latency: greenLatency})
	if err != nil {
		return nil, err
	}
	share, refused := load.perSecond()/greenPerSecond, load.refused()
	return []figure{
		{fmt.Sprintf("load --green-api at %d requests/s, %v latency", greenPerSecond, greenLatency),
			fmt.Sprintf("%.1f %% (%s requests)", 100*share, number(len(load.histories))), "≥ 99 %", share >= minShare},
		{"requests turned away as too many", number(refused), "0", refused == 0},
		load.speed("at that rate"),
		peakFigure("load --green-api", load.peak),
	}, nil
}

func (b *bench) measureGreenLong(ctx context.Context) ([]figure, error) {
	account := chats{1, func(int) int { return longChat }}
	b.say("loading a Green-API account of one chat of %s messages", number(longChat))
	load, err := b.loadGreen(ctx, account, greenPerSecond, sandbox.GreenAPIOptions{HistoryRate: greenPerSecond, Latency: greenLatency})
	if err != nil {
		return nil, err
	}
	return []figure{load.speed("one chat, four requests"), peakFigure("load --green-api, one chat", load.peak)}, nil
}

// measureGreenSpeed tells what the program could do if Green-API had no limit. Nobody waits for that.
func (b *bench) measureGreenSpeed(ctx context.Context) ([]figure, error) {
	b.say("loading the account as fast as it goes")
	load, err := b.loadGreen(ctx, b.manyChats(), greenNoPace, sandbox.GreenAPIOptions{HistoryRate: -1})
	if err != nil {
		return nil, err
	}
	return []figure{load.speed("without a limit"), {name: "peak resident memory: the same",
		measured: fmt.Sprintf("%.0f MB", float64(load.peak)/1e6)}}, nil
}

// A greenLoad is a load of an account that came to its end.
type greenLoad struct {
	call
	messages  int
	histories []sandbox.GreenAPIRequest // the getChatHistory in order of arrival, refused ones included
}

// loadGreen loads an account into a migration file of its own, and makes sure that every message of it is planned.
func (b *bench) loadGreen(ctx context.Context, account chats, perSecond int, o sandbox.GreenAPIOptions) (l greenLoad, err error) {
	in := &bench{binary: b.binary, stderr: b.stderr}
	if in.dir, err = os.MkdirTemp(b.dir, "green-api-"); err != nil {
		return l, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(in.dir)) }()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return l, err
	}
	green := sandbox.NewGreenAPI(greenAccount(account), o)
	server := &http.Server{Handler: green}
	go server.Serve(listener) // ends with Close
	defer server.Close()
	l.messages = account.total()
	l.call, err = in.call(ctx, green.Environment("http://"+listener.Addr().String()), nil,
		"load", "--green-api", "--green-api-rate", strconv.Itoa(perSecond))
	if err != nil {
		return l, err
	}
	for _, r := range green.Requests() {
		if r.Method == sandbox.OnGetChatHistory {
			l.histories = append(l.histories, r)
		}
	}
	return l, in.checkPlanned(ctx, account)
}

// checkPlanned makes sure that the account is planned as a whole, and nothing else.
func (b *bench) checkPlanned(ctx context.Context, account chats) error {
	out, err := os.Create(b.path("status.json"))
	if err != nil {
		return err
	}
	_, err = b.call(ctx, nil, out, "status", "--json")
	if err = errors.Join(err, out.Close()); err != nil {
		return err
	}
	text, err := os.ReadFile(out.Name())
	if err != nil {
		return err
	}
	var told struct {
		Conversations struct{ Total int }
		Messages      struct{ Read, Planned int }
	}
	if err := json.Unmarshal(text, &told); err != nil {
		return fmt.Errorf("status --json: %w", err)
	}
	if m, all := told.Messages, account.total(); m.Planned != all || m.Read != all || told.Conversations.Total != account.conversations {
		return fmt.Errorf("status --json: of %d messages in %d conversations %d are planned; want %d in %d, all planned",
			m.Read, told.Conversations.Total, m.Planned, all, account.conversations)
	}
	return nil
}

// perSecond returns how many histories were asked for in a second, from the first to the last.
func (l greenLoad) perSecond() float64 {
	last := len(l.histories) - 1
	return float64(last) / l.histories[last].At.Sub(l.histories[0].At).Seconds()
}

func (l greenLoad) refused() (n int) {
	for _, r := range l.histories {
		if r.Status == http.StatusTooManyRequests {
			n++
		}
	}
	return n
}

// speed is how fast the load was as a whole, planning included.
func (l greenLoad) speed(how string) figure {
	perSecond := int(float64(l.messages) / l.elapsed.Seconds())
	return figure{name: fmt.Sprintf("load %s messages of Green-API, %s", number(l.messages), how),
		measured: fmt.Sprintf("%s messages/s (%s)", number(perSecond), seconds(l.elapsed))}
}
