//go:build !race

package greenapi_test

const underRace = false
