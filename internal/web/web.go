// Package web holds the parts of an HTTP client that kommo, greenapi and linkcheck share.
package web
