package commands

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"kommo-import/importer"
	"kommo-import/internal/kommo"
	"kommo-import/internal/kommo/crm"
	"kommo-import/sources/greenapi"
)

const checkGreenAPIName = "Green-API"

// checkGreenAPI asks whether the instance is ready, so that a load would get the whole history.
func (u *checkup) checkGreenAPI(ctx context.Context) error {
	if !u.v.hasGreenAPI() {
		u.notTested(u.notSet("green-api-instance", "green-api-token-file"), checkGreenAPIName)
		return nil
	}
	client, err := u.program.greenAPIClient(u.v)
	if err != nil {
		u.failed(checkGreenAPIName, err.Error(), "The console of Green-API shows idInstance, apiTokenInstance and apiUrl.")
		return nil
	}
	const patience = time.Minute
	limited, cancel := context.WithTimeoutCause(ctx, patience, fmt.Errorf("no answer within %v", patience))
	defer cancel()
	account, err := (&greenapi.Source{Client: client}).Preflight(limited)
	if preflight, ok := errors.AsType[*greenapi.PreflightError](err); ok {
		u.denied = u.denied || isDeniedByGreenAPI(err)
		u.failed(checkGreenAPIName, "the instance is not ready to be read", strings.Join(preflight.Problems, " "))
		return nil
	}
	if unavailable, ok := errors.AsType[*greenapi.UnavailableError](err); ok {
		u.failed(checkGreenAPIName, unavailable.Error(), "Check GREEN_API_URL, and the network of this computer; else try again later.")
		return nil
	}
	if err != nil {
		u.failedBy(checkGreenAPIName, err, "Check GREEN_API_URL and the network of this computer, and try again later.")
		return nil
	}
	u.ok(checkGreenAPIName, "the instance is ready%s", strings.TrimSuffix(", of "+account.ID, ", of "))
	return nil
}

// notSet returns which of a setting and a secret that belong together is not set.
func (u *checkup) notSet(setting, secret string) string {
	name, secretName := u.v.find(setting).env, u.v.find(secret).secret.variable
	switch {
	case u.v.text(setting) != "":
		return secretName + " is not set, but " + name + " is"
	case u.v.hasSecret(secret):
		return name + " is not set, but " + secretName + " is"
	}
	return name + " and " + secretName + " are not set"
}

const (
	checkAccountName = "account"
	checkUsers       = "users"
)

// checkAccount looks at the token, and asks the account for its id and its users.
func (u *checkup) checkAccount(ctx context.Context) error {
	u.checkToken(time.Now())
	if u.v.text("account-url") == "" || !u.v.hasSecret("kommo-token-file") {
		u.notTested(u.notSet("account-url", "kommo-token-file"), checkAccountName)
		u.notTested("with KOMMO_ACCOUNT_URL and KOMMO_TOKEN they are listed here", checkUsers)
		return nil
	}
	client, err := u.v.accountClient()
	if err != nil {
		u.failed(checkAccountName, err.Error(), "Set KOMMO_ACCOUNT_URL to the address you see when you work in the account, and KOMMO_TOKEN to a token of it.")
		u.notTested("the account cannot be asked", checkUsers)
		return nil
	}
	if err := u.pace.Wait(ctx); err != nil {
		return err
	}
	account, err := client.Account(ctx)
	if err != nil {
		u.failedBy(checkAccountName, err, "Check KOMMO_ACCOUNT_URL and the network of this computer, and try again later.")
		u.notTested("the account does not answer", checkUsers)
		return nil
	}
	u.reportAccount(account)
	return u.reportUsers(ctx, client)
}

func (u *checkup) reportAccount(account crm.Account) {
	_, ours, _ := strings.Cut(u.scope, "_")
	switch id := normalizeID(account.AmojoID); {
	case u.token.AccountID != 0 && account.ID != 0 && u.token.AccountID != account.ID:
		u.failed(checkAccountName, fmt.Sprintf("%s is account %d, but the token is for account %d", account.Name, account.ID, u.token.AccountID),
			"Set KOMMO_TOKEN to a token of this account, or KOMMO_ACCOUNT_URL to the address of the other one.")
	case ours == "":
		u.ok(checkAccountName, "%s, with the amojo id %s", account.Name, id)
	case ours != id:
		u.failed(checkAccountName, account.Name+" has the amojo id "+id+", but the scope id is of the account "+ours,
			"Is KOMMO_ACCOUNT_URL the right account? If so, kommo-import connect gives the scope id of it.")
	default:
		u.ok(checkAccountName, "%s, which the scope id is of", account.Name)
	}
}

