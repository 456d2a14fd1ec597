//go:build !linux && !darwin

package main

import "os"

// forgetPeak does nothing: no peak is measured here.
func forgetPeak() {}

// peakOf returns 0: the peak memory of a process is not known here.
func peakOf(*os.ProcessState) int64 { return 0 }

// freeSpace returns 0: it is not known here.
func freeSpace(string) int64 { return 0 }
