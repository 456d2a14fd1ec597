package commands

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"kommo-import/internal/kommo"
)

// checkSettings checks every setting of send.
func (u *checkup) checkSettings(context.Context) error {
	wrong := u.v.wrong("send", "check")
	if _, err := u.v.filter(); err != nil {
		wrong = append(wrong, err)
	}
	u.report("settings", errors.Join(wrong...), "send understands them", "Correct that in "+cmp.Or(u.v.file.path, defaultConfig)+
		", or where kommo-import config show says it was set.")
	var err error
	u.base, err = u.v.baseURL()
	u.report("address", err, u.base, "Leave KOMMO_BASE_URL out: the right address is then "+u.v.find("base-url").def+".")
	u.secret, err = u.v.secret("secret-file")
	u.report("channel secret", err, "is set", "Set KOMMO_CHANNEL_SECRET, or --secret-file to a file that holds the secret and nothing else.")
	u.checkScope()
	return nil
}

func (u *checkup) checkScope() {
	const name, advice = "scope id", "kommo-import connect prints the scope id. It is safe to run again."
	scope, err := u.v.scope()
	channel, channelErr := u.v.channel()
	own, _, _ := strings.Cut(scope, "_")
	switch {
	case err != nil:
		u.failed(name, err.Error(), advice)
	case channelErr != nil:
		u.failed(name, channelErr.Error(), "Set KOMMO_CHANNEL_ID to the id of the channel, or leave it out.")
	case channel != "" && own != channel:
		u.failed(name, "KOMMO_SCOPE_ID is of the channel "+own+", but KOMMO_CHANNEL_ID is "+channel, advice)
	default:
		u.scope = scope
		u.ok(name, "%s", scope)
	}
}

const (
	checkReachable  = "Kommo answers"
	checkClock      = "clock"
	checkSignature  = "signature"
	checkConnection = "connection"
)

// checkKommo sends Kommo a request that changes nothing, and reads four results from the answer. With incomplete
// settings any answer still shows that Kommo can be reached, and the time there.
func (u *checkup) checkKommo(ctx context.Context) error {
	if u.base == "" {
		u.notTested("there is no address to ask", checkReachable, checkClock, checkSignature, checkConnection)
		return nil
	}
	client, complete := &kommo.Client{BaseURL: u.base, ScopeID: "none"}, u.secret != "" && u.scope != ""
	if complete {
		client.ScopeID, client.Signer.Secret = u.scope, u.secret
	}
	if err := u.pace.Wait(ctx); err != nil {
		return err
	}
	ping, err := client.Ping(ctx)
	if reached := u.reportReached(ping, err); !reached {
		u.notTested("Kommo did not answer", checkClock, checkSignature, checkConnection)
		return nil
	}
	clockIsRight := u.reportClock(ping)
	if !complete {
		u.notTested("the settings above are not complete", checkSignature, checkConnection)
		return nil
	}
	u.reportAuth(err, clockIsRight)
	return nil
}

func (u *checkup) reportReached(ping kommo.PingResult, err error) bool {
	unreachable, isUnreachable := errors.AsType[*kommo.UnreachableError](err)
	unknown, isUnknown := errors.AsType[*kommo.UnknownOutcomeError](err)
	switch {
	case isUnreachable:
		u.failed(checkReachable, unreachable.Error(), "Check KOMMO_BASE_URL and the network of this computer; is there a proxy or a firewall?")
	case isUnknown:
		u.failed(checkReachable, unknown.Error(), "Check KOMMO_BASE_URL. Does a proxy or a login page of the network answer instead? Else try again later.")
	case ping.SentAt.IsZero():
		u.failedBy(checkReachable, err, "Check KOMMO_BASE_URL.")
	default:
		u.ok(checkReachable, "after %d ms", ping.Took.Milliseconds())
		return true
	}
	return false
}

// maxSkew is the largest error of the clock that is accepted. A signature is valid for 15 minutes (documented), and a
// clock that is that wrong does not correct itself.
const maxSkew = 10 * time.Minute

func (u *checkup) reportClock(ping kommo.PingResult) (right bool) {
	if ping.ServerDate.IsZero() {
		u.notTested("Kommo does not tell the time", checkClock)
		return true
	}
	switch skew := ping.SentAt.Sub(ping.ServerDate); {
	case skew.Abs() > maxSkew:
		u.failed(checkClock, "this computer is "+skewText(skew)+" Kommo; more than 15 minutes make every signature invalid",
			"Correct the clock of this computer; turn on automatic time.")
		return false
	case skew.Abs() > 3*time.Second:
		u.ok(checkClock, "this computer is %s Kommo, which is near enough", skewText(skew))
	default:
		u.ok(checkClock, "is right")
	}
	return true
}

// reportAuth reports what the answer says about the signature, and about the connection of the channel to the account.
func (u *checkup) reportAuth(err error, clockIsRight bool) {
	denied, isDenied := errors.AsType[*kommo.DeniedError](err)
	limited, isLimited := errors.AsType[*kommo.RateLimitError](err)
	switch {
	case err == nil:
		u.ok(checkSignature, "is accepted")
		u.ok(checkConnection, "the channel is connected to the account")
		return
	case isDenied && denied.Status == http.StatusNotFound:
		u.denied = true
		u.notTested("Kommo does not know the scope", checkSignature)
		u.failed(checkConnection, denied.Error(), "Connect the channel to the account with kommo-import connect, and check that "+
			"KOMMO_SCOPE_ID is what it prints.")
		return
	case isDenied && !clockIsRight:
		u.denied = true
		u.failed(checkSignature, denied.Error(), "Correct the clock first, then check again.")
	case isLimited:
		wait := "some minutes"
		if limited.RetryAfter > 0 {
			wait = duration(limited.RetryAfter)
		}
		u.failed(checkSignature, limited.Error(), "Wait "+wait+" and check again. Does another program, or another send, use the same channel?")
	default:
		u.failedBy(checkSignature, err, "Check KOMMO_CHANNEL_SECRET and KOMMO_SCOPE_ID.")
	}
	u.notTested("Kommo did not look at the request", checkConnection)
}
