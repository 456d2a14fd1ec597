package commands

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kommo-import/internal/kommo"
	"kommo-import/signing"
)

// checkSettings looks whether every setting that send needs is there and of the right form.
func (u *checkup) checkSettings(context.Context) error {
	if err := u.trySending(); err != nil {
		u.failed("settings", strings.ReplaceAll(err.Error(), "\n", "; "), "Correct that in "+cmp.Or(u.c.String("config"), defaultConfig)+", or where kommo-import config show says it was set.")
	} else {
		u.ok("settings", "send understands them")
	}
	base := cmp.Or(u.c.String("base-url"), defaultBaseURL)
	if _, err := kommo.ParseBaseURL(base); err != nil {
		u.failed("address", badAddress("KOMMO_BASE_URL", err).Error(), "Leave KOMMO_BASE_URL out: the right address is then "+defaultBaseURL+".")
	} else {
		u.base = base
		u.ok("address", "%s", base)
	}
	var err error
	if u.secret, err = secretOf(u.c); err != nil {
		u.failed("channel secret", err.Error(), "Set KOMMO_CHANNEL_SECRET, or --secret-file to a file that holds the secret and nothing else.")
	} else {
		u.ok("channel secret", "is set")
	}
	return u.checkScope()
}

// trySending reads the settings that send reads of flags and config file, and returns what send would refuse them with.
func (u *checkup) trySending() error {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	for _, setting := range u.send().Flags {
		if !hasFlag(u.c.Command, setting.Names()[0]) {
			if err := setting.Apply(set); err != nil {
				return err
			}
		}
	}
	c := cli.NewContext(u.c.App, set, u.c)
	for _, s := range notApplied(u.c) {
		for _, value := range s.values {
			if set.Lookup(s.name) != nil && set.Set(s.name, value) != nil {
				return fmt.Errorf("%s: %q is no value for it; want %s", s.name, value, wanted(u.send(), s.name))
			}
		}
	}
	_, paced := pacedSender(c)
	_, silent := allSilent(c)
	_, filter := filterOf(c)
	return errors.Join(paced, silent, filter)
}

func (u *checkup) checkScope() error {
	const name, advice = "scope id", "kommo-import connect prints the scope id. It is safe to run again."
	scope, err := scopeOf(u.c)
	if err != nil {
		u.failed(name, err.Error(), advice)
		return nil
	}
	channel, err := channelOf(u.c)
	if err != nil {
		u.failed(name, err.Error(), "Set KOMMO_CHANNEL_ID to the id of the channel, or leave it out.")
		return nil
	}
	if own, _, _ := strings.Cut(scope, "_"); channel != "" && own != channel {
		u.failed(name, "KOMMO_SCOPE_ID is of the channel "+own+", but KOMMO_CHANNEL_ID is "+channel, advice)
		return nil
	}
	u.scope = scope
	u.ok(name, "%s", scope)
	return nil
}

// client returns the client of the scope, nil if the settings do not tell it.
func (u *checkup) client() *kommo.Client {
	if u.base == "" || u.secret == "" || u.scope == "" {
		return nil
	}
	return &kommo.Client{BaseURL: u.base, ScopeID: u.scope, Signer: signing.Signer{Secret: u.secret}}
}

const (
	checkReachable  = "Kommo answers"
	checkClock      = "clock"
	checkSignature  = "signature"
	checkConnection = "connection"
)

// checkKommo asks Kommo one question that changes nothing, and reads four things from the answer. Without complete
// settings anything that is answered tells that Kommo is there, and the time.
func (u *checkup) checkKommo(ctx context.Context) error {
	if u.base == "" {
		for _, name := range []string{checkReachable, checkClock, checkSignature, checkConnection} {
			u.notTested(name, "there is no address to ask")
		}
		return nil
	}
	client, complete := u.client(), true
	if client == nil {
		client, complete = &kommo.Client{BaseURL: u.base, ScopeID: "none"}, false
	}
	if err := u.turn(ctx); err != nil {
		return err
	}
	greeting, err := client.Ping(ctx)
	if reached := u.sayReached(greeting, err); !reached {
		for _, name := range []string{checkClock, checkSignature, checkConnection} {
			u.notTested(name, "Kommo did not answer")
		}
		return nil
	}
	clockIsRight := u.sayClock(greeting)
	if !complete {
		u.notTested(checkSignature, "the settings above are not complete")
		u.notTested(checkConnection, "the settings above are not complete")
		return nil
	}
	u.sayWelcome(err, clockIsRight)
	return nil
}

