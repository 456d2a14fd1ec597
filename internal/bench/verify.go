package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"

	"kommo-import/internal/sandbox"
)

const (
	verifiedChats     = 100
	verifiedPerChat   = 1000
	maxVerifyRequests = 2100
	maxVerifyPeak     = 100e6
)

// measureVerify sends 100,000 messages and reads them back with the built program. The sandbox is a process of its own,
// since what this one holds in memory would count for its children.
func (b *bench) measureVerify(ctx context.Context) (figures []figure, err error) {
	const messages = verifiedChats * verifiedPerChat
	b.say("sending %s messages, and reading them back", number(messages))
	file, err := b.migration(ctx, "verify", chats{verifiedChats, func(int) int { return verifiedPerChat }})
	if err != nil {
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	box, environment, err := b.startSandbox(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, box.Process.Kill(), ignoreExit(box.Wait())) }()
	rate := fmt.Sprintf("%.0f", noPace)
	if _, err := b.call(ctx, environment, nil, "send", "--yes", "--quiet", "-m", "verify.db", "--rate", rate); err != nil {
		return nil, err
	}
	sent, err := summaryOf(ctx, environment)
	if err != nil {
		return nil, err
	}
	verify, err := b.call(ctx, environment, nil, "verify", "--quiet", "-m", "verify.db", "--rate", rate)
	if err != nil {
		return nil, err
	}
	after, err := summaryOf(ctx, environment)
	requests := after.Requests - sent.Requests
	peak := peakFigure("verify", verify.peak)
	peak.target, peak.met = "< 100 MB", verify.peak < maxVerifyPeak
	return []figure{
		{"verify " + number(messages) + " messages: requests", number(requests), "≤ 2,100", requests <= maxVerifyRequests},
		{name: "verify without a pace", measured: fmt.Sprintf("%s messages/s (%s)", number(int(messages/verify.elapsed.Seconds())), seconds(verify.elapsed))},
		peak,
	}, err
}

// startSandbox starts the built program's sandbox and returns the environment that it prints.
func (b *bench) startSandbox(ctx context.Context) (*exec.Cmd, []string, error) {
	cmd := exec.CommandContext(ctx, b.binary, "sandbox", "--addr", "127.0.0.1:0", "--quiet")
	cmd.Dir, cmd.Stderr = b.dir, os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	var environment []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		environment = append(environment, lines.Text())
		if strings.HasPrefix(lines.Text(), "KOMMO_BOT_ID=") { // the last one
			return cmd, environment, nil
		}
	}
	return nil, nil, errors.Join(errors.New("the sandbox does not start"), cmd.Process.Kill(), ignoreExit(cmd.Wait()))
}

// summaryOf asks the sandbox that an environment points to what has arrived.
func summaryOf(ctx context.Context, environment []string) (s sandbox.Summary, err error) {
	base := slices.IndexFunc(environment, func(line string) bool { return strings.HasPrefix(line, "KOMMO_BASE_URL=") })
	address := strings.TrimPrefix(environment[base], "KOMMO_BASE_URL=")
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/sandbox/summary", nil)
	if err != nil {
		return s, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return s, err
	}
	defer response.Body.Close()
	return s, json.NewDecoder(response.Body).Decode(&s)
}

// ignoreExit returns err unless it only says that a program was killed.
func ignoreExit(err error) error {
	if _, ok := errors.AsType[*exec.ExitError](err); ok {
		return nil
	}
	return err
}
