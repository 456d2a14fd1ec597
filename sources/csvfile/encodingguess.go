package csvfile

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// An EncodingError means that a file is written in another encoding than UTF-8, which must be named.
type EncodingError struct {
	Guesses []Guess // the two likeliest encodings, the likeliest first
}

// A Guess is an encoding that a file may have, and how some of its lines read in it.
type Guess struct {
	Name  string
	Lines []string
}

func (e *EncodingError) Error() string {
	text := "it is not UTF-8."
	for i, guess := range e.Guesses {
		text += fmt.Sprintf("%s as %s:\n  %s\n", [2]string{" Some of its lines", "or"}[min(i, 1)], guess.Name, strings.Join(guess.Lines, "\n  "))
	}
	return strings.TrimRight(text, "\n")
}

// checkUTF8 returns an EncodingError if most of the lines that hold more than ASCII are not UTF-8. A few broken lines in
// a file of UTF-8 make invalid rows.
func checkUTF8(file io.Reader) error {
	broken, of := 0, 0 // lines that are not UTF-8, and all lines that hold more than ASCII
	binary := false
	var samples [][]byte
	r := bufio.NewReaderSize(file, 64<<10)
	for {
		line, err := r.ReadSlice('\n') // a part of a long line counts as a line, but for a character that it cuts
		binary = binary || isBinary(line)
		if !isASCII(line) {
			of++
			if bytes.IndexByte(line, 0) < 0 && !utf8.Valid(trimPartial(line, err)) {
				broken++
				samples = appendSample(samples, line)
			}
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if broken*2 <= of {
		return nil
	}
	if binary {
		return errBinary
	}
	return &EncodingError{guessEncodings(samples)}
}

var errBinary = errors.New("holds binary data, it is not a CSV file")

// isBinary reports whether a line holds control characters that no text has.
func isBinary(line []byte) bool {
	return slices.ContainsFunc(line, func(b byte) bool { return b < '\t' || b > '\r' && b < ' ' })
}

// isWide reports whether every second byte is 0, as in UTF-16.
func isWide(line []byte) bool {
	zeros := [2]int{}
	for i, b := range line {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(line) / 2
	return half > 2 && (zeros[0] == 0 && zeros[1] >= half || zeros[1] == 0 && zeros[0] >= half)
}

func isASCII(line []byte) bool {
	return !slices.ContainsFunc(line, func(b byte) bool { return b >= utf8.RuneSelf })
}

// trimPartial returns a part of a long line without the characters at its edges that may be cut.
func trimPartial(line []byte, err error) []byte {
	if err == nil {
		return line
	}
	for len(line) > 0 && !utf8.RuneStart(line[0]) {
		line = line[1:]
	}
	end := len(line)
	for end > 0 && end > len(line)-utf8.UTFMax && line[end-1] >= utf8.RuneSelf {
		end--
	}
	return line[:end]
}

// appendSample keeps the first lines of a file that are worth a guess.
func appendSample(samples [][]byte, line []byte) [][]byte {
	if len(samples) == 200 {
		return samples
	}
	return append(samples, bytes.Clone(bytes.TrimRight(line[:min(len(line), 300)], "\r\n")))
}

// guessEncodings returns the two encodings in which lines look most like words. Between equals the first counts.
func guessEncodings(lines [][]byte) []Guess {
	type candidate struct {
		Guess
		score int
	}
	var all []candidate
	for _, name := range []string{"windows-1252", "windows-1251", "windows-1256", "windows-1250", "koi8-r", "ibm866",
		"windows-1254", "windows-1255", "windows-1253"} {
		encoding, _, _ := encodingNamed(name) // is known
		c := candidate{Guess: Guess{Name: name}}
		for _, line := range lines {
			decoded, _ := encoding.NewDecoder().Bytes(line) // what stands for nothing becomes U+FFFD
			c.score += plausibility([]rune(string(decoded)))
			if len(c.Lines) < 3 {
				c.Lines = append(c.Lines, cut(string(decoded), 100))
			}
		}
		all = append(all, c)
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(b.score, a.score) })
	return []Guess{all[0].Guess, all[1].Guess}
}

// plausibility is higher the more a line looks like words: in Latin script foreign letters stand between letters of ASCII,
// in other scripts among their own; capitals begin words; some Cyrillic letters are much more frequent than others.
func plausibility(line []rune) (score int) {
	previous := ' '
	for _, r := range line {
		if r >= utf8.RuneSelf {
			score += plausibleAfter(previous, r)
		} else if unicode.IsLetter(r) && previous >= utf8.RuneSelf && unicode.IsLetter(previous) {
			score -= implausibleBehind(previous, r)
		}
		previous = r
	}
	return score
}

// implausibleBehind returns what speaks against a letter of ASCII behind a foreign letter.
func implausibleBehind(foreign, r rune) int {
	switch {
	case !unicode.Is(unicode.Latin, foreign):
		return 4
	case unicode.IsLower(foreign) && unicode.IsUpper(r):
		return 3
	}
	return 0
}

func plausibleAfter(previous, r rune) int {
	foreign := previous >= utf8.RuneSelf && unicode.IsLetter(previous)
	switch {
	case r == utf8.RuneError || unicode.IsControl(r):
		return -10
	case strings.ContainsRune("\u00a0«»—–…№“”„’‘¿¡€•؟،", r):
		return 0
	case !unicode.IsLetter(r):
		return -3
	case unicode.IsUpper(r) && unicode.IsLower(previous):
		return -3
	case unicode.Is(unicode.Latin, r) && foreign:
		return -2
	case !unicode.Is(unicode.Latin, r) && unicode.IsLetter(previous) && !foreign:
		return -4
	case strings.ContainsRune("оеаинтсрл", r):
		return 3
	case strings.ContainsRune("ОЕАИНТСРЛ", r):
		return 2
	case unicode.IsUpper(r) && foreign:
		return 0
	}
	return 1
}
