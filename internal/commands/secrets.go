package commands

import (
	"fmt"
	"io"
	"net/url"
	"os"
	"regexp"
	"runtime"
	"strings"
)

// A secret is a password that the environment holds, or a file that a setting names. It is never a flag, and no error
// quotes it.
type secret struct {
	variable string // of the environment
	what     string // its name in errors, such as "a token"
	from     string // where people get it, as a sentence that begins with "it is"
}

// secretFile returns the file that holds the secret of a setting, "" if no file does. A secret in the environment comes
// before a file that only the config file names.
func (v *values) secretFile(name string) string {
	got := v.get(name)
	if got.origin == fromFile && os.Getenv(got.secret.variable) != "" {
		return ""
	}
	return v.text(name)
}

// hasSecret reports whether the secret of a setting is in a file or in the environment.
func (v *values) hasSecret(name string) bool {
	return v.secretFile(name) != "" || os.Getenv(v.find(name).secret.variable) != ""
}

// secret returns the secret of a setting.
func (v *values) secret(name string) (string, error) {
	s := v.find(name).secret
	text, from := os.Getenv(s.variable), s.variable
	if file := v.secretFile(name); file != "" {
		content, err := readAtMost(file, maxSecretFile)
		if err != nil && isSecretInPlaceOfFile(file) {
			return "", usage("--%s: %s", name, secretInPlaceOfFile(file))
		}
		if err != nil {
			return "", usage("--%s: %w", name, err)
		}
		if len(content) > maxSecretFile {
			return "", usage("--%s %s: holds more than %d KB; name a file with nothing but the secret", name, file, maxSecretFile>>10)
		}
		v.warnOfOthers(file)
		text, from = string(content), "--"+name+" "+file
	}
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		return "", usage("%s is empty: %s", from, s.from)
	case strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", usage("%s is not %s: it holds spaces or other characters that no secret has", from, s.what)
	}
	return text, nil
}

// maxSecretFile is the largest size of a file with a secret. It bounds what a device without an end can take.
const maxSecretFile = 64 << 10

// readAtMost returns the content of a file, which may be a pipe; of a larger file, the first limit+1 bytes.
func readAtMost(name string, limit int64) ([]byte, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, limit+1))
}

// warnOfOthers warns of a file with a secret that others on this computer can read. Windows has no permissions that are as
// simple to ask for.
func (v *values) warnOfOthers(path string) {
	const groupAndOthersRead = 0o044
	if runtime.GOOS == "windows" || v.ui == nil || v.warned[path] {
		return
	}
	v.warned[path] = true
	if file, err := os.Stat(path); err == nil && file.Mode().IsRegular() && file.Mode().Perm()&groupAndOthersRead != 0 {
		v.ui.info("Others on this computer can read the secret in %s. To keep it to yourself: chmod 600 %s", printable(path), shellWord(path))
	}
}

// isSecretInPlaceOfFile reports whether the name of a file looks like a secret that was given by mistake.
func isSecretInPlaceOfFile(name string) bool {
	if _, err := os.Stat(name); err == nil {
		return false
	}
	const shortest = 20
	return len(name) >= shortest && !strings.ContainsAny(name, `/\.`)
}

// secretInPlaceOfFile returns a text to show instead of such a name.
func secretInPlaceOfFile(name string) string {
	return fmt.Sprintf("(%d characters, which look like the secret itself: want the name of a file)", len(name))
}

// redacted returns a value as it may be shown. An id of the wrong form may be a secret in the wrong place, as may the
// name of a file, and an address may hold a secret.
func (s setting) redacted(text string) string {
	switch s.kind {
	case kindUUID:
		return redactedID(text, isUUID(normalizeID(text)))
	case kindScopeID:
		return redactedID(text, isScopeID(normalizeID(text)))
	case kindInstanceID:
		return redactedID(text, isInstanceID(strings.TrimSpace(text)))
	case kindAddress:
		return redactedAddress(text)
	case kindSecretFile:
		if isSecretInPlaceOfFile(text) {
			return secretInPlaceOfFile(text)
		}
	}
	return text
}

func redactedID(text string, isID bool) string {
	if isID {
		return text
	}
	return fmt.Sprintf("(%d characters that are no id)", len(text))
}

// redactedAddress returns the host of an address, and whether the address has more than a host.
func redactedAddress(text string) string {
	text = strings.TrimSpace(text)
	address, err := url.Parse(text)
	if err != nil || address.Host == "" {
		return fmt.Sprintf("(%d characters that are no address)", len(text))
	}
	shown := address.Scheme + "://" + address.Host
	if strings.TrimSuffix(text, "/") != shown {
		shown += " (and more, which is not shown)"
	}
	return shown
}

// normalizeID returns an id in lower case, without the spaces that are copied along with it.
func normalizeID(id string) string { return strings.ToLower(strings.TrimSpace(id)) }

var uuidForm = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func isUUID(id string) bool { return uuidForm.MatchString(id) }

// isScopeID reports whether an id is a channel's id, _ and an account's amojo id.
func isScopeID(id string) bool {
	channel, account, _ := strings.Cut(id, "_")
	return isUUID(channel) && isUUID(account)
}

func isInstanceID(id string) bool {
	return id != "" && strings.Trim(id, "0123456789") == "" && len(id) <= 20
}

// shellWord returns text as one word of a shell.
func shellWord(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@%+,"
	if text != "" && strings.Trim(text, plain) == "" {
		return printable(text)
	}
	return "'" + strings.ReplaceAll(printable(text), "'", `'\''`) + "'"
}
