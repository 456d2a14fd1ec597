//go:build linux || darwin

package migration

import "syscall"

// freeSpace returns how many bytes this user can still write on the disk of folder, if the system reports it.
func freeSpace(folder string) (bytes uint64, known bool) {
	var disk syscall.Statfs_t
	if err := syscall.Statfs(folder, &disk); err != nil {
		return 0, false
	}
	return disk.Bavail * uint64(disk.Bsize), true
}
