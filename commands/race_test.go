//go:build race

package commands

// underRace says whether the race detector is on.
const underRace = true
