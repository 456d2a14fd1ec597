//go:build linux || darwin

package migration

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// ownerOf returns the name of the user to whom a file belongs; "" if it is this user, or if there is no such file.
func ownerOf(name string) string {
	info, err := os.Lstat(name)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(stat.Uid) == os.Geteuid() {
		return ""
	}
	id := strconv.FormatUint(uint64(stat.Uid), 10)
	if owner, err := user.LookupId(id); err == nil {
		return owner.Username
	}
	return id
}

// isReadOnlyDisk reports whether nothing can be written on a disk.
func isReadOnlyDisk(err error) bool { return errors.Is(err, syscall.EROFS) }
