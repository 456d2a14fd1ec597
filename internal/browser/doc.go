// Package browser holds the tests of pages in a real browser, Chromium. They need two variables of the environment:
//
//	BROWSER   the program, such as /usr/bin/chromium
//	AXE       axe.min.js of axe-core, which finds barriers
//
// make browser sets both and runs them with the build tag browser; make screenshots writes the pictures of docs. Without
// the tag there is nothing here to build, so that make test needs neither.
package browser
