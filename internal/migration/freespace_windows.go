package migration

import (
	"syscall"
	"unsafe"
)

// freeSpace returns how many bytes this user can still write on the disk of folder, if the system reports it.
func freeSpace(folder string) (bytes uint64, known bool) {
	name, err := syscall.UTF16PtrFromString(folder)
	if err != nil {
		return 0, false
	}
	call := syscall.NewLazyDLL("kernel32.dll").NewProc("GetDiskFreeSpaceExW")
	ok, _, _ := call.Call(uintptr(unsafe.Pointer(name)), uintptr(unsafe.Pointer(&bytes)), 0, 0)
	return bytes, ok != 0
}
