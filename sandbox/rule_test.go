package sandbox_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kommo-import/sandbox"
)

func TestParseRule(t *testing.T) {
	tests := []struct {
		text string
		want sandbox.Rule
	}{
		{"502-taken:n=5", sandbox.Rule{Do: sandbox.BadGatewayTaken, N: 5}},
		{"cut:every=10", sandbox.Rule{Do: sandbox.Cut, Every: 10}},
		{"refuse:p=0.1", sandbox.Rule{Do: sandbox.Refuse, P: 0.1}},
		{"slow=3s:n=2", sandbox.Rule{Do: sandbox.Slow, Wait: 3 * time.Second, N: 2}},
		{"429", sandbox.Rule{Do: sandbox.TooMany}},
		{"502=250ms:on=history,count=3", sandbox.Rule{Do: sandbox.BadGateway, Wait: 250 * time.Millisecond, On: sandbox.OnHistory, Count: 3}},
		{"garbage:msgid=wa:1=2", sandbox.Rule{Do: sandbox.Garbage, MsgID: "wa:1=2"}},
	}
	for _, tt := range tests {
		got, err := sandbox.ParseRule(tt.text)
		if err != nil {
			t.Errorf("%s: %v", tt.text, err)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.text, diff)
		}
	}
}

func TestParseRuleErrors(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", `rule "": action "": want one of refuse, 429, `},
		{"503:n=1", `rule "503:n=1": action "503": want one of refuse, 429, `},
		{"slow", `rule "slow": slow: want a duration, as in slow=3s`},
		{"slow=3", `rule "slow=3": wait "3": not a duration such as 3s`},
		{"slow=-3s", `rule "slow=-3s": slow=-3s: want a duration of 0 or more`},
		{"cut:", `rule "cut:": condition "": want key=value`},
		{"cut:n", `rule "cut:n": condition "n": want key=value`},
		{"cut:n=", `rule "cut:n=": condition "n=": want key=value`},
		{"cut:n=0", `rule "cut:n=0": n=0: want a whole number from 1`},
		{"cut:every=1.5", `rule "cut:every=1.5": every=1.5: want a whole number from 1`},
		{"cut:count=-1", `rule "cut:count=-1": count=-1: want a whole number from 1`},
		{"cut:p=0", `rule "cut:p=0": p=0: want a probability above 0 and up to 1`},
		{"cut:p=NaN", `rule "cut:p=NaN": p=NaN: want a probability above 0 and up to 1`},
		{"cut:p=10%", `rule "cut:p=10%": p=10%: want a probability above 0 and up to 1`},
		{"cut:p=2", `rule "cut:p=2": p=2: want a probability above 0 and up to 1`},
		{"cut:on=typing", `rule "cut:on=typing": on=typing: want one of message, chats, history, connect, disconnect, any`},
		{"cut:nth=1", `rule "cut:nth=1": condition "nth": want n, every, p, count, on or msgid`},
		{"cut:n=1,n=2", `rule "cut:n=1,n=2": condition "n": given twice`},
	}
	for _, tt := range tests {
		_, err := sandbox.ParseRule(tt.text)
		if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
			t.Errorf("%q: got %v, want %s", tt.text, err, tt.want)
		}
	}
}

// What is parsed is valid, and its text is parsed as the same.
func FuzzParseRule(f *testing.F) {
	for _, s := range []string{"502-taken:n=5", "cut=1h2m:every=10,on=any", "refuse:p=0.1,count=3,msgid=a:b=c", "slow=3s", "cut:p=1e-300"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, err := sandbox.ParseRule(s)
		if err != nil {
			return
		}
		if err := first.Check(); err != nil {
			t.Errorf("%q is parsed, but does not pass: %v", s, err)
		}
		second, err := sandbox.ParseRule(first.String())
		if err != nil {
			t.Fatalf("%q, from %q: %v", first, s, err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("%q, from %q (-first +second):\n%s", first, s, diff)
		}
	})
}