func (u *checkup) reportUsers(ctx context.Context, client *crm.Client) error {
	users, err := crm.All(func(next string) (crm.Page[crm.User], error) {
		if err := u.pace.Wait(ctx); err != nil {
			return crm.Page[crm.User]{}, err
		}
		return client.Users(ctx, next)
	})
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	if denied, ok := errors.AsType[*kommo.AccountDeniedError](err); ok && denied.Status == http.StatusForbidden {
		u.notTested("only a token of an administrator may list them", checkUsers)
		return nil
	}
	if err != nil {
		u.failedBy(checkUsers, err, "Try again later.")
		return nil
	}
	u.users = users
	known := make(map[string]bool)
	for _, user := range users {
		known[normalizeID(user.AmojoID)] = user.AmojoID != ""
	}
	var strangers []string
	for author, id := range u.v.file.users {
		if isUUID(id) && !known[id] {
			strangers = append(strangers, author)
		}
	}
	slices.Sort(strangers)
	delete(known, "")
	result := checkResult{Name: checkUsers, State: checkOK, Users: users,
		Detail: fmt.Sprintf("%s, of whom %s can be mapped to authors", plural(len(users), "user"), number(len(known)))}
	if len(strangers) > 0 {
		result.State = checkFailed
		result.Detail = "mapped to somebody who is no user of this account: " + strings.Join(strangers, ", ")
		result.Advice = "Correct users: in " + defaultConfig + "; the users of the account are below."
	}
	u.add(result)
	return nil
}

// usersYAML returns the users of the account as lines for the config file. A user with the name,
// id or email of an author without a Kommo user gets a line for that author.
func usersYAML(users []crm.User, unmapped []importer.UnmappedAuthor) string {
	var text strings.Builder
	fmt.Fprintf(&text, "\n# For %s. On the left stands who wrote old messages (author_id\n"+
		"# or author_name): change it where it differs, leave out who wrote none.\nusers:\n", defaultConfig)
	seen := make(map[string]bool)
	for _, user := range users {
		if user.AmojoID == "" {
			fmt.Fprintf(&text, "  # %s has no amojo id and cannot be mapped\n", oneLine(cmp.Or(user.Name, user.Email), 60))
			continue
		}
		key := oneLine(cmp.Or(authorLike(user, unmapped), user.Name, user.Email, user.AmojoID), 100)
		if seen[key] {
			key = oneLine(cmp.Or(user.Email, user.AmojoID), 100)
		}
		seen[key] = true
		fmt.Fprintf(&text, "  %s%s\n", yamlLine(key, normalizeID(user.AmojoID)), strings.TrimSuffix("  # "+oneLine(user.Email, 60), "  # "))
	}
	for _, author := range unmapped {
		if name := cmp.Or(author.Name, author.ID); name != "" && !seen[oneLine(name, 100)] && !seen[oneLine(author.ID, 100)] {
			fmt.Fprintf(&text, "  # without a Kommo user: %s (%s)\n", oneLine(author.String(), 60), plural(author.Messages, "message"))
		}
	}
	return text.String()
}

// authorLike returns the unmapped author who seems to be the user, by the id or name for the config file; "" if there is
// no such author.
func authorLike(user crm.User, unmapped []importer.UnmappedAuthor) string {
	same := func(a, b string) bool {
		return a != "" && strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
	}
	i := slices.IndexFunc(unmapped, func(a importer.UnmappedAuthor) bool {
		return same(a.Name, user.Name) || same(a.ID, user.Email) || same(a.ID, user.Name) || same(a.Name, user.Email)
	})
	if i < 0 {
		return ""
	}
	return cmp.Or(unmapped[i].ID, unmapped[i].Name)
}

// yamlLine returns "key: value", quoted as YAML needs it.
func yamlLine(key, value string) string {
	line, err := yaml.Marshal(map[string]string{key: value})
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(line))
}
