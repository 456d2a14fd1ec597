//go:build linux || darwin

package main

import (
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
)

// forgetPeak makes this process small, also in its own memory. On Linux a process begins its life with the peak of the
// one that started it (seen: fs/exec.c, exec_mmap), which must not be taken for its own; 5 resets it (proc(5),
// clear_refs). Where there is no such file there is nothing to reset.
func forgetPeak() {
	debug.FreeOSMemory()
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0)
}

// peakOf returns the peak resident memory of a process that has ended, in bytes, as wait4 tells it.
func peakOf(state *os.ProcessState) int64 {
	usage, ok := state.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	if runtime.GOOS == "darwin" {
		return int64(usage.Maxrss)
	}
	return int64(usage.Maxrss) * 1024
}

// freeSpace returns how many bytes may still be written at path; 0 if it is not known.
func freeSpace(path string) int64 {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(path, &stat); err != nil {
		return 0
	}
	return int64(stat.Bavail) * int64(stat.Bsize)
}
