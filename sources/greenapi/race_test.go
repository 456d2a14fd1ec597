//go:build race

package greenapi_test

// underRace makes tests of many cases leave some out: with the race detector each takes ten times as long.
const underRace = true
