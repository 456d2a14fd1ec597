//go:build race

package importer

// underRace makes tests of many messages take fewer: with the race detector each takes ten times as long.
const underRace = true