func (u *checkup) sayReached(greeting kommo.PingResult, err error) bool {
	unreachable, isUnreachable := errors.AsType[*kommo.UnreachableError](err)
	unknown, isUnknown := errors.AsType[*kommo.UnknownOutcomeError](err)
	switch {
	case isUnreachable:
		u.failed(checkReachable, unreachable.Error(), "Check KOMMO_BASE_URL and the network of this computer; is there a proxy or a firewall?")
	case isUnknown:
		u.failed(checkReachable, unknown.Error(), "Check KOMMO_BASE_URL. Does a proxy or a login page of the network answer instead? Else try again later.")
	case greeting.SentAt.IsZero():
		u.failedBy(checkReachable, err, "Check KOMMO_BASE_URL.")
	default:
		u.ok(checkReachable, "after %d ms", greeting.Took.Milliseconds())
		return true
	}
	return false
}

// maxSkew is how wrong the clock may be. A signature is valid for 15 minutes (documented), and the clock of a computer
// that is that wrong gets no better by itself.
const maxSkew = 10 * time.Minute

func isSkewed(denied *kommo.DeniedError) bool {
	return !denied.ServerDate.IsZero() && denied.SentAt.Sub(denied.ServerDate).Abs() > 5*time.Minute
}

func (u *checkup) sayClock(greeting kommo.PingResult) (right bool) {
	if greeting.ServerDate.IsZero() {
		u.notTested(checkClock, "Kommo does not tell the time")
		return true
	}
	skew := greeting.SentAt.Sub(greeting.ServerDate)
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	switch {
	case skew.Abs() > maxSkew:
		u.failed(checkClock, "this computer is "+duration(skew.Abs())+" "+direction+" Kommo; more than 15 minutes make every signature invalid",
			"Set the clock of this computer right; best let it set itself by the internet.")
		return false
	case skew.Abs() > 3*time.Second:
		u.ok(checkClock, "this computer is %s %s Kommo, which is near enough", duration(skew.Abs()), direction)
	default:
		u.ok(checkClock, "is right")
	}
	return true
}

// sayWelcome tells what the answer says about the signature and the connection of the channel to the account.
func (u *checkup) sayWelcome(err error, clockIsRight bool) {
	denied, isDenied := errors.AsType[*kommo.DeniedError](err)
	tooFast, isTooFast := errors.AsType[*kommo.RateLimitError](err)
	switch {
	case err == nil:
		u.ok(checkSignature, "is accepted")
		u.ok(checkConnection, "the channel is connected to the account")
		return
	case isDenied && denied.Status == http.StatusNotFound:
		u.denied = true
		u.notTested(checkSignature, "Kommo does not know the scope")
		u.failed(checkConnection, denied.Error(), "Connect the channel to the account with kommo-import connect, and check that "+
			"KOMMO_SCOPE_ID is what it prints.")
		return
	case isDenied && !clockIsRight:
		u.denied = true
		u.failed(checkSignature, denied.Error(), "Set the clock right first, then check again.")
	case isTooFast:
		wait := "some minutes"
		if tooFast.RetryAfter > 0 {
			wait = duration(tooFast.RetryAfter)
		}
		u.failed(checkSignature, tooFast.Error(), "Wait "+wait+" and check again. Does another program, or another send, use the same channel?")
	default:
		u.failedBy(checkSignature, err, "Check KOMMO_CHANNEL_SECRET and KOMMO_SCOPE_ID.")
	}
	u.notTested(checkConnection, "Kommo did not look at the request")
}
