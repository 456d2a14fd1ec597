// Package bench holds the benchmarks of kommo-import. They measure speed and memory against targets:
//
//	make bench              5 million rows: some minutes, some gigabytes of disk for as long
//	make bench ROWS=20000   a quick try
//
// Each benchmark runs once (-benchtime 1x) and reports its figures as metrics. A figure that misses its target is
// named below its benchmark, and make bench then fails. The benchmarks that measure memory, or the time of a start, run
// the built program in a process of its own. No network is needed: Kommo and Green-API are the sandbox, on loopback or
// within the process. -short leaves out the paced sends, which take 70 s whatever the rows.
package bench
