package commands

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"kommo-import/internal/sandbox"
)

// A greenAccount is what the flags of a script's sandbox say of its Green-API.
type greenAccount struct {
	folder  string // "": there is none
	options sandbox.GreenAPIOptions
}

func greenFlags(flags *flag.FlagSet) *greenAccount {
	a := new(greenAccount)
	flags.StringVar(&a.folder, "green-api", "", "")
	flags.IntVar(&a.options.HistoryRate, "green-api-rate", 50, "")
	flags.DurationVar(&a.options.LinkLifetime, "link-lifetime", 0, "")
	flags.Func("green-api-fault", "", func(s string) error {
		rule, err := sandbox.ParseRule(s)
		a.options.Rules = append(a.options.Rules, rule)
		return err
	})
	return a
}

func (a *greenAccount) open(ts *testscript.TestScript) (*sandbox.GreenAPI, error) {
	if a.folder == "" {
		return nil, nil
	}
	account, err := sandbox.ReadAccount(os.DirFS(ts.MkAbs(a.folder)))
	if err := errors.Join(err, a.options.Check()); err != nil {
		return nil, err
	}
	return sandbox.NewGreenAPI(account, a.options), nil
}

func greenOf(ts *testscript.TestScript) (*sandbox.GreenAPI, error) {
	if kommo := scriptOf(ts).kommo; kommo != nil && kommo.green != nil {
		return kommo.green, nil
	}
	return nil, errors.New("there is no Green-API")
}

func greenFault(ts *testscript.TestScript, args []string) error {
	green, err := greenOf(ts)
	if err != nil {
		return err
	}
	green.ClearRules()
	for _, arg := range args {
		rule, err := sandbox.ParseRule(arg)
		if err := errors.Join(err, rule.CheckForGreenAPI()); err != nil {
			return err
		}
		green.AddRule(rule)
	}
	return nil
}

func greenRequested(ts *testscript.TestScript, args []string) error {
	green, err := greenOf(ts)
	if err != nil {
		return err
	}
	if got, want := strconv.Itoa(countRequests(green, args[1])), args[0]; got != want {
		return fmt.Errorf("got %s requests of %s, want %s", got, args[1], want)
	}
	return nil
}

// countRequests returns how many requests of a method an instance had, those that it turned away included.
func countRequests(green *sandbox.GreenAPI, method string) (n int) {
	for _, request := range green.Requests() {
		if string(request.Method) == method {
			n++
		}
	}
	return n
}
